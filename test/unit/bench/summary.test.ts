import { describe, expect, it } from 'vitest';
import { orderOfRound, pairedCosines, summarise } from '@/scripts/bench/summary';

describe('summarise', () => {
  it.each([
    { values: [3], median: 3, minimum: 3 },
    { values: [10, 2, 9], median: 9, minimum: 2 },
    { values: [10, 2, 9, 4], median: 6.5, minimum: 2 },
  ])('gives $median and $minimum for $values', ({ values, median, minimum }) => {
    expect(summarise(values)).toEqual({ median, minimum });
  });

  it('refuses no values', () => {
    expect(() => summarise([])).toThrow(RangeError);
  });
});

describe('orderOfRound', () => {
  it('turns the order round in every other round', () => {
    const orders = [0, 1, 2].map((round) => orderOfRound(['a', 'b', 'c'], round).join(''));
    expect(orders).toEqual(['abc', 'cba', 'abc']);
  });
});

describe('pairedCosines', () => {
  it('pairs embeddings by index, whatever their lengths', () => {
    const cosines = pairedCosines(
      [
        [1, 0],
        [0, 2],
        [1, 1],
      ],
      [
        [3, 0],
        [1, 0],
        [-2, -2],
      ],
    );
    expect(cosines.map((value) => value.toFixed(6))).toEqual(['1.000000', '0.000000', '-1.000000']);
  });

  it('refuses lists of different lengths', () => {
    expect(() => pairedCosines([[1]], [])).toThrow('1 vectors cannot be paired with 0.');
  });
});
