import { BitReader } from './bitstream/bits';
import {
  AVC_PICTURE,
  AVC_SEQUENCE,
  readPictureParameters,
  readSequence,
  readSliceHeader,
  type PictureParameters,
  type SequenceParameters,
  type SliceHeader,
} from './bitstream/h264';
import { avcType, descriptionBytes, withoutEmulationPrevention } from './bitstream/nal-units';
import { readAvcRecord } from './demux/decoder-config';

/** A header lies in so many bytes of a slice, weights of 32 references included. */
const HEADER_BYTES = 400;

/** A slice of a picture with what it is read by. */
export interface Slice {
  unit: Uint8Array;
  header: SliceHeader;
  sequence: SequenceParameters;
  /** The NAL unit that `sequence` was read from. */
  sequenceUnit: Uint8Array;
  isCabac: boolean;
}

/** The parameter sets of an H.264 stream as they are at a place in it (ITU-T H.264, 7.4.1.2.1). */
export class ParameterSets {
  readonly #sequences = new Map<number, { unit: Uint8Array; parameters: SequenceParameters }>();
  readonly #pictures = new Map<number, PictureParameters>();

  /** Begins with those of the decoder configuration. */
  constructor(config: VideoDecoderConfig) {
    const record = descriptionBytes(config);
    for (const unit of (record && readAvcRecord(record)?.parameterSets) ?? []) this.take(unit);
  }

  /** Takes a NAL unit; damaged sets and other units change nothing. */
  take(unit: Uint8Array): void {
    if (avcType(unit) === AVC_SEQUENCE) {
      const parameters = readSequence(unit);
      if (parameters) this.#sequences.set(parameters.id, { unit, parameters });
    } else if (avcType(unit) === AVC_PICTURE) {
      const picture = readPictureParameters(unit);
      if (picture) this.#pictures.set(picture.id, picture);
    }
  }

  /** Reads the header of a slice's NAL unit; null without its sets, and where `readSliceHeader` reads none. */
  readSlice(unit: Uint8Array): Slice | null {
    const head = withoutEmulationPrevention(unit.subarray(0, HEADER_BYTES));
    const picture = this.#pictures.get(readPictureId(head));
    const sequence = picture && this.#sequences.get(picture.sequenceId);
    const header = sequence && readSliceHeader(head, sequence.parameters, picture);
    if (!header) return null;
    const { parameters, unit: sequenceUnit } = sequence;
    return { unit, header, sequence: parameters, sequenceUnit, isCabac: picture.isCabac };
  }
}

/** pic_parameter_set_id, the third number of a slice. */
function readPictureId(unit: Uint8Array): number {
  const bits = new BitReader(unit.subarray(1));
  bits.unsigned();
  bits.unsigned();
  return bits.unsigned();
}
