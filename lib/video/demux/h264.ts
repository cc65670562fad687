import { BitReader } from './bits';

/**
 * What the bitstream of H.264 says where a container does not: the size of the picture (sequence parameter set),
 * which packets decoding can begin with, and the order in which pictures are shown. AVI and
 * transport streams carry the stream in the format of Annex B; section numbers are of ITU-T H.264.
 */

/** nal_unit_type, table 7-1. */
const SLICE = 1;
const PARTITION_A = 2;
const IDR_SLICE = 5;
const SEI = 6;
const SEQUENCE = 7;
const PICTURE = 8;

/** payloadType of a recovery point in supplemental enhancement information, D.1. */
const RECOVERY_POINT = 6;

/** A NAL unit without its start code; `bytes` is a view. */
export interface NalUnit {
  type: number;
  bytes: Uint8Array;
}

/** The NAL units of a stream in the format of Annex B. */
export function* annexBUnits(data: Uint8Array): Generator<NalUnit, void, undefined> {
  let start = findStartCode(data, 0);
  while (start < data.length) {
    const begin = start + 3;
    const next = findStartCode(data, begin);
    const first = data[begin];
    // A unit ends with a bit that is 1: zeros behind it belong to the next start code.
    let end = next;
    while (end > begin && data[end - 1] === 0) end -= 1;
    if (first !== undefined && end > begin) yield { type: first & 0x1f, bytes: data.subarray(begin, end) };
    start = next;
  }
}

/** The NAL units of a packet in which each is led by its length. Stops at a length that the packet does not hold. */
export function* lengthPrefixedUnits(
  data: Uint8Array,
  lengthBytes: number,
): Generator<NalUnit, void, undefined> {
  for (let position = 0; position + lengthBytes < data.length;) {
    let length = 0;
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + data[position + i]!;
    position += lengthBytes;
    if (length > data.length - position) return;
    if (length > 0) {
      yield { type: data[position]! & 0x1f, bytes: data.subarray(position, position + length) };
    }
    position += length;
  }
}

/** Joins NAL units to a packet in the format of Annex B. */
export function toAnnexB(units: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(units.reduce((sum, unit) => sum + unit.length + 4, 0));
  let position = 0;
  for (const unit of units) {
    joined[position + 3] = 1;
    joined.set(unit, position + 4);
    position += unit.length + 4;
  }
  return joined;
}

/** Position of the next 00 00 01 at or after `from`, or the length of `data`. */
function findStartCode(data: Uint8Array, from: number): number {
  for (let i = from + 2; i < data.length;) {
    const byte = data[i]!;
    if (byte > 1) i += 3;
    else if (byte === 0) i += 1;
    else if (data[i - 1] === 0 && data[i - 2] === 0) return i - 2;
    else i += 3;
  }
  return data.length;
}

/** Without the bytes that keep start codes out of the data, 7.4.1. */
function unescape(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    plain[length] = byte;
    length += 1;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return plain.subarray(0, length);
}

/** Of a sequence parameter set, 7.3.2.1.1 and E.1.1. */
export interface SequenceParameters {
  id: number;
  /** "avc1.64001f". */
  codecString: string;
  /** Of the visible picture in stored pixels. */
  width: number;
  height: number;
  /** Width of a pixel divided by its height. */
  pixelAspect: number;
  frameNumBits: number;
  orderType: number;
  orderBits: number;
  isFrameOnly: boolean;
  hasSeparatePlanes: boolean;
  /** Whether pictures may be shown in another order than they are decoded in. */
  mayReorder: boolean;
}

