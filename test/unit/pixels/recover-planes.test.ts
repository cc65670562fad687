import { describe, expect, it } from 'vitest';
import { toRgb, type ColourCoding, type Triple } from '@/lib/pixels/colour';
import { packedRows, type PixelRows } from '@/lib/pixels/pixel-rows';
import type { ColourChange } from '@/lib/pixels/recolour';
import { recoverPlanes, sizeOfPlanes } from '@/lib/pixels/recover-planes';

const LIMITED_601: ColourCoding = { matrix: 'bt601', isFullRange: false };
const LIMITED_709: ColourCoding = { matrix: 'bt709', isFullRange: false };
const FULL_601: ColourCoding = { matrix: 'bt601', isFullRange: true };

/** Firefox's BT.709, as its pictures tell. */
const FIREFOX_709: ColourChange = {
  matrix: [
    [1.164, 0, 1.797],
    [1.164, -0.2185, -0.531],
    [1.164, 2, 0],
  ],
  offset: [-248.6, 77.2, -274.5],
};

function makingOf(coding: ColourCoding): ColourChange {
  const zero = toRgb([0, 0, 0], coding);
  const units: Triple[] = [toRgb([1, 0, 0], coding), toRgb([0, 1, 0], coding), toRgb([0, 0, 1], coding)];
  const row = (at: 0 | 1 | 2): Triple => [
    units[0]![at] - zero[at],
    units[1]![at] - zero[at],
    units[2]![at] - zero[at],
  ];
  return { matrix: [row(0), row(1), row(2)], offset: zero };
}

interface Planes {
  width: number;
  height: number;
  bytes: Uint8Array;
  chromaOf: (x: number, y: number) => [number, number];
}

/** The same numbers each time, between two. */
function drawPlanes(
  width: number,
  height: number,
  [least, most]: readonly [number, number],
  chroma: number,
): Planes {
  let state = 7;
  const draw = (from: number, to: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return from + (state % (to - from + 1));
  };
  const [across, down] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const bytes = new Uint8Array(sizeOfPlanes(width, height));
  for (let at = 0; at < width * height; at++) bytes[at] = draw(least, most);
  for (let at = width * height; at < bytes.length; at++) bytes[at] = draw(128 - chroma, 128 + chroma);
  const cbStart = width * height;
  const chromaOf = (x: number, y: number): [number, number] => {
    const at = cbStart + (y >> 1) * across + (x >> 1);
    return [bytes[at]!, bytes[at + across * down]!];
  };
  return { width, height, bytes, chromaOf };
}

/** Red, green and blue by one chroma sample for each block, cut off as bytes are. */
function makeRgb({ width, height, bytes, chromaOf }: Planes, { matrix, offset }: ColourChange): PixelRows {
  const rgb = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ycc = [bytes[y * width + x]!, ...chromaOf(x, y)];
      for (const [colour, row] of matrix.entries()) {
        rgb[(y * width + x) * 3 + colour] =
          offset[colour]! + row.reduce((sum, factor, at) => sum + factor * ycc[at]!, 0);
      }
    }
  }
  return packedRows(rgb, width, height);
}

function recover(planes: Planes, making: ColourChange, coding: ColourCoding): Uint8Array | null {
  const { width, height } = planes;
  const bytes = new Uint8Array(sizeOfPlanes(width, height));
  return recoverPlanes(makeRgb(planes, making), making, coding, bytes) && bytes;
}

/** Of 255, on average and at most. */
function differences(a: Uint8Array, b: Uint8Array): { mean: number; most: number } {
  const each = a.map((value, at) => Math.abs(value - b[at]!));
  return { mean: each.reduce((sum, one) => sum + one, 0) / each.length, most: Math.max(...each) };
}

describe('recoverPlanes', () => {
  it.each([
    [16, 8],
    [15, 9],
    [2, 1],
    [1, 2],
    [1, 1],
  ])('gives the planes of a picture of %i × %i to the byte', (width, height) => {
    const planes = drawPlanes(width, height, [60, 190], 20);
    expect(recover(planes, FIREFOX_709, LIMITED_709)).toEqual(planes.bytes);
    expect(recover(planes, makingOf(LIMITED_601), LIMITED_709)).toEqual(planes.bytes);
  });

  it('tells where each plane lies', () => {
    const planes = drawPlanes(5, 3, [60, 190], 20);
    const made = recoverPlanes(
      makeRgb(planes, FIREFOX_709),
      FIREFOX_709,
      LIMITED_709,
      new Uint8Array(sizeOfPlanes(5, 3)),
    );
    expect(made?.layout).toEqual([
      { offset: 0, stride: 5 },
      { offset: 15, stride: 3 },
      { offset: 21, stride: 3 },
    ]);
  });

  it('gives nothing of a picture with a chroma for each pixel', () => {
    const planes = drawPlanes(16, 8, [90, 160], 20);
    const chroma = drawPlanes(32, 16, [90, 160], 20);
    planes.chromaOf = (x, y) => chroma.chromaOf(2 * x, 2 * y);
    expect(recover(planes, FIREFOX_709, LIMITED_709)).toBeNull();
  });

  it('tells a colour that was cut off by the others', () => {
    const planes = drawPlanes(32, 32, [120, 190], 60);
    const cutOff = Array.from({ length: 32 }, (_, y) => [...makeRgb(planes, FIREFOX_709).readRow(y)]).flat();
    const share = cutOff.filter((word) => [0, 8, 16].some((bit) => [0, 255].includes((word >> bit) & 255)));
    expect(share.length / cutOff.length).toBeGreaterThan(0.15);
    const found = differences(recover(planes, FIREFOX_709, LIMITED_709)!, planes.bytes);
    expect(found.mean).toBeLessThan(0.5);
  });

  it('lays grey that was cut off beyond it, within the clip’s range', () => {
    const flat = (luma: number) => drawPlanes(4, 4, [luma, luma], 0);
    const found = [0, 8, 15, 16, 100, 235, 250].map(
      (luma) => recover(flat(luma), makingOf(LIMITED_601), FULL_601)![5],
    );
    expect(found).toEqual([12, 12, 12, 12, 100, 240, 240]);
    expect(recover(flat(4), makingOf(LIMITED_601), LIMITED_601)![5]).toBe(16);
  });

  it.each([
    ['as far as colours go that the others tell', [40, 215], 180, [248, 255]],
    ['no further where these end at 16 and 235', [110, 146], 181, [235, 238]],
  ] as const)('lays white that was cut off %s', (_how, luma, cb, [least, most]) => {
    const planes = drawPlanes(64, 64, luma, 0);
    planes.bytes.fill(cb, 64 * 64, 64 * 64 + 32 * 32);
    // White, in a block of its own.
    for (const at of [0, 1, 64, 65]) planes.bytes[at] = 255;
    planes.bytes[64 * 64] = 128;
    const found = recover(planes, makingOf(LIMITED_601), FULL_601)![0]!;
    expect(found).toBeGreaterThanOrEqual(least);
    expect(found).toBeLessThanOrEqual(most);
  });
});
