/** Dot product of `a` and the `b.length` numbers of it that begin at `offset`. */
export function dotAt(a: Float32Array, offset: number, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < b.length; index += 1) sum += a[offset + index]! * b[index]!;
  return sum;
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
