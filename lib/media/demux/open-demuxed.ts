import type { VideoCodec } from 'mediabunny';
import { FramesiftError } from '@/lib/shared/errors';
import type { SequenceParameters } from '../bitstream/h264';
import { annexBUnits, joinNalUnits } from '../bitstream/nal-units';
import { nameFourcc } from '../fourcc-names';
import { FLV_CLOCK, unwrapTimestamps, type ClockReading } from '../unwrap-timestamps';
import { readAvi, type AviFile } from './avi';
import { ByteWindow } from './byte-window';
import { describeBreaks } from './describe-breaks';
import { avcUnits, codecStringOf, nameFlvCodec, readAvcRecord, type AvcRecord } from './decoder-config';
import type { Decoding, DemuxedClip } from './demuxed-clip';
import { FLV_AVC, FLV_HEVC, readFlv, type FlvCodec, type FlvFile } from './flv';
import { lostBetween } from './lost-places';
import { readJpegSize } from './jpeg';
import { commonStep, PacketTable, spansOf, type PacketColumns } from './packet-table';
import { PacketStartReader, rankByOrder, type PacketStart } from './picture-order';

const CUT_OFF = 'The file is damaged or cut off: what can be read is there.';

const NO_PICTURES =
  'The pictures of this clip are missing from the file. It looks cut off, as by an interrupted download or copy. Fetch the whole file and try again.';

/** Opens the video of an AVI or FLV file. Throws a FramesiftError where it has none. */
export async function openDemuxed(blob: Blob, container: 'AVI' | 'FLV'): Promise<DemuxedClip> {
  return container === 'AVI' ? openAvi(blob) : openFlv(blob);
}

async function readBytes(blob: Blob, position: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.slice(position, position + size).arrayBuffer());
}

/** What the file says about its video, without where its packets are. */
type TrackFacts = Pick<
  DemuxedClip,
  'container' | 'codec' | 'decoding' | 'width' | 'height' | 'hasAudio' | 'problem'
>;

/** Where a demuxer found packets, in the order of `times`, and where it knows that some are lost. */
interface Places {
  positions: readonly number[];
  lostPositions: readonly number[];
}

function toClip(
  facts: TrackFacts,
  times: PacketColumns,
  places: Places,
  readData: (index: number) => Promise<Uint8Array>,
): DemuxedClip {
  const { timestampsUs, durationsUs } = times;
  return {
    ...facts,
    startUs: timestampsUs.reduce((start, time) => Math.min(start, time), Infinity),
    endUs: timestampsUs.reduce((end, time, i) => Math.max(end, time + durationsUs[i]!), -Infinity),
    stepUs: timestampsUs.length < 2 ? null : commonStep(timestampsUs),
    packets: new PacketTable(times, readData),
    isDamagedBetween: lostBetween(timestampsUs, places.positions, places.lostPositions),
  };
}

function byWebCodecs(codec: VideoCodec, config: VideoDecoderConfig): Decoding {
  return { by: 'webcodecs', codec, config };
}

function configOf({ codecString, width, height }: SequenceParameters): VideoDecoderConfig {
  return { codec: codecString, codedWidth: width, codedHeight: height };
}

/* AVI */

async function openAvi(blob: Blob): Promise<DemuxedClip> {
  const file = await readAvi(blob);
  const video = file?.videos[0];
  if (!file || !video) {
    throw new FramesiftError(
      'unreadable-video',
      'No video track can be read in this AVI file. If a player shows pictures, convert it to MP4 (H.264), for example with HandBrake.',
    );
  }
  if (file.packets.positions.length === 0) throw new FramesiftError('unreadable-video', NO_PICTURES);
  const codec = nameFourcc(video.fourcc);
  const { width, height } = video;
  const facts = {
    container: 'AVI',
    codec,
    width,
    height,
    hasAudio: file.hasAudio,
    problem: file.isDamaged ? CUT_OFF : null,
  };
  const config = (name: string): VideoDecoderConfig => ({
    codec: name,
    codedWidth: width,
    codedHeight: height,
  });
  switch (codec) {
    case 'H.264':
      return openAviAvc(blob, file, facts);
    case 'Motion JPEG':
      return openAviJpeg(blob, file, facts);
    case 'VP8':
      return openAviIntact(
        blob,
        file,
        facts,
        byWebCodecs('vp8', config('vp8')),
        (start) => (start[0]! & 1) === 0,
      );
    case 'VP9':
      return openAviIntact(blob, file, facts, byWebCodecs('vp9', config('vp09.00.10.08')), isVp9Key);
    case 'AV1':
      return openAviIntact(blob, file, facts, byWebCodecs('av1', config('av01.0.08M.08')), isAv1Key);
    default:
      return openAviIntact(blob, file, facts, null, () => true);
  }
}

