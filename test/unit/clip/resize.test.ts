import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizeBicubic, resizeFrame, type RotationDegrees } from '@/lib/clip/resize';

interface ResizeCase {
  name: string;
  width: number;
  height: number;
  outWidth: number;
  outHeight: number;
  fit: 'resize' | 'stretch' | 'centre-crop';
  rotation: RotationDegrees;
  flip: boolean;
}

// Written by test/fixtures/resize/make.py from Pillow.
const folder = new URL('../../fixtures/resize/', import.meta.url);
const { cases } = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as { cases: ResizeCase[] };
const bytes = new Uint8Array(readFileSync(new URL('pixels.bin', folder)));

let offset = 0;
const withPixels = cases.map((one) => {
  const source = bytes.subarray(offset, (offset += one.width * one.height * 3));
  const expected = bytes.subarray(offset, (offset += one.outWidth * one.outHeight * 3));
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
    ({ width, height, outWidth, outHeight, fit, rotation, flip, source, expected }) => {
      for (const picture of [source, toRgba(source, 0), toRgba(source, 40)]) {
        const actual =
          fit === 'resize'
            ? resizeBicubic(picture, width, height, outWidth, outHeight)
            : resizeFrame(picture, width, height, { size: outWidth, fit }, rotation, { flip });
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
    const wide = resizeFrame(stored, 8, 4, { size: 4, fit: 'centre-crop' }, 0, {
      displayWidth: 16,
      displayHeight: 4,
    });
    const square = resizeBicubic(stored, 8, 4, 16, 4);
    for (let row = 0; row < 4; row++) {
      const middle = square.subarray((row * 16 + 6) * 3, (row * 16 + 10) * 3);
      expect(wide.subarray(row * 12, row * 12 + 12)).toEqual(middle);
    }
  });

  it('refuses bytes that are not the picture it is told', () => {
    expect(() => resizeFrame(new Uint8Array(10), 4, 4, { size: 2, fit: 'stretch' })).toThrow(RangeError);
    expect(() => resizeFrame(new Uint8Array(0), 0, 4, { size: 2, fit: 'stretch' })).toThrow(RangeError);
  });
});
