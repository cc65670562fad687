import { BitReader } from './bitstream/bits';
import { AVC_IDR, AVC_SEI, AVC_SLICE, readRecoveryPoint } from './bitstream/h264';
import {
  avcType,
  nalCodecOf,
  nalSizeLength,
  nalUnits,
  withoutEmulationPrevention,
} from './bitstream/nal-units';
import type { PacketSource, VideoPacket } from './packet-source';

/*
 * [Note: Where decoding may begin]
 *
 * A container's key frame need not be an IDR picture. H.264 and HEVC have pictures from which decoding may begin
 * although later packets refer to pictures before them: recovery points and CRA pictures. Packets that follow such a
 * picture in decode order and precede it in time cannot be decoded then; given to a decoder, they spoil it (Chromium
 * gave 0 frames of a broadcast that began so). They are left out. After gradual refresh (a recovery point with a frame
 * count) the pictures before the count is reached are incomplete, and decoding begins there only where nothing better
 * precedes. Some streams have neither flags nor an index: then the pictures themselves are asked.
 *
 * Not every decoder goes on from every such picture: Chromium 156 without hardware ends with "Decoding error" at the
 * first P picture after some recovery points of x264. Such an entry is left out, and decoding begins at the one before
 * it or, at the beginning of a recording, at the one after it.
 */

/** How decoding may begin at a packet. */
export type Entry =
  /** Nothing after it refers to what is before it. */
  | { kind: 'clean' }
  /** Packets after it that precede it in time refer to what is before it. */
  | { kind: 'open' }
  /** Complete pictures begin so many pictures later, those that nothing refers to left out. */
  | { kind: 'gradual'; pictures: number }
  | { kind: 'none' };

/** How many packets are looked at for an entry in a stream without one by the container's word. */
const MAX_SCANNED_PACKETS = 2_000;

/** How decoding may begin at a packet of a track with this decoder configuration. Codecs without NAL units: see `isKey`. */
export function readEntry(packet: VideoPacket, config: VideoDecoderConfig): Entry {
  const codec = nalCodecOf(config.codec);
  if (codec === null) return { kind: packet.isKey ? 'clean' : 'none' };
  const units = nalUnits(packet.data, nalSizeLength(codec, config));
  return codec === 'avc' ? readAvcEntry(units) : readHevcEntry(units);
}

function readAvcEntry(units: Iterable<Uint8Array>): Entry {
  let recovery: number | null = null;
  for (const unit of units) {
    const type = avcType(unit);
    if (type === AVC_IDR) return { kind: 'clean' };
    if (type === AVC_SEI) recovery ??= readRecoveryPoint(unit);
    if (type >= AVC_SLICE && type < AVC_IDR) break;
  }
  if (recovery === null) return { kind: 'none' };
  return recovery === 0 ? { kind: 'open' } : { kind: 'gradual', pictures: recovery };
}

const HEVC_BLA_FIRST = 16;
const HEVC_IDR_FIRST = 19;
const HEVC_CRA = 21;

function readHevcEntry(units: Iterable<Uint8Array>): Entry {
  for (const unit of units) {
    const type = ((unit[0] ?? 0) >> 1) & 0x3f;
    if (type >= 32) continue;
    if (type >= HEVC_IDR_FIRST && type < HEVC_CRA) return { kind: 'clean' };
    return { kind: type >= HEVC_BLA_FIRST && type <= HEVC_CRA ? 'open' : 'none' };
  }
  return { kind: 'none' };
}

/** Whether other pictures refer to a packet's. H.264 only. */
function isReference(packet: VideoPacket, config: VideoDecoderConfig): boolean {
  for (const unit of nalUnits(packet.data, nalSizeLength('avc', config))) {
    const type = avcType(unit);
    if (type >= AVC_SLICE && type <= AVC_IDR) return (unit[0]! & 0x60) !== 0;
  }
  return false;
}

/** Whether a packet holds a B slice, which is shown before one that is decoded earlier. H.264 only. */
export function hasBSlice(packet: VideoPacket, config: VideoDecoderConfig): boolean {
  if (nalCodecOf(config.codec) !== 'avc') return false;
  for (const unit of nalUnits(packet.data, nalSizeLength('avc', config))) {
    const type = avcType(unit);
    if (type !== AVC_SLICE && type !== AVC_IDR) continue;
    const bits = new BitReader(withoutEmulationPrevention(unit.subarray(1, 16)));
    bits.unsigned(); // first_mb_in_slice
    return bits.unsigned() % 5 === 1;
  }
  return false;
}

/** Whether a decoder gives a picture for a packet. VP8 and VP9 have pictures that are only referred to. */
export function isShown(packet: VideoPacket, config: VideoDecoderConfig): boolean {
  const { data } = packet;
  const first = data[0];
  if (first === undefined) return false;
  if (config.codec === 'vp8') return ((first >> 4) & 1) === 1;
  if (config.codec.startsWith('vp09')) {
    // The last frame of a superframe is shown.
    if ((data.at(-1)! & 0xe0) === 0xc0) return true;
    const isProfile3 = (first & 0x30) === 0x30;
    const bits = isProfile3 ? first & 0x07 : (first >> 1) & 0x07;
    // show_existing_frame, frame_type, show_frame
    return (bits & 0b100) !== 0 || (bits & 0b001) !== 0;
  }
  return true;
}

