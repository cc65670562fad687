import { describe, expect, it } from 'vitest';
import { BitReader } from '@/lib/media/bitstream/bits';
import { readPictureParameters, readSequence, readSliceHeader } from '@/lib/media/bitstream/h264';
import {
  annexBUnits,
  avcType,
  joinNalUnits,
  withoutEmulationPrevention,
} from '@/lib/media/bitstream/nal-units';
import { greyEntry } from '@/lib/media/grey-entry';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

// 320 × 240, frame_num and pic_order_cnt_lsb of 4 and 6 bits, as x264 writes it.
const SEQUENCE = bytesOf('6764000dacd94141fb011000000300100000030320f1429960');
const PICTURE = bytesOf('68ef86f2c0');
const P_SLICE = bytesOf('419a1539328a9a588f9a5825aa036bd7');
const config = { codec: 'avc1.64000d' };

const packetOf = (...units: Uint8Array[]) => ({
  sequence: 7,
  timestampUs: 40_000,
  durationUs: 0,
  isKey: false,
  data: joinNalUnits(units, null),
});

describe('greyEntry', () => {
  const grey = greyEntry(packetOf(SEQUENCE, PICTURE, P_SLICE), config)!;
  const [sequenceUnit, pictureUnit, slice] = [...annexBUnits(grey.data)];

  it('is an IDR picture under parameters of its own, just before the entry', () => {
    expect([...annexBUnits(grey.data)].map(avcType)).toEqual([7, 8, 5]);
    expect(sequenceUnit).toEqual(SEQUENCE);
    expect(readPictureParameters(pictureUnit!)).toMatchObject({
      id: 255,
      isCabac: false,
      hasDeblockingControl: true,
    });
    expect(grey).toMatchObject({ isKey: true, timestampUs: 39_000 });
  });

  it('has a macroblock of eight bits for each 16 × 16 pixels', () => {
    const plain = withoutEmulationPrevention(slice!);
    const header = readSliceHeader(plain, readSequence(SEQUENCE)!, readPictureParameters(pictureUnit!)!)!;
    expect(header).toMatchObject({ frameNum: 0, isIdr: true, isReference: true });
    const bits = new BitReader(plain);
    bits.skip(header.end);
    const blocks = (320 / 16) * (240 / 16);
    expect(Array.from({ length: blocks }, () => bits.read(8))).toEqual(
      new Array<number>(blocks).fill(0b0010_0111),
    );
    expect(bits.read(1)).toBe(1);
    expect(plain.length * 8 - bits.position).toBeLessThan(8);
  });

  it('comes before the entry in the order of showing', () => {
    const orderOf = (entryLsb: number): { entry: number; grey: number } => {
      const sequence = readSequence(SEQUENCE)!;
      const header = readSliceHeader(
        withoutEmulationPrevention(P_SLICE),
        sequence,
        readPictureParameters(PICTURE)!,
      )!;
      const at = 8 + 1 + 5 + 1 + sequence.frameNumBits;
      expect(header.orderLsb).toBeLessThan(2 ** sequence.orderBits);
      const slice = P_SLICE.slice();
      for (let bit = 0; bit < sequence.orderBits; bit++) {
        const value = (entryLsb >> (sequence.orderBits - 1 - bit)) & 1;
        const [byte, mask] = [(at + bit) >> 3, 0x80 >> ((at + bit) & 7)];
        slice[byte] = value ? slice[byte]! | mask : slice[byte]! & ~mask;
      }
      const made = greyEntry(packetOf(SEQUENCE, PICTURE, slice), config)!;
      const unit = withoutEmulationPrevention([...annexBUnits(made.data)][2]!);
      return {
        entry: entryLsb,
        grey: readSliceHeader(unit, sequence, readPictureParameters(pictureUnit!)!)!.orderLsb,
      };
    };
    const range = 2 ** readSequence(SEQUENCE)!.orderBits;
    for (const lsb of [2, range / 2 - 2, range / 2, range - 2]) {
      const { entry, grey: before } = orderOf(lsb);
      // 8.2.1.1: the difference counts, modulo the range.
      expect((entry - before + range) % range).toBeGreaterThan(0);
      expect((entry - before + range) % range).toBeLessThan(range / 2);
    }
  });

  it.each([
    ['another codec', packetOf(SEQUENCE, PICTURE, P_SLICE), { codec: 'vp09.00.10.08' }],
    ['a packet without parameter sets', packetOf(P_SLICE), config],
    ['a packet without a picture', packetOf(SEQUENCE, PICTURE), config],
  ])('is not made for %s', (_name, packet, given) => {
    expect(greyEntry(packet, given)).toBeNull();
  });
});
