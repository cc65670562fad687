/**
 * Scores whose spread is below this share of their size say nothing: it is what rounding to float32 leaves of a
 * cosine of 512 products.
 */
const FLAT_SHARE = 1e-6;

export interface ScoreRange {
  lowest: number;
  highest: number;
  /** True when no frame stands out, also when there are none. */
  isFlat: boolean;
}

export function rangeOf(scores: Float32Array): ScoreRange {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const score of scores) {
    if (score < lowest) lowest = score;
    if (score > highest) highest = score;
  }
  const isFlat = !(highest - lowest > FLAT_SHARE * Math.max(Math.abs(lowest), Math.abs(highest)));
  return { lowest, highest, isFlat };
}

/** Scores moved and scaled to 0…1. Flat ones are all 0. */
export function minMaxed(scores: Float32Array): Float64Array {
  const { lowest, highest, isFlat } = rangeOf(scores);
  const scaled = new Float64Array(scores.length);
  if (isFlat) return scaled;
  for (let row = 0; row < scores.length; row += 1) {
    scaled[row] = (scores[row]! - lowest) / (highest - lowest);
  }
  return scaled;
}

/**
 * The rows of the `count` highest scores in [start, end), best first, ties to the earlier row. A heap of `count` rows:
 * a hundred thousand scores cost a few milliseconds, where sorting them all costs tens.
 */
export function topRows(
  scores: Float32Array | Float64Array,
  count: number,
  start = 0,
  end = scores.length,
): number[] {
  const byRank = (a: number, b: number): number => scores[b]! - scores[a]! || a - b;
  const wanted = Math.min(count, end - start);
  if (wanted <= 0) return [];
  if (wanted * 4 >= end - start) {
    return Array.from({ length: end - start }, (_, index) => start + index)
      .sort(byRank)
      .slice(0, wanted);
  }
  // heap[0] is the worst row that is kept. A row that comes later in a tie is never better, so > suffices below.
  const heap = Array.from({ length: wanted }, (_, index) => start + index).sort((a, b) => byRank(b, a));
  for (let row = start + wanted; row < end; row += 1) {
    if (!(scores[row]! > scores[heap[0]!]!)) continue;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= wanted) break;
      if (child + 1 < wanted && byRank(heap[child]!, heap[child + 1]!) < 0) child += 1;
      if (byRank(row, heap[child]!) > 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = row;
  }
  return heap.sort(byRank);
}

/** `rows` and after them the best of the other rows until there are `count`. */
export function topUp(rows: readonly number[], scores: Float32Array, count: number): number[] {
  const filled = [...rows];
  if (filled.length >= count) return filled;
  const chosen = new Set(rows);
  // Of the best `count`, at most rows.length are chosen already, so enough are left.
  for (const row of topRows(scores, count)) {
    if (filled.length === count) break;
    if (!chosen.has(row)) filled.push(row);
  }
  return filled;
}
