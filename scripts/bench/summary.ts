/** Figures of several rounds: the middle one, and the least, which the machine's other work disturbed least. */
export interface Summary {
  median: number;
  minimum: number;
}

/**
 * Median and minimum; the median of an even number is the mean of the middle two.
 *
 * @throws RangeError without values
 */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('There is nothing to summarise.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, minimum: sorted[0]! };
}

/** Contestants in the order of a round: forwards and backwards by turns, so that none always follows the same one. */
export function orderOfRound<T>(contestants: readonly T[], round: number): T[] {
  return round % 2 === 0 ? [...contestants] : contestants.toReversed();
}

/**
 * Cosines between vectors of the same index, which need not have unit length.
 *
 * @throws RangeError where the two lists differ in length
 */
export function pairedCosines(
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
): number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} vectors cannot be paired with ${b.length}.`);
  return a.map((vector, i) => cosine(vector, b[i]!));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    dot += value * b[i]!;
    aa += value * value;
    bb += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(aa * bb);
}
