import type { ClipCurve } from '@/lib/ports/search';

/** Points of one clip's curve: about as many as a wide screen has pixels. */
const MAX_CURVE_POINTS = 4000;

/** The rows that stand for all in a curve of at most `points` points: of each stretch the one with the highest score. */
export function curveRows(scores: Float32Array, points = MAX_CURVE_POINTS): Int32Array<ArrayBuffer> {
  const rows = scores.length;
  if (rows <= points) return Int32Array.from({ length: rows }, (_, row) => row);
  return Int32Array.from({ length: points }, (_, point) => {
    const end = Math.floor(((point + 1) * rows) / points);
    let best = Math.floor((point * rows) / points);
    for (let row = best + 1; row < end; row += 1) if (scores[row]! > scores[best]!) best = row;
    return best;
  });
}

/**
 * A clip's curve from the scores of all its frames.
 *
 * @param timesMs where each frame is in the clip, never falling
 * @param spansMs start and end of each frame's picture; NaN where nobody knows
 * @param shotChanges first rows of shots
 */
export function clipCurve(
  clipId: string,
  frameIndexes: Int32Array<ArrayBuffer>,
  timesMs: Float64Array,
  spansMs: Float64Array<ArrayBuffer>,
  scores: Float32Array<ArrayBuffer>,
  likelihoods: Float32Array<ArrayBuffer> | null,
  shotChanges: readonly number[],
): ClipCurve {
  const shotChangesMs = shotChanges.map((row) => timesMs[row]!);
  if (scores.length <= MAX_CURVE_POINTS) {
    return {
      clipId,
      timestampsMs: Int32Array.from(timesMs),
      spansMs: spansMs.slice(),
      frameIndexes: frameIndexes.slice(),
      scores: scores.slice(),
      likelihoods: likelihoods?.slice() ?? null,
      shotChangesMs,
    };
  }
  const rows = curveRows(scores);
  return {
    clipId,
    timestampsMs: rows.map((row) => timesMs[row]!),
    spansMs: Float64Array.from({ length: 2 * rows.length }, (_, i) => spansMs[2 * rows[i >> 1]! + (i & 1)]!),
    frameIndexes: rows.map((row) => frameIndexes[row]!),
    scores: Float32Array.from(rows, (row) => scores[row]!),
    likelihoods: likelihoods && Float32Array.from(rows, (row) => likelihoods[row]!),
    shotChangesMs,
  };
}
