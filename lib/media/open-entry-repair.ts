import { BitWriter } from './bitstream/bits';
import { AVC_IDR, AVC_SLICE, type MarkingOperation, type SliceHeader } from './bitstream/h264';
import {
  avcType,
  joinNalUnits,
  nalCodecOf,
  nalSizeLength,
  nalUnits,
  withEmulationPrevention,
  withoutEmulationPrevention,
} from './bitstream/nal-units';
import type { VideoPacket } from './packet-source';
import { ParameterSets, type Slice } from './parameter-sets';

/*
 * [Note: Marks on pictures that were never decoded]
 *
 * A picture of H.264 may say which earlier pictures nothing will refer to any more (memory management control
 * operations, ITU-T H.264, 8.2.5.4). After a recovery point, the first of them name pictures before it. Chromium's
 * software decoder (FFmpeg, told to stop at errors) fills its buffer with stand-ins for pictures whose numbers are
 * skipped. It finds some of the named ones missing, or the buffer too full without the marks, and ends with "Decoding
 * error", although the pictures themselves refer to nothing before the recovery point. So the decoder's buffer is
 * counted along here. Operations that name pictures before the entry are taken out of the headers of slices, and the
 * oldest stand-in leaves where a picture needs its place.
 */

/** Operations of table 7-9 that name a picture, and how. */
const UNMARK_SHORT = 1;
const UNMARK_LONG = 2;
const SHORT_TO_LONG = 3;
const FORGET_ALL = 5;
const KEEP_LONG = 6;

/** Packets from an entry on that is no IDR picture, see [Note: Marks on pictures that were never decoded]. */
export class OpenEntryRepair {
  readonly #sizeLength: number | null;
  readonly #sets: ParameterSets;
  /** Short-term reference pictures in the decoder's buffer, the oldest first. */
  #shortTerm: { frameNum: number; isBeforeEntry: boolean }[] = [];
  readonly #longTerm = new Set<number>();
  /** frame_num of the last reference picture. */
  #previous: number | null = null;

  constructor(config: VideoDecoderConfig) {
    this.#sizeLength = nalSizeLength('avc', config);
    this.#sets = new ParameterSets(config);
  }

  /** Null for codecs that need none. */
  static for(config: VideoDecoderConfig): OpenEntryRepair | null {
    return nalCodecOf(config.codec) === 'avc' ? new OpenEntryRepair(config) : null;
  }

