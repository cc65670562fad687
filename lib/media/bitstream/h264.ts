import { BitReader } from './bits';
import { withoutEmulationPrevention } from './nal-units';

/*
 * What the bitstream of H.264 says: parameter sets, headers of slices, recovery points. Section numbers are of ITU-T
 * H.264.
 */

/** nal_unit_type, table 7-1. */
export const AVC_SLICE = 1;
export const AVC_PARTITION_A = 2;
export const AVC_IDR = 5;
export const AVC_SEI = 6;
export const AVC_SEQUENCE = 7;
export const AVC_PICTURE = 8;

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
  /** Macroblocks of 16 × 16 pixels in a frame. */
  macroblocks: number;
  /** chroma_format_idc: 1 is 4:2:0. */
  chromaFormat: number;
  frameNumBits: number;
  orderType: number;
  orderBits: number;
  isFrameOnly: boolean;
  hasSeparatePlanes: boolean;
  /** ChromaArrayType is 0: pictures have no colour of their own, or each plane is coded alone. */
  isPlaneAlone: boolean;
  /** max_num_ref_frames: how many pictures a decoder keeps for others to refer to. */
  maxReferences: number;
  /** delta_pic_order_always_zero_flag. */
  hasNoOrderDeltas: boolean;
  /** Whether pictures may be shown in another order than they are decoded in. */
  mayReorder: boolean;
}

