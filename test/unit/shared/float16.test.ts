import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '@/lib/shared/float16';

describe('half precision', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff], // the largest
    [65520, 0x7c00], // halfway to the next, which is infinite
    [65519, 0x7bff],
    [Infinity, 0x7c00],
    [2 ** -14, 0x0400], // the smallest normal one
    [2 ** -24, 0x0001], // the smallest
    [2 ** -25, 0x0000], // halfway to zero, to even
    [2 ** -25 * 1.01, 0x0001],
    [1 + 2 ** -11, 0x3c00], // halfway, to even
    [1 + 3 * 2 ** -11, 0x3c02],
    [0.1, 0x2e66],
    [1e-8, 0x0000],
  ])('writes %d as %d', (value, bits) => {
    expect(toFloat16(Float32Array.of(value))[0]).toBe(bits);
  });

  it('reads back what it wrote, all 65,536 of it', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits);
    const back = toFloat16(fromFloat16(all));
    const isNan = (bits: number) => (bits & 0x7fff) > 0x7c00;
    expect(all.filter((bits) => !isNan(bits) && back[bits] !== bits)).toEqual(new Uint16Array(0));
    expect(all.filter((bits) => isNan(bits) && !isNan(back[bits]!))).toEqual(new Uint16Array(0));
  });

  it('is within half a unit of the last place of any value', () => {
    const values = Float32Array.from(
      { length: 2000 },
      (_, index) => Math.sin(index * 12.9898) * 10 ** ((index % 9) - 4),
    );
    fromFloat16(toFloat16(values)).forEach((half, index) => {
      const value = values[index]!;
      expect(Math.abs(half - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -11, 2 ** -25));
    });
  });
});