type AviFacts = Omit<TrackFacts, 'decoding'>;

function aviTimes(file: AviFile, slots: readonly number[], isKey: readonly boolean[]): PacketColumns {
  const { slotUs } = file.videos[0]!;
  const timestampsUs = slots.map((slot) => Math.round(slot * slotUs));
  const lastSlot = slots.reduce((a, b) => Math.max(a, b), 0);
  // Empty chunks at the end go on showing the last picture.
  const lastUs = Math.round((file.packets.slotCount - lastSlot) * slotUs);
  return { timestampsUs, durationsUs: spansOf(timestampsUs, lastUs), isKey };
}

const aviPlaces = ({ packets: { positions }, lostPositions }: AviFile): Places => ({
  positions,
  lostPositions,
});

const readAviPacket =
  (blob: Blob, { packets }: AviFile) =>
  (index: number) =>
    readBytes(blob, packets.positions[index]!, packets.sizes[index]!);

/** A packet's first bytes say whether decoding can begin with it; pictures are shown as they are decoded. */
async function openAviIntact(
  blob: Blob,
  file: AviFile,
  facts: AviFacts,
  decoding: Decoding | null,
  isKeyStart: (start: Uint8Array) => boolean,
): Promise<DemuxedClip> {
  const { positions, sizes, slots } = file.packets;
  const isKey: boolean[] = [];
  if (decoding) {
    const window = new ByteWindow(blob);
    for (let i = 0; i < positions.length; i++) {
      isKey.push(isKeyStart(await window.read(positions[i]!, Math.min(sizes[i]!, 16))));
    }
  } else {
    for (const size of sizes) isKey.push(size > 0);
  }
  return toClip(
    { ...facts, decoding },
    aviTimes(file, slots, isKey),
    aviPlaces(file),
    readAviPacket(blob, file),
  );
}

/** `frame_type` of the uncompressed header, VP9 specification 6.2; profile 3 has a bit more. */
function isVp9Key(start: Uint8Array): boolean {
  const first = start[0]!;
  if (first >> 6 !== 2) return false;
  const profile = ((first >> 5) & 1) + ((first >> 4) & 1) * 2;
  const rest = profile === 3 ? first >> 1 : first >> 2;
  return (rest & 3) === 0;
}

/** Whether an AV1 sequence header (obu_type 1) stands in front, behind the temporal delimiter. */
function isAv1Key(start: Uint8Array): boolean {
  for (let at = 0; at < start.length;) {
    const type = (start[at]! >> 3) & 15;
    if (type === 1) return true;
    if (type !== 2) return false;
    at += 2;
  }
  return false;
}

/** Most of what stands before a picture's first slice; x264 writes its settings there once, some 700 bytes. */
const AVC_START_BYTES = 2048;

async function openAviAvc(blob: Blob, file: AviFile, facts: AviFacts): Promise<DemuxedClip> {
  const video = file.videos[0]!;
  const { positions, sizes, slots } = file.packets;
  const record = readAvcRecord(video.extraData);
  const reader = new PacketStartReader();
  reader.read(record?.parameterSets ?? annexBUnits(video.extraData));
  const window = new ByteWindow(blob);
  const starts: PacketStart[] = [];
  for (let i = 0; i < positions.length; i++) {
    const bytes = await window.read(positions[i]!, Math.min(sizes[i]!, AVC_START_BYTES));
    starts.push(reader.read(record ? avcUnits(bytes, record) : annexBUnits(bytes)));
  }
  const { sequence } = reader;
  if (!sequence) {
    throw new FramesiftError(
      'unreadable-video',
      'This AVI file says that it holds H.264, but no description of its pictures was found in it. Convert it to MP4 (H.264), for example with HandBrake.',
    );
  }
  // A picture's own slot is when it is decoded; shown is it in the slot of its rank.
  const ranks = sequence.mayReorder ? rankByOrder(starts, reader.orderModulus) : slots.map((_, i) => i);
  const shownSlots = ranks.map((rank) => slots[rank]!);
  const isKey = starts.map((start) => start.isIdr || start.isRecoveryPoint);
  const readPacket = readAviPacket(blob, file);
  const toStream = record ? annexBWriter(record) : (data: Uint8Array) => data;
  return toClip(
    { ...facts, decoding: byWebCodecs('avc', configOf(sequence)) },
    aviTimes(file, shownSlots, isKey),
    aviPlaces(file),
    async (index) => toStream(await readPacket(index), isKey[index]!),
  );
}

/** Turns packets whose units are led by lengths into Annex B, with the parameter sets before key pictures. */
function annexBWriter(record: AvcRecord): (data: Uint8Array, isKey: boolean) => Uint8Array {
  return (data, isKey) => {
    const units = avcUnits(data, record);
    return joinNalUnits(isKey ? [...record.parameterSets, ...units] : units, null);
  };
}

