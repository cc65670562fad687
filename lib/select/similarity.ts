import { topRows } from './ranking';

/**
 * Multiplications that one selection may spend on comparing vectors: some ten milliseconds. Comparing every frame
 * with every pick would be 3.3 thousand million for 64 of 100,000 frames, which is seconds.
 */
const COMPARISON_BUDGET = 10_000_000;

/** A pool that is not at least this many times the picks leaves nothing to choose from. */
const MIN_POOL_FACTOR = 2;

/**
 * Cosine of two rows of a row-major [frames, dimension] matrix of unit vectors, −1…1.
 *
 * @throws RangeError when one of them holds a number that is not finite
 */
export function rowCosine(vectors: Float32Array, dimension: number, a: number, b: number): number {
  const whole = dimension - (dimension % 4);
  let first = a * dimension;
  let second = b * dimension;
  const end = first + dimension;
  // Four sums side by side: a single one waits for every addition before it.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (const wholeEnd = first + whole; first < wholeEnd; first += 4, second += 4) {
    s0 += vectors[first]! * vectors[second]!;
    s1 += vectors[first + 1]! * vectors[second + 1]!;
    s2 += vectors[first + 2]! * vectors[second + 2]!;
    s3 += vectors[first + 3]! * vectors[second + 3]!;
  }
  for (; first < end; first += 1, second += 1) s0 += vectors[first]! * vectors[second]!;
  const sum = s0 + s1 + (s2 + s3);
  if (!Number.isFinite(sum)) throw new RangeError(`The vector of row ${a} or ${b} is not finite.`);
  return sum;
}

/**
 * The frames that are worth comparing by their vectors, best first: all of a clip of ordinary length, and of a large
 * collection as many of the highest-scored as can be compared with every pick in the time that a page has.
 */
export function comparisonPool(scores: Float32Array, dimension: number, count: number): number[] {
  const affordable = Math.floor(COMPARISON_BUDGET / (dimension * Math.max(1, count)));
  return topRows(scores, Math.max(MIN_POOL_FACTOR * count, affordable));
}
