import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';

/*
 * [Note: Rounded rows] A row is kept as int8 times a scale, after the mean of the library's rows is taken out: some numbers of CLIP's
 * vectors are large and the same in all, and would make the steps of all others coarse. A row's cosine is then off by no more
 * than the length of its rounding error, since a question has length 1 (Cauchy-Schwarz). So what a row scores lies between
 * two bounds, and only rows whose upper one is high enough are read as they are.
 */

/** Largest number of a rounded row. */
const MOST = 127;

/** What single precision may be off by, in the exact score and in the bounds together. */
const SLACK = 2e-5;

/** No row without the mean, rounded, is longer: both have length 1 at most. */
const LONGEST_ROW = 2.1;

/** Rounds a row into `rounded`. Returns what a step of it is worth, and the length of the error. */
export function quantiseRow(
  row: Float32Array,
  mean: Float32Array,
  rounded: Int8Array,
): { scale: number; error: number } {
  let largest = 0;
  for (let i = 0; i < EMBEDDING_DIMENSION; i += 1) {
    largest = Math.max(largest, Math.abs(row[i]! - mean[i]!));
  }
  // A row that is the mean itself has no steps.
  const scale = Math.fround(largest / MOST) || 1;
  let squares = 0;
  for (let i = 0; i < EMBEDDING_DIMENSION; i += 1) {
    const value = row[i]! - mean[i]!;
    const steps = Math.max(-MOST, Math.min(MOST, Math.round(value / scale)));
    rounded[i] = steps;
    squares += (value - steps * scale) ** 2;
  }
  return { scale, error: Math.sqrt(squares) };
}

/** A question as the scan takes it. */
export interface QuantisedQuery {
  numbers: Int16Array<ArrayBuffer>;
  /** What a step of it is worth. */
  factor: number;
  /** What every row scores besides its own part: the mean's. */
  offset: number;
  /** What a score may be off by besides the row's own error. */
  slack: number;
}

/** Rounds a question so finely that its own error hardly counts. */
export function quantiseQuery(query: Float32Array, mean: Float32Array): QuantisedQuery {
  let largest = 0;
  let sum = 0;
  let offset = 0;
  for (let i = 0; i < EMBEDDING_DIMENSION; i += 1) {
    const size = Math.abs(query[i]!);
    largest = Math.max(largest, size);
    sum += size;
    offset += query[i]! * mean[i]!;
  }
  // Neither a number nor the sum of 512 products may overflow. Rounding adds half a step to each number.
  const most = (2 ** 31 - 1) / MOST - EMBEDDING_DIMENSION;
  const steps = Math.min(32_767 / largest, most / sum);
  const numbers = new Int16Array(EMBEDDING_DIMENSION);
  let squares = 0;
  for (let i = 0; i < EMBEDDING_DIMENSION; i += 1) {
    const number = Math.round(query[i]! * steps);
    numbers[i] = number;
    squares += (query[i]! - number / steps) ** 2;
  }
  return { numbers, factor: 1 / steps, offset, slack: Math.sqrt(squares) * LONGEST_ROW + SLACK };
}
