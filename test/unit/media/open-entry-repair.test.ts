import { describe, expect, it } from 'vitest';
import { BitWriter } from '@/lib/media/bitstream/bits';
import { readPictureParameters, readSequence, readSliceHeader } from '@/lib/media/bitstream/h264';
import { joinNalUnits, nalUnits } from '@/lib/media/bitstream/nal-units';
import { OpenEntryRepair } from '@/lib/media/open-entry-repair';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

// The first packets of a recording that x264 made and that begins at a recovery point.
const SEQUENCE = bytesOf('6764000dacd94141fb011000000300100000030320f1429960');
const CABAC = bytesOf('68ef86f2c0');
const I_SLICE = bytesOf('4188fc85ff89e01a26');
/** Unmarks the pictures 5, 3 and 2 before it, which are before the recovery point. */
const P_SLICE = bytesOf('419a1539328a9a588f9a5825aa036bd7');
const P_DATA = bytesOf('9a5825aa036bd7');

const sequence = readSequence(SEQUENCE)!;

const packetOf = (...units: Uint8Array[]) => ({
  sequence: 0,
  timestampUs: 0,
  durationUs: 0,
  isKey: false,
  data: joinNalUnits(units, null),
});

const repairOf = () => OpenEntryRepair.for({ codec: 'avc1.64000d' })!;

/** The header of a packet's only slice. */
function headerOf(data: Uint8Array, pictureSet: Uint8Array) {
  const [slice] = [...nalUnits(data, null)];
  return { slice: slice!, header: readSliceHeader(slice!, sequence, readPictureParameters(pictureSet)!)! };
}

describe('OpenEntryRepair', () => {
  it('takes out what names pictures before the entry, and keeps the data of CABAC', () => {
    const repair = repairOf();
    const entry = packetOf(SEQUENCE, CABAC, I_SLICE);
    expect(repair.repair(entry)).toBe(entry);
    const { slice, header } = headerOf(repair.repair(packetOf(P_SLICE)).data, CABAC);
    expect(header).toMatchObject({ frameNum: 0, marking: { from: 38, until: 39, operations: null } });
    expect(slice.subarray(Math.ceil(header.end / 8))).toEqual(P_DATA);
  });

  it('moves the data of CAVLC bit by bit', () => {
    // The same set with entropy_coding_mode_flag 0, after which headers lack cabac_init_idc.
    const cavlc = Uint8Array.from(CABAC, (byte, i) => (i === 1 ? byte & ~0b0010_0000 : byte));
    expect(readPictureParameters(cavlc)).toMatchObject({ isCabac: false });
    const repair = repairOf();
    repair.repair(packetOf(SEQUENCE, cavlc, I_SLICE));
    const { slice, header } = headerOf(repair.repair(packetOf(P_SLICE)).data, cavlc);
    expect(header.marking).toEqual({ from: 38, until: 39, operations: null });
    const expected = new BitWriter();
    expected.copy(P_SLICE, 0, 38);
    expected.write(0, 1);
    expected.copy(P_SLICE, 60, P_SLICE.length * 8);
    const bytes = expected.toBytes();
    expect(slice).toEqual(bytes.at(-1) === 0 ? bytes.slice(0, -1) : bytes);
  });

  it('keeps what names a picture that was decoded', () => {
    const repair = repairOf();
    repair.repair(packetOf(SEQUENCE, CABAC, I_SLICE));
    const frame = (frameNum: number) => {
      const bits = new BitWriter();
      bits.copy(I_SLICE, 0, 17);
      bits.write(frameNum, 4);
      bits.copy(I_SLICE, 21, I_SLICE.length * 8);
      return packetOf(bits.toBytes());
    };
    // Of four places, 12 to 15 have them: a decoder fills the gap between 11 and 13, and 11 leaves by its age.
    for (const frameNum of [11, 13, 14, 15]) repair.repair(frame(frameNum));
    const { header } = headerOf(repair.repair(packetOf(P_SLICE)).data, CABAC);
    expect(header.marking?.operations).toEqual([
      { operation: 1, operands: [2] },
      { operation: 1, operands: [1] },
    ]);
  });

  it('is for H.264 alone', () => {
    expect(OpenEntryRepair.for({ codec: 'hev1.1.6.L93.B0' })).toBeNull();
    expect(OpenEntryRepair.for({ codec: 'vp09.00.10.08' })).toBeNull();
  });
});