/** Profiles that state their chroma format, 7.3.2.1.1. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Reads a sequence parameter set, or null where it is damaged. */
export function readSequence(unit: Uint8Array): SequenceParameters | null {
  const bits = new BitReader(withoutEmulationPrevention(unit));
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
  let hasNoOrderDeltas = true;
  if (orderType === 0) {
    orderBits = bits.unsigned() + 4;
  } else if (orderType === 1) {
    hasNoOrderDeltas = bits.flag();
    bits.signed();
    bits.signed();
    const cycle = bits.unsigned();
    for (let i = 0; i < cycle && i < 256; i++) bits.signed();
  }
  const maxReferences = bits.unsigned();
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
    macroblocks: widthInBlocks * heightInUnits * (isFrameOnly ? 1 : 2),
    chromaFormat,
    frameNumBits,
    orderType,
    orderBits,
    isFrameOnly,
    hasSeparatePlanes,
    isPlaneAlone: chromaFormat === 0 || hasSeparatePlanes,
    maxReferences,
    hasNoOrderDeltas,
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

/** Of a picture parameter set, 7.3.2.2. */
export interface PictureParameters {
  id: number;
  sequenceId: number;
  /** Entropy coding is CABAC, not CAVLC. */
  isCabac: boolean;
  /** bottom_field_pic_order_in_frame_present_flag. */
  hasBottomOrder: boolean;
  /** Slice groups scatter a slice's macroblocks over the picture (baseline only). */
  hasSliceGroups: boolean;
  /** num_ref_idx_default_active_minus1 + 1 of both lists. */
  references: readonly [number, number];
  isWeighted: boolean;
  /** weighted_bipred_idc. */
  bidirectionalWeights: number;
  hasDeblockingControl: boolean;
  hasRedundantPictures: boolean;
}

/** Reads a picture parameter set, or null where it is damaged. */
export function readPictureParameters(unit: Uint8Array): PictureParameters | null {
  const bits = new BitReader(withoutEmulationPrevention(unit));
  bits.skip(8);
  const id = bits.unsigned();
  const sequenceId = bits.unsigned();
  const isCabac = bits.flag();
  const hasBottomOrder = bits.flag();
  const hasSliceGroups = bits.unsigned() > 0;
  // What follows lies behind the groups' description, which nobody here needs.
  const references = hasSliceGroups
    ? ([1, 1] as const)
    : ([bits.unsigned() + 1, bits.unsigned() + 1] as const);
  const isWeighted = bits.flag();
  const bidirectionalWeights = bits.read(2);
  bits.signed();
  bits.signed();
  bits.signed();
  const hasDeblockingControl = bits.flag();
  bits.skip(1);
  const hasRedundantPictures = bits.flag();
  if (!bits.isInside) return null;
  return {
    id,
    sequenceId,
    isCabac,
    hasBottomOrder,
    hasSliceGroups,
    references,
    isWeighted,
    bidirectionalWeights,
    hasDeblockingControl,
    hasRedundantPictures,
  };
}

/** A memory_management_control_operation with what follows it, 7.3.3.3. */
export interface MarkingOperation {
  operation: number;
  operands: readonly number[];
}

/** Of a slice of a frame, 7.3.3. Positions are bits of the unit without emulation prevention. */
export interface SliceHeader {
  frameNum: number;
  isIdr: boolean;
  isReference: boolean;
  /** pic_order_cnt_lsb; 0 where pictures are ordered another way. */
  orderLsb: number;
  /** dec_ref_pic_marking; null in pictures that nothing refers to, and in IDR pictures. */
  marking: {
    from: number;
    until: number;
    /** Null where references leave by their age alone (sliding window, 8.2.5.3). */
    operations: MarkingOperation[] | null;
  } | null;
  /** Where the header ends. */
  end: number;
}

/** Slice types, table 7-6, modulo 5. */
const P_SLICE = 0;
const B_SLICE = 1;
const SP_SLICE = 3;
const SI_SLICE = 4;

/** A list of references holds 32 at most (fields of 16 frames). */
const MOST_REFERENCES = 32;

/**
 * Reads the header of a slice.
 *
 * @param unit without emulation prevention; its first 200 bytes hold every header
 * @returns null for fields, for slice groups, for types of slices that only streaming servers made, and for damage
 */
export function readSliceHeader(
  unit: Uint8Array,
  sequence: SequenceParameters,
  picture: PictureParameters,
): SliceHeader | null {
  if (picture.hasSliceGroups) return null;
  const bits = new BitReader(unit);
  bits.skip(1);
  const isReference = bits.read(2) !== 0;
  const isIdr = bits.read(5) === AVC_IDR;
  bits.unsigned();
  const type = bits.unsigned() % 5;
  if (type === SP_SLICE || type === SI_SLICE) return null;
  bits.unsigned();
  if (sequence.hasSeparatePlanes) bits.skip(2);
  const frameNum = bits.read(sequence.frameNumBits);
  if (!sequence.isFrameOnly && bits.flag()) return null;
  if (isIdr) bits.unsigned();
  let orderLsb = 0;
  if (sequence.orderType === 0) {
    orderLsb = bits.read(sequence.orderBits);
    if (picture.hasBottomOrder) bits.signed();
  } else if (sequence.orderType === 1 && !sequence.hasNoOrderDeltas) {
    bits.signed();
    if (picture.hasBottomOrder) bits.signed();
  }
  if (picture.hasRedundantPictures) bits.unsigned();
  if (type === B_SLICE) bits.skip(1);
  const lists = type === P_SLICE ? 1 : type === B_SLICE ? 2 : 0;
  const references = [...picture.references];
  if (lists > 0 && bits.flag()) {
    for (let list = 0; list < lists; list++) references[list] = bits.unsigned() + 1;
  }
  if (references.some((count) => count > MOST_REFERENCES)) return null;
  for (let list = 0; list < lists; list++) if (bits.flag()) skipListModification(bits);
  const isWeighted =
    (type === P_SLICE && picture.isWeighted) || (type === B_SLICE && picture.bidirectionalWeights === 1);
  if (isWeighted) skipWeights(bits, references.slice(0, lists), sequence.isPlaneAlone);
  let marking: SliceHeader['marking'] = null;
  if (isReference && isIdr) bits.skip(2);
  else if (isReference) marking = readMarking(bits);
  if (picture.isCabac && lists > 0) bits.unsigned();
  bits.signed();
  if (picture.hasDeblockingControl && bits.unsigned() !== 1) {
    bits.signed();
    bits.signed();
  }
  return bits.isInside ? { frameNum, isIdr, isReference, orderLsb, marking, end: bits.position } : null;
}

/** ref_pic_list_modification of one list, 7.3.3.1. */
function skipListModification(bits: BitReader): void {
  const END = 3;
  while (bits.isInside && bits.unsigned() !== END) bits.unsigned();
}

/** pred_weight_table, 7.3.3.2. */
function skipWeights(bits: BitReader, references: readonly number[], isPlaneAlone: boolean): void {
  bits.unsigned();
  if (!isPlaneAlone) bits.unsigned();
  for (const count of references) {
    for (let i = 0; i < count; i++) {
      if (bits.flag()) for (let n = 0; n < 2; n++) bits.signed();
      if (!isPlaneAlone && bits.flag()) for (let n = 0; n < 4; n++) bits.signed();
    }
  }
}

/** How many numbers follow each memory_management_control_operation, table 7-9. */
const OPERANDS = [0, 1, 1, 2, 1, 0, 1];

function readMarking(bits: BitReader): NonNullable<SliceHeader['marking']> {
  const from = bits.position;
  if (!bits.flag()) return { from, until: bits.position, operations: null };
  const operations: MarkingOperation[] = [];
  for (let operation = bits.unsigned(); operation !== 0 && bits.isInside; operation = bits.unsigned()) {
    operations.push({
      operation,
      operands: Array.from({ length: OPERANDS[operation] ?? 0 }, () => bits.unsigned()),
    });
  }
  return { from, until: bits.position, operations };
}

/** payloadType of a recovery point, D.1. */
const RECOVERY_POINT = 6;

/** `recovery_frame_cnt` of a recovery point (D.1.8); null where the SEI unit holds none. */
export function readRecoveryPoint(unit: Uint8Array): number | null {
  const bytes = withoutEmulationPrevention(unit);
  let at = 1;
  const readSum = (): number => {
    let sum = 0;
    while (bytes[at] === 0xff) {
      sum += 255;
      at += 1;
    }
    sum += bytes[at] ?? 0;
    at += 1;
    return sum;
  };
  // Two bytes are the least that a message has; the last byte is the stop bit.
  while (at + 2 < bytes.length) {
    const type = readSum();
    const size = readSum();
    if (type === RECOVERY_POINT) return new BitReader(bytes.subarray(at, at + size)).unsigned();
    at += size;
  }
  return null;
}
