import { rowCosine } from './similarity';

/**
 * How far apart (1 − cosine) two consecutive frames of a calm clip must be to count as a cut. Within the
 * shots of the real clips that this was looked up on, the most is 0.45, in a restless one; over a cut the least is 0.47.
 */
const MIN_CHANGE = 0.3;

/** Frames that are this far apart show different things however restless the clip is. */
const SURE_CHANGE = 0.75;

/** How many robust deviations above its median a clip's own restlessness raises the least change. */
const DEVIATIONS = 2;

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_DEVIATION = 1.4826;

/** Steps in time that are this many times the usual one say nothing about how restless the clip is. */
const MAX_STEP_FACTOR = 2;

/**
 * The first row of each shot but the first, ascending, from the cosines of consecutive frames. What counts as a change
 * adapts to the clip: a hand-held camera moves more between two frames than a fixed one sees in a minute. Of
 * changes in a row, as a cross-fade gives them, only the largest counts. A clip of one shot gives none.
 *
 * @param embeddings row-major [frames, dimension], rows of unit length
 * @param timesMs ascending, one of each frame
 * @throws RangeError when the arrays do not fit together or a number is not finite
 */
export function shotChanges(embeddings: Float32Array, dimension: number, timesMs: Float64Array): number[] {
  const frames = timesMs.length;
  if (embeddings.length !== frames * dimension) {
    throw new RangeError(
      `${frames} frames of ${dimension} numbers need ${frames * dimension}, not ${embeddings.length}.`,
    );
  }
  return shotChangesAmong(Uint32Array.from(timesMs.keys()), embeddings, dimension, timesMs);
}

/**
 * The same among some rows, ascending, as positions in `rows`.
 *
 * @param vectorRows row of `embeddings` for each row; the same without it
 */
export function shotChangesAmong(
  rows: Uint32Array,
  embeddings: Float32Array,
  dimension: number,
  timesMs: Float64Array,
  vectorRows?: Int32Array,
): number[] {
  const cosines = Float64Array.from(rows, (row, index) => {
    if (index === 0) return 1;
    const before = rows[index - 1]!;
    return rowCosine(embeddings, dimension, vectorRows?.[before] ?? before, vectorRows?.[row] ?? row);
  });
  return shotChangesOf(
    cosines,
    Float64Array.from(rows, (row) => timesMs[row]!),
  );
}

/**
 * The same from the cosine of each frame with the one before it.
 *
 * @param cosines the first is of nothing
 * @param timesMs ascending, one of each frame
 */
export function shotChangesOf(cosines: Float32Array | Float64Array, timesMs: Float64Array): number[] {
  if (cosines.length < 2) return [];
  /** changes[i] is between frames i and i + 1. */
  const changes = new Float64Array(cosines.length - 1);
  const steps = new Float64Array(cosines.length - 1);
  for (let index = 0; index < changes.length; index += 1) {
    changes[index] = 1 - cosines[index + 1]!;
    steps[index] = timesMs[index + 1]! - timesMs[index]!;
  }
  const longest = MAX_STEP_FACTOR * median(steps);
  const usual = changes.filter((_, index) => steps[index]! <= longest);
  const centre = median(usual);
  const deviation = MAD_TO_DEVIATION * median(usual.map((change) => Math.abs(change - centre)));
  const threshold = Math.min(SURE_CHANGE, MIN_CHANGE + centre + DEVIATIONS * deviation);

  const firsts: number[] = [];
  for (let index = 0; index < changes.length; index += 1) {
    const change = changes[index]!;
    const isPeak = change >= (changes[index - 1] ?? 0) && change > (changes[index + 1] ?? 0);
    if (change >= threshold && isPeak) firsts.push(index + 1);
  }
  return firsts;
}

function median(numbers: Float64Array): number {
  const sorted = numbers.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