  /** The next packet in decode order, as it is to be decoded: the same object where nothing has to change. */
  repair(packet: VideoPacket): VideoPacket {
    let isChanged = false;
    let header: SliceHeader | null = null;
    let kept: MarkingOperation[] | null = null;
    const units: Uint8Array[] = [];
    for (const unit of nalUnits(packet.data, this.#sizeLength)) {
      const type = avcType(unit);
      this.#sets.take(unit);
      if (type !== AVC_SLICE && type !== AVC_IDR) {
        units.push(unit);
        continue;
      }
      const slice = this.#sets.readSlice(unit);
      // All slices of a picture carry the same operations.
      if (slice && !header) {
        header = slice.header;
        kept = this.#takePicture(slice);
      }
      const operations = slice?.header.marking?.operations;
      if (slice && operations && kept && !isSame(kept, operations)) {
        units.push(withMarking(slice, kept));
        isChanged = true;
      } else {
        units.push(unit);
      }
    }
    return isChanged ? { ...packet, data: joinNalUnits(units, this.#sizeLength) } : packet;
  }

  /** Notes a picture, and answers with which operations it can be decoded; null where it has none. */
  #takePicture({ header, sequence }: Slice): MarkingOperation[] | null {
    const { frameNum, isIdr, isReference, marking } = header;
    const modulus = 2 ** sequence.frameNumBits;
    // Of as many as there are numbers, one would have the number of the picture itself.
    const places = Math.min(Math.max(1, sequence.maxReferences), modulus - 1);
    const room = places - 1;
    if (isIdr) this.#forgetAll();
    else this.#fillGap(frameNum, modulus, places);
    if (!isReference) return null;
    this.#previous = frameNum;
    const kept =
      marking?.operations?.filter((operation) => this.#apply(operation, frameNum, modulus)) ?? null;
    if (kept && kept.length > 0) {
      const oldest = this.#shortTerm.find(({ isBeforeEntry }) => isBeforeEntry);
      if (oldest && this.#shortTerm.length + this.#longTerm.size > room) {
        this.#shortTerm.splice(this.#shortTerm.indexOf(oldest), 1);
        const back = (frameNum - oldest.frameNum + modulus) % modulus;
        kept.unshift({ operation: UNMARK_SHORT, operands: [back - 1] });
      }
    } else {
      this.#slide(room);
    }
    if (kept?.some(({ operation }) => operation === FORGET_ALL)) this.#previous = 0;
    if (!kept?.some(({ operation }) => operation === KEEP_LONG)) {
      this.#shortTerm.push({ frameNum: this.#previous, isBeforeEntry: false });
    }
    return kept;
  }

  /** What the decoder puts in place of pictures whose numbers were skipped, and of those before the entry. */
  #fillGap(frameNum: number, modulus: number, most: number): void {
    const isBeforeEntry = this.#previous === null;
    const gap = isBeforeEntry ? most : ((frameNum - this.#previous! + modulus) % modulus) - 1;
    for (let back = Math.min(gap, most); back >= 1; back--) {
      this.#slide(most - 1);
      this.#shortTerm.push({ frameNum: (frameNum - back + modulus) % modulus, isBeforeEntry });
    }
  }

  /** Sliding window, 8.2.5.3. */
  #slide(room: number): void {
    while (this.#shortTerm.length > 0 && this.#shortTerm.length + this.#longTerm.size > room) {
      this.#shortTerm.shift();
    }
  }

  #forgetAll(): void {
    this.#shortTerm = [];
    this.#longTerm.clear();
  }

  /** Carries an operation out. False where the picture that it names was never decoded. */
  #apply({ operation, operands }: MarkingOperation, frameNum: number, modulus: number): boolean {
    if (operation === UNMARK_SHORT || operation === SHORT_TO_LONG) {
      const named = (frameNum - (operands[0]! + 1) + modulus) % modulus;
      const at = this.#shortTerm.findIndex((one) => one.frameNum === named && !one.isBeforeEntry);
      if (at === -1) return false;
      this.#shortTerm.splice(at, 1);
      if (operation === SHORT_TO_LONG) this.#longTerm.add(operands[1]!);
    } else if (operation === UNMARK_LONG) {
      return this.#longTerm.delete(operands[0]!);
    } else if (operation === KEEP_LONG) {
      this.#longTerm.add(operands[0]!);
    } else if (operation === FORGET_ALL) {
      this.#forgetAll();
    }
    return true;
  }
}

/** A slice that carries these operations in place of its own. */
function withMarking({ unit, header, isCabac }: Slice, operations: readonly MarkingOperation[]): Uint8Array {
  const { from, until } = header.marking!;
  const bytes = withoutEmulationPrevention(unit);
  const bits = new BitWriter();
  bits.copy(bytes, 0, from);
  bits.write(operations.length > 0 ? 1 : 0, 1);
  for (const { operation, operands } of operations) {
    bits.writeUnsigned(operation);
    for (const operand of operands) bits.writeUnsigned(operand);
  }
  if (operations.length > 0) bits.writeUnsigned(0);
  if (!isCabac) {
    // CAVLC data follow at once; the unit ends with a bit that is 1.
    bits.copy(bytes, until, bytes.length * 8);
    return withEmulationPrevention(withoutTrailingZeros(bits.toBytes()));
  }
  bits.copy(bytes, until, header.end);
  bits.align(1);
  const head = bits.toBytes();
  const data = bytes.subarray(Math.ceil(header.end / 8));
  const joined = new Uint8Array(head.length + data.length);
  joined.set(head);
  joined.set(data, head.length);
  return withEmulationPrevention(joined);
}

/** Where none is kept, references leave by their age. */
function isSame(kept: readonly MarkingOperation[], operations: readonly MarkingOperation[]): boolean {
  return (
    kept.length > 0 && kept.length === operations.length && kept.every((one, i) => one === operations[i])
  );
}

function withoutTrailingZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}
