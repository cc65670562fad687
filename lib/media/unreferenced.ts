import { BitReader } from './bitstream/bits';
import { AVC_SEQUENCE, readSequence } from './bitstream/h264';
import { descriptionBytes, nalCodecOf, nalSizeLength, nalUnits, type NalCodec } from './bitstream/nal-units';
import { findSequence } from './codec-string';
import type { VideoPacket } from './packet-source';

/*
 * [Note: Pictures that nothing refers to]
 *
 * Every codec has pictures that no other picture is predicted from; encoders make half of the B pictures so. A decoder
 * that is not given them gives the others unchanged, so they are decoded only where they are wanted (decision 037).
 * FFmpeg calls this `-skip_frame nonref`.
 *
 * A picture must leave nothing behind at all. In H.264 one field of a frame may refer to the other, so only streams of
 * whole frames count. In HEVC a picture of a lower temporal layer may be one that nothing of its own layer refers to. In
 * VP9 a frame hands on its probabilities and motion although it refreshes no reference, unless the next frame begins
 * anew. AV1 keeps all of that in references. VP8 says it inside its arithmetic code, which is not read here.
 */

/** Tells pictures that may be left out. Packets are shown to it in decode order, all of them. */
export interface UnreferencedPictures {
  /**
   * Whether no other picture needs this one: it is shown, and decoding goes on without it.
   * @param next the packet that follows in decode order
   */
  isUnreferenced: (packet: VideoPacket, next: VideoPacket | null) => boolean;
}

const NONE: UnreferencedPictures = { isUnreferenced: () => false };

/** For one pass over a track with this decoder configuration. */
export function unreferencedPictures(config: VideoDecoderConfig): UnreferencedPictures {
  const codec = nalCodecOf(config.codec);
  if (codec === 'avc') return avcPictures(config);
  if (codec === 'hevc') return hevcPictures(config);
  if (config.codec.startsWith('vp09')) return { isUnreferenced: isUnreferencedVp9 };
  if (config.codec.startsWith('av01')) return av1Pictures(config);
  return NONE;
}

// # H.264

const AVC_LAST_SLICE = 5;
/** Units that change nothing for later pictures: SEI, delimiters, filler. */
const AVC_HARMLESS = new Set([6, 9, 12]);

function avcPictures(config: VideoDecoderConfig): UnreferencedPictures {
  const stated = findSequence(descriptionBytes(config), null);
  let isFrameOnly = stated === null ? null : (readSequence(stated)?.isFrameOnly ?? false);
  const sizeLength = nalSizeLength('avc', config);
  return {
    isUnreferenced: ({ data }) => {
      const picture = readAvcPicture(nalUnits(data, sizeLength));
      for (const sequence of picture.sequences) {
        isFrameOnly = (isFrameOnly ?? true) && (readSequence(sequence)?.isFrameOnly ?? false);
      }
      return isFrameOnly === true && picture.isUnreferenced;
    },
  };
}

/** What the units of a packet say: `nal_ref_idc` of all its slices (ITU-T H.264, 7.4.1), and its parameter sets. */
export function readAvcPicture(units: Iterable<Uint8Array>): {
  isUnreferenced: boolean;
  sequences: Uint8Array[];
} {
  const sequences: Uint8Array[] = [];
  let slices = 0;
  let isUnreferenced = true;
  for (const unit of units) {
    const first = unit[0];
    if (first === undefined) continue;
    const type = first & 0x1f;
    if (type >= 1 && type <= AVC_LAST_SLICE) {
      slices += 1;
      if ((first & 0x60) !== 0) isUnreferenced = false;
    } else if (!AVC_HARMLESS.has(type)) {
      isUnreferenced = false;
      if (type === AVC_SEQUENCE) sequences.push(unit);
    }
  }
  return { isUnreferenced: isUnreferenced && slices > 0, sequences };
}

// # HEVC

/** `numTemporalLayers` of the configuration record (ISO/IEC 14496-15, 8.3.3.1); 0 where it does not say. */
function temporalLayers(codec: NalCodec, config: VideoDecoderConfig): number {
  const byte = codec === 'hevc' ? descriptionBytes(config)?.[21] : undefined;
  return byte === undefined ? 0 : (byte >> 3) & 7;
}

