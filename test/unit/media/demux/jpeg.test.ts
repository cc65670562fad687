import { describe, expect, it } from 'vitest';
import { completeJpeg, readJpegSize } from '@/lib/media/demux/jpeg';

const FRAME = [0xff, 0xc0, 0, 11, 8, 0x00, 0xb4, 0x01, 0x40, 1, 1, 0x11, 0];
const SCAN = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9];
const TABLES = [0xff, 0xc4, 0, 4, 0, 0];

describe('completeJpeg', () => {
  it('puts the typical Huffman tables before the scan of a picture without any', () => {
    const bare = Uint8Array.of(0xff, 0xd8, ...FRAME, ...SCAN);
    const complete = completeJpeg(bare);
    // 2 + 2 + 2 × (1 + 16 + 12) + 2 × (1 + 16 + 162) bytes, T.81 K.3.3.
    expect(complete.length - bare.length).toBe(420);
    const at = 2 + FRAME.length;
    expect([...complete.subarray(at, at + 4)]).toEqual([0xff, 0xc4, 1, 0xa2]);
    expect([...complete.subarray(at + 420)]).toEqual(SCAN);
  });

  it('leaves a picture with tables as it is', () => {
    const whole = Uint8Array.of(0xff, 0xd8, ...TABLES, ...FRAME, ...SCAN);
    expect(completeJpeg(whole)).toBe(whole);
  });

  it.each([[[]], [[0xff, 0xd8]], [[1, 2, 3, 4, 5]], [[0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]]])(
    'leaves %j, which is no picture, as it is',
    (bytes) => {
      const data = Uint8Array.from(bytes);
      expect(completeJpeg(data)).toBe(data);
    },
  );
});

describe('readJpegSize', () => {
  it('reads the stored size', () => {
    expect(readJpegSize(Uint8Array.of(0xff, 0xd8, ...TABLES, ...FRAME))).toEqual({ width: 320, height: 180 });
  });

  it('answers null where there is none', () => {
    expect(readJpegSize(Uint8Array.of(0xff, 0xd8, ...SCAN))).toBeNull();
  });
});