async function openAviJpeg(blob: Blob, file: AviFile, facts: AviFacts): Promise<DemuxedClip> {
  const video = file.videos[0]!;
  const { slots } = file.packets;
  const readPacket = readAviPacket(blob, file);
  const first = readJpegSize(await readPacket(0));
  // A packet of two fields holds two pictures of half the height.
  const isField = first !== null && video.height >= first.height * 1.5;
  const { width, height } = first && !isField ? first : video;
  return toClip(
    { ...facts, width, height, decoding: { by: 'jpeg', width, height } },
    aviTimes(
      file,
      slots,
      slots.map(() => true),
    ),
    aviPlaces(file),
    readPacket,
  );
}

/* FLV */

async function openFlv(blob: Blob): Promise<DemuxedClip> {
  const file = await readFlv(blob);
  if (!file) {
    throw new FramesiftError(
      'unreadable-video',
      'This FLV file has no video track: it holds sound alone, or is cut off before its first picture.',
    );
  }
  if (file.packets.length === 0) throw new FramesiftError('unreadable-video', NO_PICTURES);
  const { shown, breaks } = unwrapTimestamps(
    file.packets.map(({ decodeMs, showMs, isKey }): ClockReading => ({ dts: decodeMs, pts: showMs, isKey })),
    FLV_CLOCK,
  );
  const kept = file.packets.map((_, i) => i).filter((i) => !Number.isNaN(shown[i]!));
  const packets = kept.map((i) => file.packets[i]!);
  const timestampsUs = kept.map((i) => Math.round(shown[i]! * 1000));
  const times = {
    timestampsUs,
    durationsUs: spansOf(timestampsUs),
    isKey: packets.map(({ isKey }) => isKey),
  };
  const problems = [file.isDamaged ? CUT_OFF : null, describeBreaks(breaks)].filter((one) => one !== null);
  const { decoding, toStream } = describeFlvTrack(file);
  const config = decoding?.by === 'webcodecs' ? decoding.config : null;
  const facts = {
    container: 'FLV',
    codec: nameFlvCodec(file.codec),
    decoding,
    width: config?.codedWidth ?? file.width,
    height: config?.codedHeight ?? file.height,
    hasAudio: file.hasAudio,
    problem: problems.length > 0 ? problems.join(' ') : null,
  };
  const places = { positions: packets.map(({ position }) => position), lostPositions: file.lostPositions };
  return toClip(facts, times, places, async (index) => {
    const packet = packets[index]!;
    return toStream(await readBytes(blob, packet.position, packet.size), packet);
  });
}

interface FlvTrack {
  decoding: Decoding | null;
  toStream: (data: Uint8Array, packet: { isKey: boolean; configuration: number }) => Uint8Array;
}

/** The codecs besides H.264 that browsers may decode, by FLV's names. */
const FLV_DECODABLE = new Map<FlvCodec, 'hevc' | 'av1' | 'vp9'>([
  [FLV_HEVC, 'hevc'],
  ['hvc1', 'hevc'],
  ['av01', 'av1'],
  ['vp09', 'vp9'],
]);

/** FLV says a picture's size in its metadata, if at all. A decoder takes it from the stream. */
const UNKNOWN_SIZE = { codedWidth: 1280, codedHeight: 720 };

function describeFlvTrack({ codec, configurations, width, height }: FlvFile): FlvTrack {
  const asIs = (data: Uint8Array): Uint8Array => data;
  const undecodable: FlvTrack = { decoding: null, toStream: asIs };
  if (codec === FLV_AVC || codec === 'avc1') return describeFlvAvc(configurations) ?? undecodable;
  const kind = FLV_DECODABLE.get(codec);
  const record = configurations[0];
  const codecString = kind && record ? codecStringOf(kind, record) : null;
  if (!kind || !record || !codecString) return undecodable;
  const size = width > 0 && height > 0 ? { codedWidth: width, codedHeight: height } : UNKNOWN_SIZE;
  const description = kind === 'vp9' ? {} : { description: record };
  return { decoding: byWebCodecs(kind, { codec: codecString, ...size, ...description }), toStream: asIs };
}

/** In Annex B, which may change its parameter sets on the way, as an FLV file may. */
function describeFlvAvc(configurations: readonly Uint8Array[]): FlvTrack | null {
  const records = configurations.map(readAvcRecord);
  const first = records.find((record) => record !== null);
  const reader = new PacketStartReader();
  if (first) reader.read(first.parameterSets);
  const { sequence } = reader;
  if (!first || !sequence) return null;
  const writers = records.map((record) => annexBWriter(record ?? first));
  return {
    decoding: byWebCodecs('avc', configOf(sequence)),
    toStream: (data, { isKey, configuration }) => (writers[configuration] ?? writers[0]!)(data, isKey),
  };
}
