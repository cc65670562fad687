import { describe, expect, it } from 'vitest';
import { annexBUnits } from '@/lib/media/bitstream/nal-units';
import { PacketStartReader, rankByOrder } from '@/lib/media/demux/picture-order';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

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
