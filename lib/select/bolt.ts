import { minMaxed, topUp } from './ranking';
import type { SelectionStrategy } from './selection';
import { simpleStrategy } from './simple-strategy';

/** The paper finds 2.5 to 3 best, and of these 3 is better on the training half of the evaluation. */
const ALPHA = 3;

/**
 * Inverse-transform sampling (BOLT, CVPR 2025, arXiv 2503.21483): frames are drawn in proportion to minmax(score)^α, at
 * the fixed quantiles (k + 0.5) / N of their sum over time, so that the result is the same every time.
 *
 * Differs from the published code where that fails: several quantiles can fall on one frame that stands out, and it
 * then gives that frame several times. Here the places are filled with the best of the other frames.
 *
 * @param alpha > 0; the higher, the closer to the best frames alone
 */
export function boltWith(alpha: number): SelectionStrategy {
  return simpleStrategy(
    {
      id: 'bolt',
      name: 'Drawn by relevance (BOLT)',
      summary: 'More frames where the match is better, some everywhere else.',
    },
    ({ scores }, count) => {
      const weights = minMaxed(scores);
      let total = 0;
      for (let row = 0; row < weights.length; row += 1) {
        weights[row] = weights[row]! ** alpha;
        total += weights[row]!;
      }
      const rows: number[] = [];
      let row = 0;
      let sum = weights[0]!;
      for (let k = 0; k < count; k += 1) {
        const quantile = ((k + 0.5) / count) * total;
        // Rounding can leave the running sum just below the last quantile: stay in the clip.
        while (sum < quantile && row < weights.length - 1) {
          row += 1;
          sum += weights[row]!;
        }
        if (rows.at(-1) !== row) rows.push(row);
      }
      return topUp(rows, scores, count);
    },
  );
}

export const bolt = boltWith(ALPHA);
