import { joinNalUnits, nalCodecOf, nalSizeLength, nalUnits } from './bitstream/nal-units';
import { readAvcRecord, type AvcRecord } from './demux/decoder-config';
import { boxesIn, findBox, findTrack, readBoxHead, type Box } from './mp4-boxes';
import type { PacketSource, VideoPacket } from './packet-source';

/*
 * [Note: Several sample descriptions]
 *
 * A track of an MP4 may be joined from recordings that were encoded in different ways. Its `stsd` then has a description
 * for each, and `stsc` says for every chunk which one its samples follow (ISO/IEC 14496-12, 8.5.2 and 8.7.4). mediabunny
 * 1.61.0 gives the decoder the last description for all of them. Parameter sets may also stand among the pictures
 * (ITU-T H.264, 7.4.1.2.1), so each key packet is led by those of its own description.
 */

/** A description's sample entry before its own boxes: a VisualSampleEntry, 12.1.3. */
const VISUAL_ENTRY_BYTES = 78;

/** More descriptions than any editor writes. */
const MAX_DESCRIPTIONS = 1_000;

/** Chunks that follow the same description. */
const STSC_BYTES = 12;

export interface SampleDescriptions {
  records: readonly AvcRecord[];
  /** Runs of samples under one description, by rising `firstSample`. */
  runs: readonly { firstSample: number; description: number }[];
}

/** The descriptions of an H.264 track of several; null for a track of one, of other codecs, in fragments, or damaged. */
export function readSampleDescriptions(view: DataView, trackId: number): SampleDescriptions | null {
  const trak = findTrack(view, trackId);
  if (!trak) return null;
  try {
    const table = findBox(view, trak, 'mdia', 'minf', 'stbl');
    const stsd = table && findBox(view, table, 'stsd');
    const stsc = table && findBox(view, table, 'stsc');
    if (!stsd || !stsc) return null;
    const records = readRecords(view, stsd);
    const runs = readRuns(view, stsc);
    if (!records || runs.length < 2) return null;
    return runs.every(({ description }) => records[description]) ? { records, runs } : null;
  } catch (error) {
    // A box that ends before its contents do.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readRecords(view: DataView, stsd: Box): AvcRecord[] | null {
  const count = view.getUint32(stsd.start + 4);
  if (count < 2 || count > MAX_DESCRIPTIONS) return null;
  const records: AvcRecord[] = [];
  let at = stsd.start + 8;
  for (let i = 0; i < count; i++) {
    const entry = readBoxHead(view, at, stsd.end);
    if (!entry) return null;
    const own = [...boxesIn(view, entry.start + VISUAL_ENTRY_BYTES, entry.end)];
    const avcC = own.find(({ type }) => type === 'avcC');
    const record =
      avcC && readAvcRecord(new Uint8Array(view.buffer, view.byteOffset + avcC.start, avcC.end - avcC.start));
    if (!record) return null;
    records.push(record);
    at = entry.end;
  }
  return records;
}

function readRuns(view: DataView, stsc: Box): { firstSample: number; description: number }[] {
  const count = Math.min(
    view.getUint32(stsc.start + 4),
    Math.floor((stsc.end - stsc.start - 8) / STSC_BYTES),
  );
  const runs: { firstSample: number; description: number }[] = [];
  let sample = 0;
  for (let i = 0; i < count; i++) {
    const at = stsc.start + 8 + i * STSC_BYTES;
    const description = view.getUint32(at + 8) - 1;
    if (runs.at(-1)?.description !== description) runs.push({ firstSample: sample, description });
    if (i + 1 < count) {
      const chunks = view.getUint32(at + STSC_BYTES) - view.getUint32(at);
      sample += chunks * view.getUint32(at + 4);
    }
  }
  return runs;
}

/** The record of a sample, by its place in the track. */
function recordOf({ records, runs }: SampleDescriptions, sample: number): AvcRecord {
  return records[runs.findLast(({ firstSample }) => firstSample <= sample)!.description]!;
}

/** A packet as it can be decoded under any of the descriptions. */
export function withOwnParameters(
  packet: VideoPacket,
  config: VideoDecoderConfig,
  descriptions: SampleDescriptions,
): VideoPacket {
  const { lengthBytes, parameterSets } = recordOf(descriptions, packet.sequence);
  const sizeLength = nalSizeLength('avc', config);
  if (!packet.isKey && sizeLength === lengthBytes) return packet;
  const units = [...nalUnits(packet.data, lengthBytes)];
  return { ...packet, data: joinNalUnits(packet.isKey ? [...parameterSets, ...units] : units, sizeLength) };
}

/** The packets of a track of several descriptions. */
class DescribedPackets implements PacketSource {
  readonly #source: PacketSource;
  readonly #config: VideoDecoderConfig;
  readonly #descriptions: SampleDescriptions;
  readonly #own = new WeakMap<VideoPacket, VideoPacket>();

  constructor(source: PacketSource, config: VideoDecoderConfig, descriptions: SampleDescriptions) {
    this.#source = source;
    this.#config = config;
    this.#descriptions = descriptions;
  }

  firstPacket = async (): Promise<VideoPacket | null> => this.#describe(await this.#source.firstPacket());

  keyPacketAt = async (timestampUs: number): Promise<VideoPacket | null> =>
    this.#describe(await this.#source.keyPacketAt(timestampUs));

  nextPacket = async (packet: VideoPacket): Promise<VideoPacket | null> =>
    this.#describe(await this.#source.nextPacket(this.#own.get(packet) ?? packet));

  keyTimesUs(): AsyncIterable<number> {
    return this.#source.keyTimesUs();
  }

  close = (): void => this.#source.close();

  #describe(packet: VideoPacket | null): VideoPacket | null {
    if (!packet) return null;
    const described = withOwnParameters(packet, this.#config, this.#descriptions);
    this.#own.set(described, packet);
    return described;
  }
}

/** The packets of an MP4's track, in the order that `source` gives them, decodable under the track's one configuration. */
export function describedPackets(
  source: PacketSource,
  moov: DataView,
  trackId: number,
  config: VideoDecoderConfig | null,
): PacketSource {
  if (!config || nalCodecOf(config.codec) !== 'avc') return source;
  const descriptions = readSampleDescriptions(moov, trackId);
  return descriptions ? new DescribedPackets(source, config, descriptions) : source;
}
