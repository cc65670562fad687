import { describe, expect, it } from 'vitest';
import {
  annexBUnits,
  lengthPrefixedUnits,
  PacketStartReader,
  rankByOrder,
  readSequence,
  toAnnexB,
} from '@/lib/video/demux/h264';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

describe('readSequence', () => {
  // Written by x264 for pictures of these sizes.
  it.each([
    ['6764000cacd941419f9f011000000300100000030320f1429960', 'avc1.64000c', 320, 180, true],
    ['67640028acd94078044fde0220000003002000000643e2c5b2c0', 'avc1.640028', 1920, 1080, true],
    ['6742c00cd901419f9f011000000300100000030320f142a480', 'avc1.42c00c', 320, 180, false],
    ['67f4000b919b28206d80880000030008000003019078a14cb0', 'avc1.f4000b', 256, 96, true],
    ['6764001eacb2016824dff80200016b50202054000003000400000300c83c58b920', 'avc1.64001e', 720, 576, false],
  ])('%s is %s, %i×%i', (hex, codecString, width, height, mayReorder) => {
    expect(readSequence(bytesOf(hex))).toMatchObject({ codecString, width, height, mayReorder });
  });

  it('answers null for a set that is cut off', () => {
    expect(readSequence(bytesOf('6764000cac'))).toBeNull();
  });
});

describe('units', () => {
  const units = [bytesOf('6742'), bytesOf('68ce'), bytesOf('650011')];

  it('come back from Annex B, with start codes of three and four bytes', () => {
    const bytes = [...annexBUnits(toAnnexB(units))].map((unit) => unit.bytes);
    expect(bytes).toEqual(units);
    const short = bytesOf('00000167420000016811');
    expect([...annexBUnits(short)].map(({ type }) => type)).toEqual([7, 8]);
  });

  it.each([1, 2, 4])('come back from lengths of %i bytes', (lengthBytes) => {
    const packet = Uint8Array.from(
      units.flatMap((unit) => [...new Array<number>(lengthBytes - 1).fill(0), unit.length, ...unit]),
    );
    expect([...lengthPrefixedUnits(packet, lengthBytes)].map((unit) => unit.bytes)).toEqual(units);
  });

  it('end where a length is larger than the packet', () => {
    expect([...lengthPrefixedUnits(bytesOf('000000ff65'), 4)]).toEqual([]);
  });
});

describe('PacketStartReader', () => {
  const SEQUENCE = '00000001' + '6764000cacd941419f9f011000000300100000030320f1429960';
  const PICTURE_SET = '00000001' + '68ebecb22c';

  it('tells an IDR picture', () => {
    const start = new PacketStartReader().read(
      annexBUnits(bytesOf(`${SEQUENCE}${PICTURE_SET}0000000165888400`)),
    );
    expect(start).toMatchObject({ isIdr: true, isRecoveryPoint: false, isReference: true, orderLow: 0 });
  });

  it('tells a recovery point behind other messages', () => {
    // Message 5 of 3 bytes, then message 6 of 1 byte, and the stop bit.
    const start = new PacketStartReader().read(
      annexBUnits(bytesOf('000000010605031122330601c480' + '00000001419a0000')),
    );
    expect(start).toMatchObject({ isIdr: false, isRecoveryPoint: true, hasPicture: true });
  });

  it('knows no order without a sequence parameter set', () => {
    const start = new PacketStartReader().read(annexBUnits(bytesOf('00000001419a246c')));
    expect(start).toMatchObject({ orderLow: null, hasPicture: true });
  });
});

describe('rankByOrder', () => {
  const pictures = (orders: string) =>
    orders.split(' ').map((one) => ({
      isIdr: one.startsWith('I'),
      isReference: !one.startsWith('b'),
      orderLow: Number(one.replace(/\D/g, '')),
    }));

  it.each([
    ['in order', 'I0 2 4 6', [0, 1, 2, 3]],
    ['with pictures between', 'I0 6 b2 b4 12 b8 b10', [0, 3, 1, 2, 6, 4, 5]],
    ['over several IDR pictures', 'I0 4 b2 I0 4 b2', [0, 2, 1, 3, 5, 4]],
    ['where the low bits roll over', 'I0 8 b4 0 b12 8 b4', [0, 2, 1, 4, 3, 6, 5]],
  ])('ranks pictures %s', (_name, orders, ranks) => {
    expect(rankByOrder(pictures(orders), 16)).toEqual(ranks);
  });

  it('keeps the order of decoding where the stream does not number its pictures', () => {
    const starts = [0, 1, 2].map((i) => ({ isIdr: i === 0, isReference: true, orderLow: null }));
    expect(rankByOrder(starts, 16)).toEqual([0, 1, 2]);
  });
});
