import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotProducts } from '@/lib/shared/dot-products';
import { dotAt } from '@/lib/shared/vectors';
import { renderKernel } from '@/scripts/compile-kernel';
import { seededRandom } from '../../support/random';

function matrix(rows: number, dimension: number, seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * dimension }, () => (random() - 0.5) / Math.sqrt(dimension));
}

/** The same in doubles, by the definition. */
function expectProducts(rows: Float32Array, queries: Float32Array, dimension: number): void {
  const products = dotProducts(rows, queries, dimension);
  const queryCount = queries.length / dimension;
  expect(products).toHaveLength((rows.length / dimension) * queryCount);
  let furthest = 0;
  products.forEach((product, at) => {
    const query = queries.subarray((at % queryCount) * dimension, ((at % queryCount) + 1) * dimension);
    const expected = dotAt(rows, Math.floor(at / queryCount) * dimension, query);
    furthest = Math.max(furthest, Math.abs(product - expected));
  });
  expect(furthest).toBeLessThan(1e-6);
}

describe('dotProducts', () => {
  it('is every row with every query, whatever their number and length', () => {
    const size = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 70 }), fc.nat(), (rows, queries, dimension, seed) => {
        expectProducts(matrix(rows, dimension, seed), matrix(queries, dimension, seed + 1), dimension);
      }),
    );
  });

  it.each([
    [1000, 512, 1],
    [257, 512, 3],
    [130, 512, 300],
    [3, 40_000, 2],
  ])('takes %d rows of %d numbers and %d queries, which do not fit at once', (rows, dimension, queries) => {
    expectProducts(matrix(rows, dimension, 1), matrix(queries, dimension, 2), dimension);
  });

  it('does not see numbers of a call before it', () => {
    dotProducts(new Float32Array(64).fill(Infinity), new Float32Array(16).fill(1), 16);
    expect([...dotProducts(Float32Array.of(1, 2), Float32Array.of(3), 1)]).toEqual([3, 6]);
  });

  it('takes rows that begin anywhere in their memory', () => {
    const all = matrix(10, 16, 1);
    const queries = matrix(2, 16, 2);
    expect(dotProducts(all.subarray(48), queries, 16)).toEqual(dotProducts(all, queries, 16).subarray(6));
  });

  it('tells of what is not finite', () => {
    expect([...dotProducts(Float32Array.of(NaN, 1, Infinity), Float32Array.of(1), 1)]).toEqual([
      NaN,
      1,
      Infinity,
    ]);
  });

  it.each([
    [5, 2],
    [2, 5],
  ])('refuses %d and %d numbers as rows of two', (rows, queries) => {
    expect(() => dotProducts(new Float32Array(rows), new Float32Array(queries), 2)).toThrow(RangeError);
  });

  it('runs what its source says', async () => {
    expect(readFileSync('lib/shared/dot-products.generated.ts', 'utf8')).toBe(
      await renderKernel('lib/shared/dot-products'),
    );
  });
});