/** Profiles that state their chroma format, 7.3.2.1.1. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Reads a sequence parameter set, or null where it is damaged. */
export function readSequence(unit: Uint8Array): SequenceParameters | null {
  const data = unescape(unit);
  const bits = new BitReader(data);
  bits.skip(8);
  const profile = bits.read(8);
  const constraints = bits.read(8);
  const level = bits.read(8);
  const id = bits.unsigned();
  let chromaFormat = 1;
  let hasSeparatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chromaFormat = bits.unsigned();
    if (chromaFormat === 3) hasSeparatePlanes = bits.flag();
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
    if (bits.flag()) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  }
  const frameNumBits = bits.unsigned() + 4;
  const orderType = bits.unsigned();
  let orderBits = 0;
  if (orderType === 0) {
    orderBits = bits.unsigned() + 4;
  } else if (orderType === 1) {
    bits.skip(1);
    bits.signed();
    bits.signed();
    const cycle = bits.unsigned();
    for (let i = 0; i < cycle && i < 256; i++) bits.signed();
  }
  bits.unsigned();
  bits.skip(1);
  const widthInBlocks = bits.unsigned() + 1;
  const heightInUnits = bits.unsigned() + 1;
  const isFrameOnly = bits.flag();
  if (!isFrameOnly) bits.skip(1);
  bits.skip(1);
  let [left, right, top, bottom] = [0, 0, 0, 0];
  if (bits.flag()) {
    [left, right] = [bits.unsigned(), bits.unsigned()];
    [top, bottom] = [bits.unsigned(), bits.unsigned()];
  }
  const cropX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const cropY = (chromaFormat === 1 ? 2 : 1) * (isFrameOnly ? 1 : 2);
  const width = widthInBlocks * 16 - cropX * (left + right);
  const height = heightInUnits * 16 * (isFrameOnly ? 1 : 2) - cropY * (top + bottom);
  if (!bits.isInside || !(width > 0) || !(height > 0)) return null;
  const hasUsability = bits.flag();
  const pixelAspect = hasUsability ? readPixelAspect(bits) : 1;
  const reorderedFrames = hasUsability ? readReorderedFrames(bits) : null;
  const hex = [profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return {
    id,
    codecString: `avc1.${hex}`,
    width,
    height,
    pixelAspect,
    frameNumBits,
    orderType,
    orderBits,
    isFrameOnly,
    hasSeparatePlanes,
    // Baseline has no B slices; order type 2 is the order of decoding.
    mayReorder: orderType !== 2 && profile !== 66 && reorderedFrames !== 0,
  };
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (!bits.flag()) continue;
    let last = 8;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** Table E-1, from aspect_ratio_idc 1 on. */
const PIXEL_ASPECTS = [
  1, 12 / 11, 10 / 11, 16 / 11, 40 / 33, 24 / 11, 20 / 11, 32 / 11, 80 / 33, 18 / 11, 15 / 11, 64 / 33, 160 / 99,
  4 / 3, 3 / 2, 2,
]; // prettier-ignore

/** The beginning of video usability information, E.1.1; 1 where it is not said. */
function readPixelAspect(bits: BitReader): number {
  const ASPECT_IN_NUMBERS = 255;
  if (!bits.flag()) return 1;
  const index = bits.read(8);
  if (index !== ASPECT_IN_NUMBERS) return PIXEL_ASPECTS[index - 1] ?? 1;
  const [across, down] = [bits.read(16), bits.read(16)];
  return across > 0 && down > 0 ? across / down : 1;
}

/** max_num_reorder_frames of video usability information behind the aspect, E.1.1; null where it is not said. */
function readReorderedFrames(bits: BitReader): number | null {
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.unsigned();
    bits.unsigned();
  }
  if (bits.flag()) bits.skip(65);
  const hasNetworkTiming = bits.flag();
  if (hasNetworkTiming) skipTimingModel(bits);
  const hasVideoTiming = bits.flag();
  if (hasVideoTiming) skipTimingModel(bits);
  if (hasNetworkTiming || hasVideoTiming) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return null;
  bits.skip(1);
  for (let i = 0; i < 4; i++) bits.unsigned();
  const reordered = bits.unsigned();
  return bits.isInside ? reordered : null;
}

function skipTimingModel(bits: BitReader): void {
  const count = bits.unsigned() + 1;
  bits.skip(8);
  for (let i = 0; i < count && i < 32; i++) {
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
  }
  bits.skip(20);
}

/** What a packet's first slice and the units before it say. */
export interface PacketStart {
  /** The picture is an IDR picture: everything after it can be decoded without what was before. */
  isIdr: boolean;
  /** Decoding can begin here, if with pictures before it in time that cannot be shown. */
  isRecoveryPoint: boolean;
  /** Other pictures may refer to this one. */
  isReference: boolean;
  /** Low bits of the place in the order of showing, 8.2.1; null where the stream does not number it so. */
  orderLow: number | null;
  /** The picture has a sequence parameter set in front of it. */
  hasSequence: boolean;
  /** Whether a picture was found at all. */
  hasPicture: boolean;
}

/**
 * Reads the beginnings of packets in the order of decoding, keeping the parameter sets that apply. Only the
 * front of a packet is looked at, up to the header of its first slice.
 */
export class PacketStartReader {
  readonly #sequences = new Map<number, SequenceParameters>();
  readonly #sequenceOfPicture = new Map<number, number>();
  #first: SequenceParameters | null = null;

  /** The stream's first sequence parameter set. */
  get sequence(): SequenceParameters | null {
    return this.#first;
  }