/** A packet from which decoding may begin. */
export interface EntryPoint {
  packet: VideoPacket;
  entry: Entry;
  /** Pictures that come on from this time on are whole. */
  wholeFromUs: number;
}

/** An entry whose pictures are whole from the first on. */
function wholeEntry(packet: VideoPacket, entry: Entry): EntryPoint {
  return { packet, entry, wholeFromUs: -Infinity };
}

/** Where decoding of a track may begin, see [Note: Where decoding may begin]. */
export class EntryPoints {
  readonly #source: PacketSource;
  readonly #config: VideoDecoderConfig;
  /** By key packet from which decoding may not begin: the entry before it. */
  readonly #before = new Map<number, EntryPoint>();
  /** Entries right after which a decoder failed. */
  readonly #useless = new Set<number>();
  #first: Promise<EntryPoint | null> | null = null;

  constructor(source: PacketSource, config: VideoDecoderConfig) {
    this.#source = source;
    this.#config = config;
  }

  /** The first one of the track; null where there is none. */
  first(): Promise<EntryPoint | null> {
    return (this.#first ??= this.#findFirst());
  }

  /** The last one at or before a time; the track's first where none is. Null where there is none at all. */
  async at(timestampUs: number): Promise<EntryPoint | null> {
    const passed: number[] = [];
    let found: EntryPoint | null = null;
    let atUs = timestampUs;
    for (;;) {
      const packet = await this.#source.keyPacketAt(atUs);
      if (!packet) break;
      found = this.#before.get(packet.sequence) ?? null;
      if (found) break;
      const entry = this.#read(packet);
      if (entry.kind === 'clean' || entry.kind === 'open') {
        found = wholeEntry(packet, entry);
        break;
      }
      if (packet.timestampUs > atUs || passed.includes(packet.sequence)) break;
      passed.push(packet.sequence);
      atUs = packet.timestampUs - 1;
    }
    found ??= await this.first();
    if (found) for (const sequence of passed) this.#before.set(sequence, found);
    return found;
  }

  /** The one before another; null for the first. */
  async before({ packet }: EntryPoint): Promise<EntryPoint | null> {
    const found = await this.at(packet.timestampUs - 1);
    return found && found.packet.sequence < packet.sequence ? found : null;
  }

  /** Leaves out an entry right after which a decoder failed. False for one that nothing can be wrong with. */
  leaveOut({ packet, entry }: EntryPoint): boolean {
    if (entry.kind === 'clean' || this.#useless.has(packet.sequence)) return false;
    this.#useless.add(packet.sequence);
    this.#before.clear();
    this.#first = null;
    return true;
  }

  #read(packet: VideoPacket): Entry {
    return this.#useless.has(packet.sequence) ? { kind: 'none' } : readEntry(packet, this.#config);
  }

  async #findFirst(): Promise<EntryPoint | null> {
    let flagged: EntryPoint | null = null;
    let gradual: EntryPoint | null = null;
    let packet = await this.#source.firstPacket();
    for (let scanned = 0; packet && scanned < MAX_SCANNED_PACKETS; scanned++) {
      const entry = this.#read(packet);
      if (entry.kind === 'clean' || entry.kind === 'open') {
        return wholeEntry(packet, entry);
      }
      if (entry.kind === 'gradual' && !gradual) {
        const wholeFromUs = await this.#wholeAfter(packet, entry.pictures);
        if (wholeFromUs !== null) gradual = { packet, entry, wholeFromUs };
      }
      // A container may know better than a stream that says nothing: an I picture without a recovery point.
      if (packet.isKey && entry.kind === 'none' && !this.#useless.has(packet.sequence))
        flagged ??= wholeEntry(packet, { kind: 'open' });
      packet = await this.#source.nextPacket(packet);
    }
    if (gradual ?? flagged) return gradual ?? flagged;
    // A longer stream may have one that only its index knows.
    const key = packet && (await this.#source.keyPacketAt(packet.timestampUs));
    return key?.isKey && !this.#useless.has(key.sequence) ? wholeEntry(key, { kind: 'open' }) : null;
  }

  /** When the picture comes on that is so many after this one; null where the track ends before. */
  async #wholeAfter(entry: VideoPacket, pictures: number): Promise<number | null> {
    let packet: VideoPacket | null = entry;
    // recovery_frame_cnt counts frame_num, which rises with each picture that others refer to (D.2.8).
    for (let passed = 0; packet; packet = await this.#source.nextPacket(packet)) {
      if (passed === pictures) return packet.timestampUs;
      if (isReference(packet, this.#config)) passed += 1;
    }
    return null;
  }
}
