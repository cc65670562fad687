import { dotAt } from '../shared/vectors';
import { topRows } from './ranking';
import type { SelectionInput } from './selection';

/**
 * Multiplications that one selection may spend on comparing embeddings: some ten milliseconds. Comparing every frame
 * with every pick would be 3.3 thousand million for 64 of 100,000 frames, which is seconds.
 */
const COMPARISON_BUDGET = 10_000_000;

/** A pool that is not at least this many times the picks leaves nothing to choose from. */
const MIN_POOL_FACTOR = 2;

/**
 * Cosine of two rows of a row-major [frames, dimension] matrix of embeddings, −1…1.
 *
 * @throws RangeError when one of them holds a number that is not finite
 */
export function rowCosine(embeddings: Float32Array, dimension: number, a: number, b: number): number {
  const sum = dotAt(embeddings, a * dimension, embeddings, b * dimension, dimension);
  if (!Number.isFinite(sum)) throw new RangeError(`The embedding of row ${a} or ${b} is not finite.`);
  return sum;
}

/** Cosine of two frames, by the embeddings that stand for them. */
export function frameCosine(
  { embeddings, dimension, vectors }: Pick<SelectionInput, 'embeddings' | 'dimension' | 'vectors'>,
  a: number,
  b: number,
): number {
  if (!vectors) return rowCosine(embeddings, dimension, a, b);
  return rowCosine(embeddings, dimension, vectors.rows[a]!, vectors.rows[b]!);
}

/**
 * The frames that are worth comparing by their embeddings, best first: all of a clip of ordinary length, and of a large
 * collection as many of the highest-scored as can be compared with every pick in the time that a page has.
 */
export function comparisonPool(scores: Float32Array, dimension: number, count: number): number[] {
  const affordable = Math.floor(COMPARISON_BUDGET / (dimension * Math.max(1, count)));
  return topRows(scores, Math.max(MIN_POOL_FACTOR * count, affordable));
}
