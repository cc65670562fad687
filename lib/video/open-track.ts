import { EncodedPacketSink, type Input, type InputVideoTrack } from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { chooseTrack, type VideoTrackFacts } from './choose-track';
import { nameCodec } from './clip-facts';
import { codecStringCandidates } from './codec-string';
import { fourCcOf, listMatroskaTracks, type MatroskaTrack } from './matroska-tracks';
import { listMp4Boxes, type ReadBytes } from './mp4-boxes';
import {
  describeCutOff,
  describeNoVideo,
  describePacking,
  nameFourCc,
  namePacketCodec,
} from './track-refusals';
import { listTransportCodecs, TRANSPORT_HEAD_BYTES } from './transport-stream';

/** The video track of a file that is read. */
export interface OpenTrack {
  track: InputVideoTrack;
  /** All video tracks of the file, the one that is read among them. */
  tracks: VideoTrackFacts[];
  chosen: VideoTrackFacts;
}

/**
 * How long the second packet of a track is looked for. A moving track's lies near its first; for a title's a whole
 * Matroska file would be read.
 */
const SECOND_PACKET_TIMEOUT_MS = 5_000;

/**
 * Chooses the video track of a file, see `chooseTrack`, and repairs the decoder configuration that `getDecoderConfig`
 * answers with, see [Note: Codec strings from the bitstream].
 *
 * @param container as `ClipFacts` names it
 * @param wanted index of the track that a person chose; null for the page's choice
 * @throws FramesiftError `unreadable-video` or `unsupported-video` that says what the file holds instead
 */
export async function openTrack(
  input: Input,
  blob: Blob,
  container: string,
  wanted: number | null,
): Promise<OpenTrack> {
  const read: ReadBytes = async (offset, length) =>
    new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  const isMatroska = container === 'Matroska' || container === 'WebM';
  const matroska = isMatroska ? await listMatroskaTracks(read, blob.size).catch(() => []) : [];
  const found = await input.getVideoTracks();
  const tracks: VideoTrackFacts[] = [];
  for (const [index, track] of found.entries()) tracks.push(await readTrackFacts(track, index, matroska));
  const chosen = (wanted === null ? undefined : tracks[wanted]) ?? chooseTrack(tracks);
  const track = chosen && found[chosen.index];
  if (chosen && track) return { track, tracks, chosen };

  const packed = matroska.find(({ isVideo, packings }) => isVideo && packings.length > 0);
  if (packed && found.length === 0) {
    throw new FramesiftError('unsupported-video', describePacking(packed.packings));
  }
  const hasSound = (await input.getAudioTracks()).length > 0;
  if (tracks.length > 0) throw new FramesiftError('unsupported-video', describeNoVideo(hasSound, true));
  if (container === 'MPEG-TS') {
    const codecs = listTransportCodecs(await read(0, TRANSPORT_HEAD_BYTES));
    throw new FramesiftError('unsupported-video', describeNoVideo(hasSound, false, codecs));
  }
  const other = matroska.find(({ isVideo }) => isVideo);
  if (other)
    throw new FramesiftError('unsupported-video', describeNoVideo(hasSound, false, [nameMatroska(other)]));
  if (container === 'MP4' || container === 'QuickTime') {
    const { types, isWhole } = await listMp4Boxes(read, blob.size);
    const cutOff = describeCutOff(types, isWhole);
    if (cutOff !== null) throw new FramesiftError('unreadable-video', cutOff);
  }
  const hasCover = ((await input.getMetadataTags().catch(() => null))?.images?.length ?? 0) > 0;
  throw new FramesiftError('unreadable-video', describeNoVideo(hasSound, hasCover));
}

async function readTrackFacts(
  track: InputVideoTrack,
  index: number,
  matroska: readonly MatroskaTrack[],
): Promise<VideoTrackFacts> {
  const packets = new EncodedPacketSink(track);
  const first = await packets.getFirstPacket().catch(() => null);
  const isDecodable = await repairDecoderConfig(track, first?.data ?? null);
  const second =
    first &&
    (await withTimeout(
      packets.getNextPacket(first, { metadataOnly: true }),
      SECOND_PACKET_TIMEOUT_MS,
      'Looking for a second picture',
    ).catch(() => null));
  const inFile = matroska.find(({ number }) => number === track.id);
  const stated = await track.getCodec();
  const known = stated === null ? null : nameCodec(stated, null);
  const codec =
    known ??
    (inFile && nameByFourCc(inFile)) ??
    (first && namePacketCodec(first.data, second !== null)) ??
    nameCodec(null, await track.getInternalCodecId());
  return {
    index,
    codec,
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    isDecodable,
    moves: second !== null,
  };
}

/**
 * Asks the browser for each of the strings that the track's codec may be called by, and makes the first that it
 * decodes the one of `track.getDecoderConfig()`.
 *
 * @returns whether there is one
 */
async function repairDecoderConfig(track: InputVideoTrack, firstPacket: Uint8Array | null): Promise<boolean> {
  if (typeof VideoDecoder === 'undefined') return false;
  const stated = await track.getDecoderConfig().catch(() => null);
  if (!stated) return false;
  for (const codec of codecStringCandidates(stated, firstPacket)) {
    const config = { ...stated, codec };
    const isSupported = await VideoDecoder.isConfigSupported(config).then(
      ({ supported }) => supported === true,
      () => false,
    );
    if (!isSupported) continue;
    if (codec !== stated.codec) track.getDecoderConfig = () => Promise.resolve(config);
    return true;
  }
  return false;
}

function nameByFourCc(track: MatroskaTrack): string | null {
  const fourCc = fourCcOf(track);
  return fourCc === null ? null : nameFourCc(fourCc);
}

function nameMatroska(track: MatroskaTrack): string {
  return nameByFourCc(track) ?? nameCodec(null, track.codecId);
}
