import { describe, expect, it } from 'vitest';
import {
  LARGEST_CHANGE_UNSEEN,
  largestChange,
  PictureNumbers,
  smallPicture,
} from '@/lib/pixels/small-picture';
import type { ResizeSpec } from '@/lib/shared/frames';
import { seededRandom } from '@/test/support/random';

const WHOLE: ResizeSpec = { size: 20, fit: 'stretch' };
const VIEWS: ResizeSpec = { size: 20, fit: 'stretch', views: { count: 2, share: 0.6, size: 16 } };

/** A square of one grey, with a patch of another. */
function grey(
  side: number,
  level: number,
  patch?: { x: number; y: number; side: number; level: number },
): Uint8Array {
  const pixels = new Uint8Array(side * side * 3).fill(level);
  for (let y = patch?.y ?? 0; patch && y < patch.y + patch.side; y++) {
    pixels.fill(patch.level, (y * side + patch.x) * 3, (y * side + patch.x + patch.side) * 3);
  }
  return pixels;
}

/** A square of one colour. */
function coloured(side: number, colour: readonly [red: number, green: number, blue: number]): Uint8Array {
  return Uint8Array.from({ length: side * side * 3 }, (_, i) => colour[i % 3]!);
}

/** The red of each square; a grey has as much of every colour. */
const reds = (small: Float32Array): number[] => Array.from(small).filter((_, i) => i % 3 === 0);

describe('smallPicture', () => {
  it('has the mean colour of each square of 8 pixels, and of what is left at the edges', () => {
    const small = smallPicture(grey(20, 40, { x: 16, y: 16, side: 4, level: 200 }), WHOLE);
    expect(reds(small)).toEqual([40, 40, 40, 40, 40, 40, 40, 40, 200]);
  });

  it('has the squares of each view, one view after another', () => {
    const views = Uint8Array.from([...grey(16, 10), ...grey(16, 90, { x: 8, y: 0, side: 8, level: 50 })]);
    expect(reds(smallPicture(views, VIEWS))).toEqual([10, 10, 10, 10, 90, 50, 90, 90]);
  });

  it('keeps red, green and blue apart', () => {
    expect(Array.from(smallPicture(coloured(20, [10, 20, 30]), WHOLE).subarray(0, 6))).toEqual([
      10, 20, 30, 10, 20, 30,
    ]);
  });
});

describe('largestChange', () => {
  const change = (one: Uint8Array, other: Uint8Array): number =>
    largestChange(smallPicture(one, WHOLE), smallPicture(other, WHOLE));
  const noisy = (seed: number): Uint8Array => {
    const random = seededRandom(seed);
    return grey(20, 100).map((level) => level + Math.round(random() * 12 - 6));
  };

  it.each([
    ['the same picture', grey(20, 100), grey(20, 100), true],
    ['noise', noisy(1), noisy(2), true],
    ['a thing that came in', grey(20, 100), grey(20, 100, { x: 2, y: 2, side: 4, level: 160 }), false],
    ['a thing in a corner', grey(20, 100), grey(20, 100, { x: 17, y: 17, side: 3, level: 125 }), false],
    ['light that was switched on', grey(20, 100), grey(20, 120), false],
    ['a colour as bright as the one before', grey(20, 100), coloured(20, [200, 62, 30]), false],
  ])('tells %s', (_, one, other, isUnseen) => {
    expect(change(one, other) <= LARGEST_CHANGE_UNSEEN).toBe(isUnseen);
  });

  it('is infinite between pictures of different shapes', () => {
    const views = smallPicture(new Uint8Array(2 * 16 * 16 * 3), VIEWS);
    expect(largestChange(views, smallPicture(grey(20, 0), WHOLE))).toBe(Infinity);
  });
});

describe('PictureNumbers', () => {
  const numbersOf = (levels: readonly number[], numbers: PictureNumbers): number[] =>
    levels.map((level) => numbers.numberOf(grey(20, level), true));

  it('gives pictures that look the same one number', () => {
    expect(numbersOf([100, 101, 99, 100, 180, 181, 100], new PictureNumbers(WHOLE))).toEqual([
      1, 1, 1, 1, 2, 2, 3,
    ]);
  });

  it('sees a slow change, since it compares with the picture that is embedded and not with the one before', () => {
    const levels = Array.from({ length: 15 }, (_, i) => 100 + i);
    expect(numbersOf(levels, new PictureNumbers(WHOLE))).toEqual([
      1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3,
    ]);
  });

  it('tells pictures of frames of different sizes apart', () => {
    const numbers = new PictureNumbers(WHOLE);
    expect([numbers.numberOf(grey(20, 100), false), numbers.numberOf(grey(20, 100), false)]).toEqual([1, 2]);
    expect(numbers.numberOf(grey(20, 100), true)).toBe(2);
  });

  it('gives each picture its own number where it is told to', () => {
    expect(numbersOf([100, 100, 100], new PictureNumbers(WHOLE, true))).toEqual([1, 2, 3]);
  });
});