function hevcPictures(config: VideoDecoderConfig): UnreferencedPictures {
  const layers = temporalLayers('hevc', config);
  if (layers === 0) return NONE;
  const sizeLength = nalSizeLength('hevc', config);
  return { isUnreferenced: ({ data }) => isUnreferencedHevc(nalUnits(data, sizeLength), layers) };
}

const HEVC_FIRST_REFERENCE_ONLY = 16;
const HEVC_FIRST_OTHER = 32;
/** Units that change nothing for later pictures: delimiters, filler, SEI. */
const HEVC_HARMLESS = new Set([35, 38, 39, 40]);

/**
 * Whether all slices of a packet are of sub-layer non-reference pictures (ITU-T H.265, 7.4.2.2) of the highest of the
 * stream's temporal layers.
 */
export function isUnreferencedHevc(units: Iterable<Uint8Array>, layers: number): boolean {
  let slices = 0;
  for (const unit of units) {
    if (unit.length < 2) continue;
    const type = (unit[0]! >> 1) & 0x3f;
    const temporalId = (unit[1]! & 7) - 1;
    if (type < HEVC_FIRST_OTHER) {
      const isReference = type >= HEVC_FIRST_REFERENCE_ONLY || type % 2 === 1;
      if (isReference || temporalId !== layers - 1) return false;
      slices += 1;
    } else if (!HEVC_HARMLESS.has(type)) {
      return false;
    }
  }
  return slices > 0;
}

// # VP9

/** What is read of an uncompressed header (VP9 bitstream specification, 6.2). */
interface Vp9Header {
  isShown: boolean;
  /** Nothing of the frames before it counts but references. */
  beginsAnew: boolean;
  /** Null where it is not read. */
  refreshes: number | null;
}

/** Null for a superframe, for a frame shown again and for what is no frame. */
function readVp9Header({ data }: VideoPacket): Vp9Header | null {
  const isSuperframe = (data.at(-1)! & 0xe0) === 0xc0;
  if (data.length === 0 || isSuperframe) return null;
  const bits = new BitReader(data);
  if (bits.read(2) !== 2) return null;
  const profile = bits.read(1) + 2 * bits.read(1);
  if (profile === 3) bits.read(1);
  const showsExisting = bits.read(1) === 1;
  if (showsExisting) return null;
  const isKey = bits.read(1) === 0;
  const isShown = bits.read(1) === 1;
  const isErrorResilient = bits.read(1) === 1;
  if (isKey) return { isShown, beginsAnew: true, refreshes: null };
  const isIntraOnly = !isShown && bits.read(1) === 1;
  if (!isErrorResilient) bits.read(2);
  if (isIntraOnly) return { isShown, beginsAnew: true, refreshes: null };
  const refreshes = bits.read(8);
  return bits.isInside ? { isShown, beginsAnew: isErrorResilient, refreshes } : null;
}

/** Whether a frame refreshes nothing and the next one takes nothing over that is not a reference. */
export function isUnreferencedVp9(packet: VideoPacket, next: VideoPacket | null): boolean {
  const header = readVp9Header(packet);
  if (packet.alpha || !header?.isShown || header.refreshes !== 0 || !next) return false;
  return readVp9Header(next)?.beginsAnew === true;
}

// # AV1

/** What of a sequence header (AV1 specification, 5.5) a frame header is read with. */
export interface Av1Sequence {
  orderHintBits: number;
  /** Whether each frame says that it uses tools for screen content, or what all do. */
  screenContent: 'frame' | boolean;
  /** Whether each frame with such tools says that its motion is whole. */
  isMotionOfFrame: boolean;
}

const AV1_SEQUENCE_HEADER = 1;
const AV1_FRAME_HEADER = 3;
const AV1_FRAME = 6;

/** The units of a temporal unit (5.3). */
function* av1Units(data: Uint8Array): Generator<{ type: number; payload: Uint8Array }, void> {
  for (let at = 0; at < data.length;) {
    const head = data[at]!;
    at += (head & 4) === 0 ? 1 : 2;
    let size = data.length - at;
    if ((head & 2) !== 0) {
      size = 0;
      for (let shift = 0; shift < 56; shift += 7) {
        const byte = data[at] ?? 0;
        at += 1;
        size += (byte & 127) * 2 ** shift;
        if (byte < 128) break;
      }
    }
    yield { type: (head >> 3) & 15, payload: data.subarray(at, at + size) };
    at += size;
  }
}

