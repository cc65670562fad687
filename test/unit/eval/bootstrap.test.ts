import { describe, expect, it } from 'vitest';
import { bootstrapMean } from '@/scripts/eval/bootstrap';
import { Random } from '@/scripts/eval/random';

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

describe('bootstrapMean', () => {
  it('is as wide as the normal interval for many independent values', () => {
    const random = new Random('values');
    const values = Array.from({ length: 400 }, () => 0.3 + normal(random));
    const { mean, low, high } = bootstrapMean(
      values,
      values.map((_, index) => `clip ${index}`),
    );
    expect(mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 12);
    // ±1.96 / √400
    expect(high - mean).toBeGreaterThan(0.08);
    expect(high - mean).toBeLessThan(0.12);
    expect(mean - low).toBeGreaterThan(0.08);
    expect(mean - low).toBeLessThan(0.12);
  });

  it('is wider when values come in clusters that are alike', () => {
    const random = new Random('clusters');
    const shared = Array.from({ length: 20 }, () => normal(random));
    const values = shared.flatMap((value) => [value, value, value, value]);
    const apart = bootstrapMean(
      values,
      values.map((_, index) => String(index)),
    );
    const together = bootstrapMean(
      values,
      values.map((_, index) => String(Math.floor(index / 4))),
    );
    expect(together.high - together.low).toBeGreaterThan(1.5 * (apart.high - apart.low));
  });

  it('has no width where all values are the same', () => {
    const { mean, low, high } = bootstrapMean([0.2, 0.2, 0.2], ['a', 'b', 'b']);
    for (const value of [mean, low, high]) expect(value).toBeCloseTo(0.2, 12);
  });

  it('gives the same interval each time', () => {
    const [values, clips] = [
      [1, 2, 5, 3],
      ['a', 'b', 'c', 'c'],
    ] as const;
    expect(bootstrapMean(values, clips)).toEqual(bootstrapMean(values, clips));
  });

  it('refuses no values and values without a cluster', () => {
    expect(() => bootstrapMean([], [])).toThrow(RangeError);
    expect(() => bootstrapMean([1, 2], ['a'])).toThrow(RangeError);
  });
});
