import type { VideoTrackFacts } from '@/lib/ports/media';
import { EncodedPacketSink, type Input, type InputVideoTrack } from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { readSequence } from './bitstream/h264';
import { chooseTrack } from './choose-track';
import { nameCodec } from './clip-facts';
import { codecStringCandidates, findSequence, toBytes } from './codec-string';
import { canDecodeJpeg, isMovingJpeg } from './jpeg-decoder';
import { fourCcOf, listMatroskaTracks, type MatroskaTrack } from './matroska-tracks';
import { listMp4Boxes, type ReadBytes } from './mp4-boxes';
import {
  describeCutOff,
  describeNoVideo,
  describePacking,
  nameFourCc,
  namePacketCodec,
} from './track-refusals';
import { listTransportCodecs, TRANSPORT_HEAD_BYTES } from './demux/transport-codecs';

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
  const { isDecodable, aspect } = await repairDecoderConfig(track, first?.data ?? null);
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
    ...(await uprightSizeOf(track, aspect)),
    isDecodable: isDecodable || (isMovingJpeg(codec, first?.data) && canDecodeJpeg()),
    moves: second !== null,
  };
}

interface Size {
  width: number;
  height: number;
}

/** @param aspect size in square pixels before rotation, where the bitstream knows it and the container does not */
async function uprightSizeOf(track: InputVideoTrack, aspect: Size | null): Promise<Size> {
  if (!aspect) return { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() };
  const { width, height } = aspect;
  return (await track.getRotation()) % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** The size in square pixels that H.264's own header tells, where it has other pixels than the container says. */
function aspectOfBitstream(config: VideoDecoderConfig, firstPacket: Uint8Array | null): Size | null {
  const { codedWidth = 0, codedHeight = 0 } = config;
  if (!config.codec.startsWith('avc') || config.displayAspectWidth !== undefined) return null;
  const unit = findSequence(toBytes(config.description), firstPacket);
  const aspect = unit ? (readSequence(unit)?.pixelAspect ?? 1) : 1;
  if (aspect === 1 || !(codedWidth > 0 && codedHeight > 0)) return null;
  // Pixels are stretched, never squeezed, so that none are lost.
  return aspect > 1
    ? { width: Math.round(codedWidth * aspect), height: codedHeight }
    : { width: codedWidth, height: Math.round(codedHeight / aspect) };
}

/**
 * Asks the browser for each of the strings that the track's codec may be called by, and makes the first that it
 * decodes the one of `track.getDecoderConfig()`. Pixels that are not square are told to the decoder, too.
 */
async function repairDecoderConfig(
  track: InputVideoTrack,
  firstPacket: Uint8Array | null,
): Promise<{ isDecodable: boolean; aspect: Size | null }> {
  const stated = await track.getDecoderConfig().catch(() => null);
  if (!stated) return { isDecodable: false, aspect: null };
  const aspect = aspectOfBitstream(stated, firstPacket);
  if (typeof VideoDecoder === 'undefined') return { isDecodable: false, aspect };
  const displayAspect = aspect && {
    displayAspectWidth: aspect.width,
    displayAspectHeight: aspect.height,
  };
  for (const codec of codecStringCandidates(stated, firstPacket)) {
    const config = { ...stated, ...displayAspect, codec };
    const isSupported = await VideoDecoder.isConfigSupported(config).then(
      ({ supported }) => supported === true,
      () => false,
    );
    if (!isSupported) continue;
    if (codec !== stated.codec || aspect) track.getDecoderConfig = () => Promise.resolve(config);
    return { isDecodable: true, aspect };
  }
  return { isDecodable: false, aspect };
}

function nameByFourCc(track: MatroskaTrack): string | null {
  const fourCc = fourCcOf(track);
  return fourCc === null ? null : nameFourCc(fourCc);
}

function nameMatroska(track: MatroskaTrack): string {
  return nameByFourCc(track) ?? nameCodec(null, track.codecId);
}
