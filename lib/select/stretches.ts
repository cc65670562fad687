import { shotChangesAmong, shotChangesOf } from './shot-changes';
import type { RowSpan, SelectionInput } from './selection';

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
 * Cuts the input into stretches: where a clip begins, at cuts and, within a shot, where the evidence changes for good, as when
 * something comes into view before a camera that does not move. A clip without either is one stretch. Each clip is
 * cut as it would be alone, so that an answer does not depend on which others are asked.
 *
 * @param evidence log-odds of each frame
 * @param leastStep difference between the means of two stretches of one shot
 * @returns stretches in time order that cover all rows; none for no frames
 */
export function stretchesOf(input: SelectionInput, evidence: Float64Array, leastStep: number): Stretch[] {
  const frames = evidence.length;
  const blockLength = Math.ceil(frames / mostBlocks(input.dimension));
  const starts = frames === 0 ? [] : (input.clipStarts ?? [0]);
  const stretches: Stretch[] = [];
  let shot = 0;
  starts.forEach((first, clip) => {
    const blocks = blocksOf(evidence, blockLength, first, starts[clip + 1] ?? frames);
    const sums = new Float64Array(blocks.length + 1);
    blocks.forEach(({ best }, i) => (sums[i + 1] = sums[i]! + evidence[best]!));
    const firsts = [0, ...cutsBetween(blocks, input), blocks.length];
    for (let i = 0; i + 1 < firsts.length; i += 1, shot += 1) {
      for (const [start, end] of splitShot(sums, firsts[i]!, firsts[i + 1]!, leastStep)) {
        const { startRow } = blocks[start]!;
        const { endRow } = blocks[end - 1]!;
        const own = evidence.subarray(startRow, endRow + 1);
        stretches.push({ startRow, endRow, evidence: meanOfBest(own), shot });
      }
    }
  });
  return stretches;
}

/** Consecutive frames of a clip that are looked at by the best of them. */
interface Block extends RowSpan {
  best: number;
}

/** The frames of [first, end) in blocks. */
function blocksOf(evidence: Float64Array, length: number, first: number, end: number): Block[] {
  const blocks: Block[] = [];
  for (let startRow = first; startRow < end; startRow += length) {
    const endRow = Math.min(end, startRow + length) - 1;
    blocks.push({ startRow, endRow, best: bestRow(evidence, startRow, endRow + 1) });
  }
  return blocks;
}

/** Blocks that are looked through for cuts at most. */
export function mostBlocks(dimension: number): number {
  return COMPARISON_BUDGET / dimension;
}

/** First blocks of a clip's shots but the first. Where only some frames have embeddings, a cut lies before the one that shows it. */
function cutsBetween(
  blocks: readonly Block[],
  { embeddings, dimension, timesMs, vectors }: SelectionInput,
): number[] {
  if (!vectors) {
    const rows = Uint32Array.from(blocks, ({ best }) => best);
    return shotChangesAmong(rows, embeddings, dimension, timesMs);
  }
  const { rows, areOwn, steps } = vectors;
  const [first] = blocks;
  // Where each frame is a block, all neighbours were compared already.
  if (first && blocks.every(({ startRow, endRow }) => startRow === endRow)) {
    const own = subarrayOf(blocks, first.startRow);
    return shotChangesOf(own(steps), own(timesMs));
  }
  const seen = blocks.flatMap(({ startRow, endRow, best }, block) => {
    const other = areOwn[best] ? 0 : areOwn.subarray(startRow, endRow + 1).indexOf(1);
    if (other < 0) return [];
    return [{ block, row: areOwn[best] ? best : startRow + other }];
  });
  const shown = Uint32Array.from(seen, ({ row }) => row);
  return shotChangesAmong(shown, embeddings, dimension, timesMs, rows).map((at) => seen[at]!.block);
}

/** Takes of numbers of all rows those of the blocks, of a row each. */
function subarrayOf(blocks: readonly Block[], first: number) {
  return <T extends Float32Array | Float64Array>(numbers: T): T =>
    numbers.subarray(first, first + blocks.length) as T;
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
