/**
 * Dot product of `length` numbers of `a` from `offset` on with those of `b` from `otherOffset` on, in doubles. For many
 * rows at once see dot-products.ts.
 */
export function dotAt(
  a: Float32Array,
  offset: number,
  b: Float32Array,
  otherOffset = 0,
  length = b.length,
): number {
  const end = offset + length;
  const wholeEnd = end - (length % 4);
  let at = offset;
  let other = otherOffset;
  // Four sums side by side: a single one waits for every addition before it.
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (; at < wholeEnd; at += 4, other += 4) {
    s0 += a[at]! * b[other]!;
    s1 += a[at + 1]! * b[other + 1]!;
    s2 += a[at + 2]! * b[other + 2]!;
    s3 += a[at + 3]! * b[other + 3]!;
  }
  for (; at < end; at += 1, other += 1) s0 += a[at]! * b[other]!;
  return s0 + s1 + (s2 + s3);
}

/** Cosine of two vectors of the same length; NaN when one is zero. */
export function cosine(a: Float32Array, b: Float32Array): number {
  return dotAt(a, 0, b) / Math.sqrt(dotAt(a, 0, a) * dotAt(b, 0, b));
}

/**
 * Scales every row of a row-major [rows, dimension] matrix to unit length, in place.
 *
 * @returns the indices of rows that cannot be scaled: zero, NaN or infinite length
 */
export function normaliseRows(matrix: Float32Array, dimension: number): number[] {
  const bad: number[] = [];
  for (let row = 0; row * dimension < matrix.length; row += 1) {
    const start = row * dimension;
    let squares = 0;
    for (let index = start; index < start + dimension; index += 1) squares += matrix[index]! * matrix[index]!;
    const length = Math.sqrt(squares);
    if (!Number.isFinite(length) || length === 0) {
      bad.push(row);
      continue;
    }
    for (let index = start; index < start + dimension; index += 1) matrix[index]! /= length;
  }
  return bad;
}

/** Unit-length mean of the rows of a [rows, dimension] matrix of unit vectors. */
export function meanDirection(matrix: Float32Array, dimension: number): Float32Array<ArrayBuffer> {
  const mean = new Float32Array(dimension);
  matrix.forEach((value, index) => (mean[index % dimension]! += value));
  normaliseRows(mean, dimension);
  return mean;
}

/** The cosine of each row of a matrix of rows of unit length with the row before it; 1 for the first. */
export function stepsBetween(rows: Float32Array, dimension: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows.length / dimension }, (_, row) =>
    row === 0 ? 1 : dotAt(rows, row * dimension, rows, (row - 1) * dimension, dimension),
  );
}