  /** The order numbers' modulus, 8.2.1.1, of the first sequence. */
  get orderModulus(): number {
    return 2 ** (this.#first?.orderBits ?? 4);
  }

  read(units: Iterable<NalUnit>): PacketStart {
    const start: PacketStart = {
      isIdr: false,
      isRecoveryPoint: false,
      isReference: false,
      orderLow: null,
      hasSequence: false,
      hasPicture: false,
    };
    for (const { type, bytes } of units) {
      if (type === SEQUENCE) {
        const sequence = readSequence(bytes);
        if (!sequence) continue;
        this.#sequences.set(sequence.id, sequence);
        this.#first ??= sequence;
        start.hasSequence = true;
      } else if (type === PICTURE) {
        const bits = new BitReader(unescape(bytes.subarray(1, 16)));
        const id = bits.unsigned();
        this.#sequenceOfPicture.set(id, bits.unsigned());
      } else if (type === SEI) {
        if (hasRecoveryPoint(bytes)) start.isRecoveryPoint = true;
      } else if (type === SLICE || type === PARTITION_A || type === IDR_SLICE) {
        start.hasPicture = true;
        start.isIdr = type === IDR_SLICE;
        start.isReference = (bytes[0]! & 0x60) !== 0;
        start.orderLow = this.#readOrder(bytes, start.isIdr);
        break;
      }
    }
    return start;
  }

  /** pic_order_cnt_lsb of a slice header, 7.3.3. */
  #readOrder(unit: Uint8Array, isIdr: boolean): number | null {
    const bits = new BitReader(unescape(unit.subarray(1, 40)));
    bits.unsigned();
    bits.unsigned();
    const picture = bits.unsigned();
    const sequence = this.#sequences.get(this.#sequenceOfPicture.get(picture) ?? 0) ?? this.#first;
    if (sequence?.orderType !== 0) return null;
    if (sequence.hasSeparatePlanes) bits.skip(2);
    bits.skip(sequence.frameNumBits);
    if (!sequence.isFrameOnly && bits.flag()) bits.skip(1);
    if (isIdr) bits.unsigned();
    return bits.read(sequence.orderBits);
  }
}

/** Whether one of the messages of an SEI unit, 7.3.2.3.1, is a recovery point. */
function hasRecoveryPoint(unit: Uint8Array): boolean {
  const message = unescape(unit);
  let position = 1;
  const readCount = (): number => {
    let count = 0;
    while (message[position] === 0xff) {
      count += 255;
      position += 1;
    }
    count += message[position] ?? 0;
    position += 1;
    return count;
  };
  // Two bytes are the least that a message has; the last byte is the stop bit.
  while (position + 2 < message.length) {
    if (readCount() === RECOVERY_POINT) return true;
    const size = readCount();
    position += size;
  }
  return false;
}

/**
 * The place of every picture in the order of showing, from 0, where a container keeps the order of decoding
 * alone: within what lies between two IDR pictures, pictures are shown by rising order number (8.2.1).
 *
 * @param starts of all packets, in decoding order
 * @returns the rank of each packet, in the same order
 */
export function rankByOrder(
  starts: readonly Pick<PacketStart, 'isIdr' | 'isReference' | 'orderLow'>[],
  modulus: number,
): number[] {
  const ranks = new Array<number>(starts.length);
  let groupStart = 0;
  for (let end = 1; end <= starts.length; end++) {
    if (end < starts.length && !starts[end]!.isIdr) continue;
    rankGroup(starts, groupStart, end, modulus, ranks);
    groupStart = end;
  }
  return ranks;
}

function rankGroup(
  starts: readonly Pick<PacketStart, 'isIdr' | 'isReference' | 'orderLow'>[],
  from: number,
  to: number,
  modulus: number,
  ranks: number[],
): void {
  const places: { index: number; order: number }[] = [];
  let previous = 0;
  let isNumbered = true;
  for (let index = from; index < to; index++) {
    const low = starts[index]!.orderLow;
    if (low === null) {
      isNumbered = false;
      break;
    }
    // Low bits count on from the reference picture before and wrap at their modulus, 8.2.1.1.
    let order = previous - (((previous % modulus) + modulus) % modulus) + low;
    if (order - previous > modulus / 2) order -= modulus;
    else if (previous - order >= modulus / 2) order += modulus;
    places.push({ index, order });
    if (starts[index]!.isReference) previous = order;
  }
  if (!isNumbered) {
    for (let index = from; index < to; index++) ranks[index] = index;
    return;
  }
  places.sort((a, b) => a.order - b.order || a.index - b.index);
  places.forEach(({ index }, place) => (ranks[index] = from + place));
}
