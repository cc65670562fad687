import { describe, expect, it } from 'vitest';
import { looksAlike } from '@/lib/media/looks-alike';

const SIDE = 32;

/** A picture whose brightness at each place is given, 0 to 255. */
function pictureOf(brightness: (x: number, y: number) => number): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) pixels.fill(brightness(x, y), (y * SIDE + x) * 4, (y * SIDE + x) * 4 + 4);
  }
  return pixels;
}

const scene = (x: number, y: number) => 128 + 60 * Math.sin(x / 4) + 40 * Math.cos(y / 6);

describe('looksAlike', () => {
  it.each([
    ['the same picture', scene, scene, true],
    ['limited for full range', scene, (x: number, y: number) => 16 + (scene(x, y) * 219) / 255, true],
    ['a brighter one', scene, (x: number, y: number) => scene(x, y) + 25, true],
    ['its lower half grey', scene, (x: number, y: number) => (y < 16 ? scene(x, y) : 128), false],
    ['another picture', scene, (x: number, y: number) => 128 + 60 * Math.cos(x / 3 + y / 5), false],
    ['grey for a picture', scene, () => 128, false],
    ['black for near-black', () => 0, () => 9, true],
  ])('tells %s', (_name, a, b, alike) => {
    expect(looksAlike(pictureOf(a), pictureOf(b))).toBe(alike);
  });
});
