import { BitWriter } from './bitstream/bits';
import { AVC_IDR, AVC_PICTURE, AVC_SLICE, type SequenceParameters } from './bitstream/h264';
import {
  avcType,
  joinNalUnits,
  nalCodecOf,
  nalSizeLength,
  nalUnits,
  withEmulationPrevention,
} from './bitstream/nal-units';
import type { VideoPacket } from './packet-source';
import { ParameterSets, type Slice } from './parameter-sets';

/*
 * [Note: A grey picture before gradual refresh]
 *
 * An encoder with intra refresh renews its picture column by column and never writes an I picture again. A recording of
 * it that begins anywhere has P pictures alone, whose references were never recorded; a recovery point says after how
 * many of them the picture is whole. A decoder that is told to stop at errors (Chromium's) gives nothing of it. So it is
 * given a plain grey IDR picture first, to which everything can refer: ITU-T H.264, 7.3.3 to 7.3.5. Each macroblock is
 * Intra_16x16 with DC prediction and no residual, eight bits in CAVLC, under a picture parameter set of its own.
 */

/** pic_parameter_set_id of the grey picture, the highest there is: encoders number theirs from 0. */
const OWN_PARAMETERS = 255;

/** How far before the entry the grey picture comes on, in microseconds: it is never asked for. */
const BEFORE_ENTRY_US = 1_000;

/** ue(3) I_16x16_2_0_0, ue(0) DC prediction of colours, se(0) no change of step, and no coefficient: 00100 1 1 1. */
const GREY_MACROBLOCK = 0b0010_0111;

/** nal_ref_idc 3. */
const MOST_NEEDED = 0x60;

/**
 * The packet that makes decoding from a gradual entry possible; null where it cannot be made (other codecs, interlaced
 * or other than 4:2:0 pictures, damage).
 */
export function greyEntry(packet: VideoPacket, config: VideoDecoderConfig): VideoPacket | null {
  if (nalCodecOf(config.codec) !== 'avc') return null;
  const sizeLength = nalSizeLength('avc', config);
  const slice = firstSlice(nalUnits(packet.data, sizeLength), new ParameterSets(config));
  if (!slice) return null;
  const { sequence, sequenceUnit, header } = slice;
  if (sequence.chromaFormat !== 1 || !sequence.isFrameOnly || sequence.orderType === 1) return null;
  const units = [
    sequenceUnit,
    pictureParameters(sequence),
    greySlice(sequence, orderBefore(header.orderLsb, sequence)),
  ];
  return {
    ...packet,
    timestampUs: packet.timestampUs - BEFORE_ENTRY_US,
    isKey: true,
    data: joinNalUnits(units, sizeLength),
  };
}

function firstSlice(units: Iterable<Uint8Array>, sets: ParameterSets): Slice | null {
  for (const unit of units) {
    const type = avcType(unit);
    if (type === AVC_SLICE || type === AVC_IDR) return sets.readSlice(unit);
    sets.take(unit);
  }
  return null;
}

/**
 * pic_order_cnt_lsb of the grey picture. 0, as in every IDR picture, where the entry counts as later by it; else a
 * quarter of the range before the entry, or the pictures from there on would count as earlier and never be shown.
 */
function orderBefore(entryLsb: number, { orderType, orderBits }: SequenceParameters): number {
  const range = 2 ** orderBits;
  if (orderType !== 0 || entryLsb < range / 2) return 0;
  return entryLsb - range / 4;
}

/** 7.3.2.2: CAVLC, one slice group, no weights, no offsets. */
function pictureParameters({ id }: SequenceParameters): Uint8Array {
  const bits = new BitWriter();
  bits.write(MOST_NEEDED | AVC_PICTURE, 8);
  bits.writeUnsigned(OWN_PARAMETERS);
  bits.writeUnsigned(id);
  bits.write(0, 2);
  for (let i = 0; i < 3; i++) bits.writeUnsigned(0);
  bits.write(0, 3);
  for (let i = 0; i < 3; i++) bits.writeUnsigned(0);
  // Deblocking is switched off by the slice.
  bits.write(0b100, 3);
  return finished(bits);
}

function greySlice(sequence: SequenceParameters, orderLsb: number): Uint8Array {
  const bits = new BitWriter();
  bits.write(MOST_NEEDED | AVC_IDR, 8);
  bits.writeUnsigned(0);
  // All slices of the picture are I slices.
  bits.writeUnsigned(7);
  bits.writeUnsigned(OWN_PARAMETERS);
  bits.write(0, sequence.frameNumBits);
  bits.writeUnsigned(0);
  if (sequence.orderType === 0) bits.write(orderLsb, sequence.orderBits);
  // dec_ref_pic_marking, slice_qp_delta, disable_deblocking_filter_idc
  bits.write(0, 2);
  bits.writeUnsigned(0);
  bits.writeUnsigned(1);
  for (let i = 0; i < sequence.macroblocks; i++) bits.write(GREY_MACROBLOCK, 8);
  return finished(bits);
}

/** rbsp_trailing_bits, 7.3.2.11. */
function finished(bits: BitWriter): Uint8Array {
  bits.write(1, 1);
  bits.align(0);
  return withEmulationPrevention(bits.toBytes());
}
