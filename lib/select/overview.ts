import { shotChanges } from './shot-changes';

/** A frame that stands for a stretch of a clip, all of its rows in [firstRow, lastRow]. */
interface OverviewFrame {
  row: number;
  firstRow: number;
  lastRow: number;
}

/** Where a clip changes, and by how much: 1 − cosine of what lies before with what comes after. */
interface OverviewChange {
  /** The first row of what comes after. */
  row: number;
  amount: number;
}

export interface Overview {
  /** In time order. */
  frames: OverviewFrame[];
  /** The greatest changes, in time order. */
  changes: OverviewChange[];
}

/** Shots among which the overview chooses; of a clip with more, the longest. */
const MAX_SHOTS = 96;

/** Changes that are told of: more would be all of them. */
const MAX_CHANGES = 3;

/** A change below this is a camera that moves, or noise. */
const LEAST_CHANGE = 0.1;

/** Rows of a clip, [first, end), with the sum of their embeddings. */
interface Stretch {
  first: number;
  end: number;
  sum: Float64Array;
}

/**
 * The frames that sum up a clip, from its embeddings alone: the medoid of each shot, of the shots that together stand for
 * the most of it where there are more than `count`; where there are fewer, shots are parted where their halves differ
 * most. The same embeddings give the same frames.
 *
 * @param embeddings row-major [frames, dimension], rows of unit length
 * @param timesMs ascending, one of each frame
 * @returns min(count, frames) frames
 */
export function overview(
  embeddings: Float32Array,
  dimension: number,
  timesMs: Float64Array,
  count: number,
): Overview {
  const frames = timesMs.length;
  if (frames === 0 || count < 1) return { frames: [], changes: [] };
  const firsts = [0, ...shotChanges(embeddings, dimension, timesMs), frames];
  const shots = firsts
    .slice(0, -1)
    .map((first, i) => stretchOf(embeddings, dimension, first, firsts[i + 1]!));
  const wanted = Math.min(count, frames);
  const stretches =
    shots.length > wanted
      ? mostTelling(shots, embeddings, dimension, wanted)
      : partUntil(shots, embeddings, dimension, wanted);
  return {
    frames: stretches.map(({ first, end, sum }) => ({
      row: medoid(embeddings, dimension, first, end, sum),
      firstRow: first,
      lastRow: end - 1,
    })),
    changes: greatestChanges(shots.length > 1 ? shots : stretches),
  };
}

function stretchOf(embeddings: Float32Array, dimension: number, first: number, end: number): Stretch {
  const sum = new Float64Array(dimension);
  for (let row = first; row < end; row += 1) {
    for (let i = 0; i < dimension; i += 1) sum[i]! += embeddings[row * dimension + i]!;
  }
  return { first, end, sum };
}

/** The row that is nearest to all others of its stretch: for embeddings, the one nearest to their sum. Ties go to the first. */
function medoid(
  embeddings: Float32Array,
  dimension: number,
  first: number,
  end: number,
  sum: Float64Array,
): number {
  let best = first;
  let bestDot = -Infinity;
  for (let row = first; row < end; row += 1) {
    let dot = 0;
    for (let i = 0; i < dimension; i += 1) dot += embeddings[row * dimension + i]! * sum[i]!;
    // Rounding must not choose between frames that are alike.
    if (dot > bestDot + 1e-9) {
      best = row;
      bestDot = dot;
    }
  }
  return best;
}

