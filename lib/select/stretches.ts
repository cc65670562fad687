import { shotChangesAmong } from './shot-changes';
import type { FrameVectors, RowSpan, SelectionInput } from './selection';

/**
 * Multiplications that looking for cuts may take. A larger collection is looked through in blocks of
 * consecutive frames, each by its best frame.
 */
const COMPARISON_BUDGET = 4_000_000;

/** Part of a stretch whose mean is its evidence: the thing need not be seen well in every frame of its shot. */
const BEST_SHARE = 0.25;

/** A shorter piece than this is not split off: single frames are noisy. */
const MIN_BLOCKS = 2;

/** Frames next to each other that show the same thing, as far as a question is concerned. */
export interface Stretch extends RowSpan {
  /** Log-odds that what was asked is seen here. */
  evidence: number;
  /** Which shot it is of, from 0. */
  shot: number;
}

/**
 * Cuts the input into stretches, at cuts and, within a shot, where the evidence changes for good: something
 * comes into view before a camera that does not move. A clip without either is one stretch.
 *
 * @param evidence log-odds of each frame
 * @param leastStep difference between the means of two stretches of one shot
 * @returns stretches in time order that cover all rows; none for no frames
 */
export function stretchesOf(
  { embeddings, dimension, timesMs, vectors }: SelectionInput,
  evidence: Float64Array,
  leastStep: number,
): Stretch[] {
  const frames = evidence.length;
  if (frames === 0) return [];
  const blockLength = Math.ceil(frames / mostBlocks(dimension));
  const blocks = Math.ceil(frames / blockLength);
  const best = new Uint32Array(blocks);
  const sums = new Float64Array(blocks + 1);
  for (let block = 0; block < blocks; block += 1) {
    best[block] = bestRow(evidence, block * blockLength, Math.min(frames, (block + 1) * blockLength));
    sums[block + 1] = sums[block]! + evidence[best[block]!]!;
  }
  const cuts = vectors
    ? cutsBetween(best, blockLength, { embeddings, dimension, timesMs, vectors })
    : shotChangesAmong(best, embeddings, dimension, timesMs);
  const firsts = [0, ...cuts, blocks];
  const stretches: Stretch[] = [];
  for (let shot = 0; shot + 1 < firsts.length; shot += 1) {
    for (const [start, end] of splitShot(sums, firsts[shot]!, firsts[shot + 1]!, leastStep)) {
      const startRow = start * blockLength;
      const endRow = Math.min(frames, end * blockLength) - 1;
      const own = evidence.subarray(startRow, endRow + 1);
      stretches.push({ startRow, endRow, evidence: meanOfBest(own), shot });
    }
  }
  return stretches;
}

/** Blocks that are looked through for cuts at most. */
export function mostBlocks(dimension: number): number {
  return COMPARISON_BUDGET / dimension;
}

/** First blocks of shots, where only some frames have embeddings of their own: a cut lies before the frame that shows it. */
function cutsBetween(
  best: Uint32Array,
  blockLength: number,
  {
    embeddings,
    dimension,
    timesMs,
    vectors: { rows, areOwn },
  }: Pick<SelectionInput, 'embeddings' | 'dimension' | 'timesMs'> & { vectors: FrameVectors },
): number[] {
  const seen = new Uint32Array(best.length);
  let count = 0;
  best.forEach((bestRow, block) => {
    const end = Math.min(areOwn.length, (block + 1) * blockLength);
    let row = bestRow;
    if (!areOwn[row]) row = areOwn.subarray(block * blockLength, end).indexOf(1) + block * blockLength;
    if (row >= block * blockLength && areOwn[row]) seen[count++] = row;
  });
  const shown = seen.subarray(0, count);
  return shotChangesAmong(shown, embeddings, dimension, timesMs, rows).map((at) =>
    Math.floor(shown[at]! / blockLength),
  );
}

/**
 * Binary segmentation: splits [start, end) where that explains most of the variance, again and again, as long as the
 * means on both sides differ by at least `leastStep`.
 *
 * @param sums running sums of the values, from 0
 */
function splitShot(sums: Float64Array, start: number, end: number, leastStep: number): [number, number][] {
  const meanOf = (from: number, to: number): number => (sums[to]! - sums[from]!) / (to - from);
  const pieces: [number, number][] = [];
  const open: [number, number][] = [[start, end]];
  for (let piece = open.pop(); piece; piece = open.pop()) {
    const [from, to] = piece;
    let split = -1;
    let mostExplained = 0;
    for (let at = from + MIN_BLOCKS; at <= to - MIN_BLOCKS; at += 1) {
      const step = Math.abs(meanOf(from, at) - meanOf(at, to));
      const explained = (step * step * (at - from) * (to - at)) / (to - from);
      if (step >= leastStep && explained > mostExplained) {
        split = at;
        mostExplained = explained;
      }
    }
    const cuts = split === -1 ? findBump(sums, from, to, leastStep) : [split];
    if (cuts.length === 0) pieces.push(piece);
    // The earliest part last, so that it is taken up first and pieces come in time order.
    const bounds = [from, ...cuts, to];
    for (let part = cuts.length; part >= 0 && cuts.length > 0; part -= 1) {
      open.push([bounds[part]!, bounds[part + 1]!]);
    }
  }
  return pieces;
}

/**
 * Where a short part of [start, end) begins and ends whose mean is at least `leastStep` above that of the rest; none when
 * there is no such part. One cut does not find it: beside a long rest, neither side of either cut differs enough.
 */
function findBump(sums: Float64Array, start: number, end: number, leastStep: number): number[] {
  const level = (sums[end]! - sums[start]!) / (end - start) + leastStep / 2;
  let [from, to, highest] = [start, start, 0];
  let [begin, sum] = [start, 0];
  for (let at = start; at < end; at += 1) {
    sum += sums[at + 1]! - sums[at]! - level;
    if (sum <= 0) [begin, sum] = [at + 1, 0];
    else if (sum > highest) [from, to, highest] = [begin, at + 1, sum];
  }
  const inside = to - from;
  if (inside < MIN_BLOCKS || inside === end - start) return [];
  const bump = sums[to]! - sums[from]!;
  const rest = sums[end]! - sums[start]! - bump;
  if (bump / inside - rest / (end - start - inside) < leastStep) return [];
  return [from, to].filter((cut) => cut > start && cut < end);
}

function meanOfBest(evidence: Float64Array): number {
  const taken = Math.max(1, Math.round(BEST_SHARE * evidence.length));
  const best = evidence.toSorted().subarray(evidence.length - taken);
  return best.reduce((sum, value) => sum + value, 0) / taken;
}

/** The row of the highest value in [start, end), the earlier of equals. */
function bestRow(values: Float64Array, start: number, end: number): number {
  let best = start;
  for (let row = start + 1; row < end; row += 1) if (values[row]! > values[best]!) best = row;
  return best;
}
