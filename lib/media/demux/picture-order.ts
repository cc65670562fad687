import { BitReader } from '../bitstream/bits';
import {
  AVC_IDR,
  AVC_PARTITION_A,
  AVC_PICTURE,
  AVC_SEI,
  AVC_SEQUENCE,
  AVC_SLICE,
  readPictureParameters,
  readRecoveryPoint,
  readSequence,
  type SequenceParameters,
} from '../bitstream/h264';
import { avcType, withoutEmulationPrevention } from '../bitstream/nal-units';

/*
 * The order in which the pictures of H.264 are shown, and which packets decoding can begin with, where a container
 * says neither. Section numbers are of ITU-T H.264.
 */

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

  read(units: Iterable<Uint8Array>): PacketStart {
    const start: PacketStart = {
      isIdr: false,
      isRecoveryPoint: false,
      isReference: false,
      orderLow: null,
      hasSequence: false,
      hasPicture: false,
    };
    for (const bytes of units) {
      const type = avcType(bytes);
      if (type === AVC_SEQUENCE) {
        const sequence = readSequence(bytes);
        if (!sequence) continue;
        this.#sequences.set(sequence.id, sequence);
        this.#first ??= sequence;
        start.hasSequence = true;
      } else if (type === AVC_PICTURE) {
        const picture = readPictureParameters(bytes);
        if (picture) this.#sequenceOfPicture.set(picture.id, picture.sequenceId);
      } else if (type === AVC_SEI) {
        if (readRecoveryPoint(bytes) !== null) start.isRecoveryPoint = true;
      } else if (type === AVC_SLICE || type === AVC_PARTITION_A || type === AVC_IDR) {
        start.hasPicture = true;
        start.isIdr = type === AVC_IDR;
        start.isReference = (bytes[0]! & 0x60) !== 0;
        start.orderLow = this.#readOrder(bytes, start.isIdr);
        break;
      }
    }
    return start;
  }

  /** pic_order_cnt_lsb of a slice header, 7.3.3. */
  #readOrder(unit: Uint8Array, isIdr: boolean): number | null {
    const bits = new BitReader(withoutEmulationPrevention(unit.subarray(1, 40)));
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
