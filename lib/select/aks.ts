import { minMaxed, topRows } from './ranking';
import type { SelectionStrategy } from './selection';
import { simpleStrategy } from './simple-strategy';

/** How far the mean of a part's best frames must stand above the part's mean, in min-maxed scores. */
const THRESHOLD = 0.4;

/** As in the paper's code. */
const MAX_DEPTH = 5;

/**
 * Adaptive keyframe sampling, split and judge (AKS, CVPR 2025, arXiv 2502.21271). A part of the clip with a quota of m
 * frames is judged: when its best m stand out from its mean, they are taken; otherwise part and quota are split in two,
 * down to parts that are not split any more, which give their best.
 *
 * Differs from the published code where that fails. It splits quotas by rounding down, so that fewer than 32 frames
 * become none at depth 5: here one half takes the rest (the one with the better best frame), and splitting ends at
 * depth log2 of the quota. Its threshold of 0.8 never fires on scores like CLIP's, which makes it "the best of each
 * part": THRESHOLD is from the evaluation (docs/decisions/016-auto-selection.md). Flat scores, where it divides by
 * zero, give the clip spread evenly.
 *
 * @param threshold of min-maxed scores, 0…1
 */
export function aksWith(threshold: number): SelectionStrategy {
  return simpleStrategy(
    {
      id: 'aks',
      name: 'Split and judge (AKS)',
      summary: 'Takes the peaks of a part that has some, and splits a part that has none.',
    },
    ({ scores }, count) => {
      const scaled = minMaxed(scores);
      const maxDepth = Math.min(MAX_DEPTH, Math.floor(Math.log2(count)));
      const meanOf = (rows: readonly number[]): number =>
        rows.reduce((sum, row) => sum + scaled[row]!, 0) / rows.length;

      const choose = (start: number, end: number, quota: number, depth: number): number[] => {
        if (quota === 0) return [];
        const best = topRows(scaled, quota, start, end);
        if (depth === maxDepth || quota === end - start) return best;
        let sum = 0;
        for (let row = start; row < end; row += 1) sum += scaled[row]!;
        if (meanOf(best) - sum / (end - start) > threshold) return best;

        const middle = start + Math.ceil((end - start) / 2);
        const half = Math.floor(quota / 2);
        const rest = quota % 2;
        const toFirst = Math.min(middle - start, half + (best[0]! < middle ? rest : 0));
        const toSecond = Math.min(end - middle, quota - toFirst);
        return [
          ...choose(start, middle, quota - toSecond, depth + 1),
          ...choose(middle, end, toSecond, depth + 1),
        ];
      };
      return choose(0, scores.length, count, 0);
    },
  );
}

export const aks = aksWith(THRESHOLD);