/** Null for a stream of one still picture, with timing for a decoder's model, or with numbered frames. */
export function readAv1Sequence(payload: Uint8Array): Av1Sequence | null {
  const bits = new BitReader(payload);
  bits.read(4);
  const isReduced = bits.read(1) === 1;
  if (isReduced) return null;
  const hasTiming = bits.read(1) === 1;
  if (hasTiming) {
    bits.read(32);
    bits.read(32);
    if (bits.read(1) === 1) bits.unsigned();
    const hasDecoderModel = bits.read(1) === 1;
    if (hasDecoderModel) return null;
  }
  const hasDelay = bits.read(1) === 1;
  const points = bits.read(5) + 1;
  for (let point = 0; point < points; point += 1) {
    bits.read(12);
    if (bits.read(5) > 7) bits.read(1);
    if (hasDelay && bits.read(1) === 1) bits.read(4);
  }
  const widthBits = bits.read(4) + 1;
  const heightBits = bits.read(4) + 1;
  bits.read(widthBits);
  bits.read(heightBits);
  const hasFrameNumbers = bits.read(1) === 1;
  if (hasFrameNumbers) return null;
  bits.read(7);
  const hasOrderHint = bits.read(1) === 1;
  if (hasOrderHint) bits.read(2);
  const isScreenContentOfFrame = bits.read(1) === 1;
  const screenContent = isScreenContentOfFrame ? 'frame' : bits.read(1) === 1;
  const isMotionOfFrame = screenContent !== false && bits.read(1) === 1;
  if (screenContent !== false && !isMotionOfFrame) bits.read(1);
  const orderHintBits = hasOrderHint ? bits.read(3) + 1 : 0;
  return bits.isInside ? { orderHintBits, screenContent, isMotionOfFrame } : null;
}

const AV1_INTER_FRAME = 1;

/** Whether a frame header (5.9.2) is of a shown inter frame that refreshes no reference. */
function isUnreferencedAv1Frame(payload: Uint8Array, sequence: Av1Sequence): boolean {
  const bits = new BitReader(payload);
  const showsExisting = bits.read(1) === 1;
  const frameType = bits.read(2);
  const isShown = bits.read(1) === 1;
  if (showsExisting || frameType !== AV1_INTER_FRAME || !isShown) return false;
  const isErrorResilient = bits.read(1) === 1;
  bits.read(1); // disable_cdf_update
  const { screenContent } = sequence;
  const usesScreenContent = screenContent === 'frame' ? bits.read(1) === 1 : screenContent;
  if (usesScreenContent && sequence.isMotionOfFrame) bits.read(1);
  bits.read(1); // frame_size_override_flag
  bits.read(sequence.orderHintBits);
  if (!isErrorResilient) bits.read(3); // primary_ref_frame
  return bits.read(8) === 0 && bits.isInside;
}

/** Whether a temporal unit is one frame that no other refers to. */
export function isUnreferencedAv1(data: Uint8Array, sequence: Av1Sequence): boolean {
  const units = Array.from(av1Units(data));
  const frames = units.filter(({ type }) => type === AV1_FRAME || type === AV1_FRAME_HEADER);
  const [frame] = frames;
  const isSequenceNew = units.some(({ type }) => type === AV1_SEQUENCE_HEADER);
  if (!frame || frames.length > 1 || isSequenceNew) return false;
  return isUnreferencedAv1Frame(frame.payload, sequence);
}

/** Where the units of an AV1 configuration record begin. */
const AV1_RECORD_BYTES = 4;

function av1Pictures(config: VideoDecoderConfig): UnreferencedPictures {
  let sequence: Av1Sequence | null = null;
  const readSequences = (data: Uint8Array): void => {
    for (const { type, payload } of av1Units(data)) {
      if (type === AV1_SEQUENCE_HEADER) sequence = readAv1Sequence(payload);
    }
  };
  const record = descriptionBytes(config);
  if (record) readSequences(record.subarray(AV1_RECORD_BYTES));
  return {
    isUnreferenced: ({ data, isKey }) => {
      // A sequence header comes with a key frame or, where a stream is cut, with whatever it begins with.
      if (isKey || !sequence) readSequences(data);
      return sequence !== null && isUnreferencedAv1(data, sequence);
    },
  };
}