/** Of many shots those that stand for the most of the clip together: each time the one that adds most (facility location). */
function mostTelling(
  shots: readonly Stretch[],
  embeddings: Float32Array,
  dimension: number,
  count: number,
): Stretch[] {
  const longest = [...shots]
    .sort((a, b) => b.end - b.first - (a.end - a.first) || a.first - b.first)
    .slice(0, Math.max(MAX_SHOTS, count));
  const medoids = longest.map(({ first, end, sum }) => medoid(embeddings, dimension, first, end, sum));
  // What a shot's frames have in common with a candidate, summed over them, negative for what is opposed.
  const likeness = longest.map(({ sum }) =>
    medoids.map((row) => {
      let dot = 0;
      for (let i = 0; i < dimension; i += 1) dot += embeddings[row * dimension + i]! * sum[i]!;
      return dot;
    }),
  );
  const covered = longest.map(({ first, end }) => first - end);
  const chosen = new Set<number>();
  while (chosen.size < count) {
    let best = -1;
    let bestGain = -Infinity;
    for (let candidate = 0; candidate < longest.length; candidate += 1) {
      if (chosen.has(candidate)) continue;
      const gain = covered.reduce(
        (sum, already, shot) => sum + Math.max(0, likeness[shot]![candidate]! - already),
        0,
      );
      if (gain > bestGain + 1e-9) {
        best = candidate;
        bestGain = gain;
      }
    }
    chosen.add(best);
    covered.forEach((already, shot) => (covered[shot] = Math.max(already, likeness[shot]![best]!)));
  }
  return Array.from(chosen, (index) => longest[index]!).sort((a, b) => a.first - b.first);
}

interface Parting {
  at: number;
  gain: number;
  left: Float64Array;
}

/** Parts stretches, each time the one whose two parts are most alike within themselves, until there are `count`. */
function partUntil(
  shots: readonly Stretch[],
  embeddings: Float32Array,
  dimension: number,
  count: number,
): Stretch[] {
  const stretches = shots.map((stretch) => ({
    stretch,
    parting: bestParting(stretch, embeddings, dimension),
  }));
  while (stretches.length < count) {
    let best = -1;
    stretches.forEach(({ stretch, parting }, i) => {
      if (!parting) return;
      const other = best < 0 ? null : stretches[best]!;
      const difference = other ? parting.gain - other.parting!.gain : Infinity;
      const isLonger =
        other !== null && stretch.end - stretch.first > other.stretch.end - other.stretch.first;
      if (difference > 1e-9 || (difference > -1e-9 && isLonger)) best = i;
    });
    const { stretch, parting } = stretches[best]!;
    const { at, left } = parting!;
    const right = stretch.sum.map((value, i) => value - left[i]!);
    const parts: Stretch[] = [
      { first: stretch.first, end: at, sum: left },
      { first: at, end: stretch.end, sum: right },
    ];
    stretches.splice(
      best,
      1,
      ...parts.map((part) => ({ stretch: part, parting: bestParting(part, embeddings, dimension) })),
    );
  }
  return stretches.map(({ stretch }) => stretch);
}

/**
 * Where a stretch falls into two that are most alike within: embeddings are the closer to their mean, the longer their
 * sum. Where all places are as good, as in a still picture, in the middle. Null for a single frame.
 */
function bestParting(
  { first, end, sum }: Stretch,
  embeddings: Float32Array,
  dimension: number,
): Parting | null {
  if (end - first < 2) return null;
  const whole = Math.sqrt(squares(sum));
  const left = new Float64Array(dimension);
  const middle = (first + end) / 2;
  let best: Parting | null = null;
  for (let at = first + 1; at < end; at += 1) {
    let leftSquares = 0;
    let rightSquares = 0;
    for (let i = 0; i < dimension; i += 1) {
      const value = left[i]! + embeddings[(at - 1) * dimension + i]!;
      left[i] = value;
      leftSquares += value * value;
      const rest = sum[i]! - value;
      rightSquares += rest * rest;
    }
    const gain = Math.sqrt(leftSquares) + Math.sqrt(rightSquares) - whole;
    const difference = best ? gain - best.gain : Infinity;
    const isCloser = best !== null && Math.abs(at - middle) < Math.abs(best.at - middle);
    if (difference > 1e-6 || (difference > -1e-6 && isCloser)) best = { at, gain, left: left.slice() };
  }
  return best;
}

function greatestChanges(stretches: readonly Stretch[]): OverviewChange[] {
  return stretches
    .slice(1)
    .map(({ first, sum }, i) => ({ row: first, amount: 1 - cosineOf(stretches[i]!.sum, sum) }))
    .filter(({ amount }) => amount >= LEAST_CHANGE)
    .sort((a, b) => b.amount - a.amount || a.row - b.row)
    .slice(0, MAX_CHANGES)
    .sort((a, b) => a.row - b.row);
}

function cosineOf(a: Float64Array, b: Float64Array): number {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return dot / Math.sqrt(squares(a) * squares(b) || 1);
}

function squares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
