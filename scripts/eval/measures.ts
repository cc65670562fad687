/**
 * Measures of a selection against known scenes, without a language model: those of KFS-Bench (Li et al., WACV 2026,
 * arXiv 2512.14017; https://github.com/NEC-VID/KFS-Bench).
 *
 * Three of them make the combined measure, the cube root of their product: key-frame rate, scene hit rate and balance.
 * KFS-Bench's own combination, UKSS, has "balanced scene recall" where the scene hit rate is here; it is measured too.
 */
import type { Span } from './clip-file';

export interface Measures {
  /** Share of picks that lie in a true scene. */
  keyFrameRate: number;
  /** Share of true scenes with a pick. */
  sceneHitRate: number;
  /** KFS-Bench's balanced distribution similarity; see balanceOf. */
  balance: number;
  /** Cube root of the product of these three. */
  combined: number;
  /** KFS-Bench's unified keyframe sampling score. */
  ukss: number;
}

/** Lengths count from not at all (all scenes alike) to in full (picks in proportion to length), in so many steps. */
const LENGTH_STEPS = 10;

/**
 * How well picks are spread over scenes, 0…1: the highest cosine between the picks of each scene and the scenes'
 * lengths to a power of 0, 0.1 … 1. Picks that are the same for all scenes and picks in proportion to their lengths are
 * both perfect. 0 without picks.
 *
 * @param picks how many picks lie in each scene
 * @param lengths how long each scene is, in any unit, more than 0
 */
export function balanceOf(picks: readonly number[], lengths: readonly number[]): number {
  if (picks.length !== lengths.length) throw new RangeError('There must be a length for each scene.');
  const norm = (values: readonly number[]): number => Math.hypot(...values);
  const ofPicks = norm(picks);
  if (ofPicks === 0) return 0;
  let best = 0;
  for (let step = 0; step <= LENGTH_STEPS; step += 1) {
    const wanted = lengths.map((length) => length ** (step / LENGTH_STEPS));
    const product = picks.reduce((sum, count, scene) => sum + count * wanted[scene]!, 0);
    best = Math.max(best, product / (ofPicks * norm(wanted)));
  }
  return Math.min(1, best);
}

/**
 * Share of scenes with as many picks as are due to them: of all true picks the lesser of an equal share and a share in
 * proportion to length, rounded down, but at least one.
 */
export function balancedSceneRecallOf(picks: readonly number[], lengths: readonly number[]): number {
  const truePicks = picks.reduce((sum, count) => sum + count, 0);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const enough = picks.filter((count, scene) => {
    const due = Math.floor(truePicks * Math.min(lengths[scene]! / total, 1 / picks.length));
    return count >= Math.max(1, due);
  });
  return enough.length / picks.length;
}

/**
 * @param pickedMs times of the picks, at least one
 * @param scenes the true scenes, at least one; a pick lies in one when startMs ≤ time < endMs
 */
export function measure(pickedMs: readonly number[], scenes: readonly Span[]): Measures {
  if (pickedMs.length === 0 || scenes.length === 0) {
    throw new RangeError('Measures need at least one pick and one true scene.');
  }
  const picks = scenes.map(
    ({ startMs, endMs }) => pickedMs.filter((timeMs) => timeMs >= startMs && timeMs < endMs).length,
  );
  const lengths = scenes.map(({ startMs, endMs }) => endMs - startMs);
  const keyFrameRate = picks.reduce((sum, count) => sum + count, 0) / pickedMs.length;
  const sceneHitRate = picks.filter((count) => count > 0).length / scenes.length;
  const balance = balanceOf(picks, lengths);
  return {
    keyFrameRate,
    sceneHitRate,
    balance,
    combined: Math.cbrt(keyFrameRate * sceneHitRate * balance),
    ukss: Math.cbrt(keyFrameRate * balancedSceneRecallOf(picks, lengths) * balance),
  };
}

/**
 * Rows of a selection that knows the truth: every scene in turn gets a pick, spread over it, until it has no frames
 * left; the rest is other frames. No selection can have a higher key-frame rate or scene hit rate.
 */
export function selectByTruth(timesMs: Float64Array, scenes: readonly Span[], count: number): number[] {
  const wanted = Math.min(count, timesMs.length);
  const inside = scenes.map(({ startMs, endMs }) =>
    Array.from(timesMs.keys()).filter((row) => timesMs[row]! >= startMs && timesMs[row]! < endMs),
  );
  const quotas = inside.map(() => 0);
  let left = wanted;
  for (let given = -1; given !== 0 && left > 0; left -= given) {
    given = 0;
    for (const [scene, rows] of inside.entries()) {
      if (given === left || quotas[scene] === rows.length) continue;
      quotas[scene]! += 1;
      given += 1;
    }
  }
  const chosen = new Set(
    inside.flatMap((rows, scene) => {
      const quota = quotas[scene]!;
      return Array.from(
        { length: quota },
        (_, index) => rows[Math.floor(((index + 0.5) * rows.length) / quota)]!,
      );
    }),
  );
  for (let row = 0; row < timesMs.length && chosen.size < wanted; row += 1) chosen.add(row);
  return [...chosen].sort((a, b) => a - b);
}
