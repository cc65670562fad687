import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizeBicubic, resizeFrame, type RotationDegrees } from '@/lib/pixels/resize';
import type { ViewSpec } from '@/lib/shared/frames';
import { packedRows } from '@/lib/pixels/pixel-rows';

interface ResizeCase {
  name: string;
  width: number;
  height: number;
  outWidth: number;
  outHeight: number;
  fit: 'resize' | 'stretch' | 'centre-crop';
  rotation: RotationDegrees;
  flip: boolean;
  views?: ViewSpec;
}

// Written by test/fixtures/resize/make.py from Pillow.
const folder = new URL('../../fixtures/resize/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as { cases: ResizeCase[] };
const bytes = new Uint8Array(readFileSync(new URL('pixels.bin', folder)));

let offset = 0;
const withPixels = cases.map((one) => {
  const source = bytes.subarray(offset, (offset += one.width * one.height * 3));
  const outBytes = one.outWidth * one.outHeight * 3 * (one.views?.count ?? 1);
  const expected = bytes.subarray(offset, (offset += outBytes));
  return { ...one, source, expected };
});

function toRgba(rgb: Uint8Array, spareBytes: number): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4 + spareBytes);
  for (let pixel = 0; pixel < rgb.length / 3; pixel++) {
    rgba.set(rgb.subarray(pixel * 3, pixel * 3 + 3), pixel * 4);
    rgba[pixel * 4 + 3] = pixel % 256;
  }
  return rgba;
}

describe('resizing equals Pillow byte for byte', () => {
  it('has read the fixtures to their end', () => {
    expect(offset).toBe(bytes.length);
  });

  it.each(withPixels)(
    '$name',
    ({ width, height, outWidth, outHeight, fit, rotation, flip, views, source, expected }) => {
      const padded = toRgba(source, 41);
      const unaligned = new Uint8Array(padded.length + 1);
      unaligned.set(padded, 1);
      for (const bytes of [source, toRgba(source, 0), padded, unaligned.subarray(1)]) {
        const picture = packedRows(bytes, width, height);
        const actual =
          fit === 'resize'
            ? resizeBicubic(picture, outWidth, outHeight)
            : resizeFrame(picture, { size: views ? 7 : outWidth, fit, ...(views && { views }) }, rotation, {
                flip,
              });
        expect(Buffer.compare(actual, expected)).toBe(0);
      }
    },
  );
});

describe('resizeFrame', () => {
  it('cuts a frame with wide pixels as the square-pixel frame it stands for', () => {
    // A quarter each of red, green, blue and white across; stored 8 wide, shown 16 wide and 4 high.
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ] as const;
    const stored = new Uint8Array(8 * 4 * 3);
    for (let pixel = 0; pixel < 32; pixel++) stored.set(colours[Math.floor((pixel % 8) / 2)]!, pixel * 3);
    const picture = packedRows(stored, 8, 4);
    const wide = resizeFrame(picture, { size: 4, fit: 'centre-crop' }, 0, {
      displayWidth: 16,
      displayHeight: 4,
    });
    const square = resizeBicubic(picture, 16, 4);
    for (let row = 0; row < 4; row++) {
      const middle = square.subarray((row * 16 + 6) * 3, (row * 16 + 10) * 3);
      expect(wide.subarray(row * 12, row * 12 + 12)).toEqual(middle);
    }
  });

  it('refuses bytes that are not the picture it is told', () => {
    expect(() => packedRows(new Uint8Array(10), 4, 4)).toThrow(RangeError);
    expect(() => packedRows(new Uint8Array(0), 0, 4)).toThrow(RangeError);
    const nothing = { width: 0, height: 4, readRow: () => new Uint32Array(0) };
    expect(() => resizeFrame(nothing, { size: 2, fit: 'stretch' })).toThrow(RangeError);
  });

  it('reads each row that the crop needs once, and no other', () => {
    const size = 8;
    const readRows = (width: number, height: number, rotation: RotationDegrees): number[] => {
      const seen: number[] = [];
      const row = new Uint32Array(width);
      const picture = { width, height, readRow: (y: number) => (seen.push(y), row) };
      resizeFrame(picture, { size, fit: 'centre-crop' }, rotation);
      return seen;
    };
    // Of a picture 4 times as high as wide the middle quarter is kept, and 2 output rows of 16 input rows round it.
    const upright = Array.from({ length: 128 + 2 * 24 }, (_, index) => 192 - 24 + index);
    expect(readRows(128, 512, 0)).toEqual(upright);
    expect(readRows(128, 512, 180)).toEqual(upright.toReversed());
    // On its side the same rows are upright columns, and the crop is as wide as before.
    expect(readRows(128, 512, 270)).toEqual(upright);
    expect(readRows(128, 512, 90)).toEqual(upright.toReversed());
  });

  it('reads each row once for all views of a picture that is stored upright, or that is cut across its stored rows', () => {
    const readRows = (width: number, height: number, rotation: RotationDegrees): number[] => {
      const seen: number[] = [];
      const row = new Uint32Array(width);
      const picture = { width, height, readRow: (y: number) => (seen.push(y), row) };
      resizeFrame(picture, { size: 9, fit: 'stretch', views: { count: 2, share: 0.58, size: 8 } }, rotation);
      return seen;
    };
    const all = Array.from({ length: 40 }, (_, row) => row);
    expect(readRows(64, 40, 0)).toEqual(all);
    expect(readRows(30, 40, 0)).toEqual(all);
    expect(readRows(64, 40, 270)).toEqual(all);
  });
});
