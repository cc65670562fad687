import { minMaxed } from './ranking';
import type { SelectionStrategy } from './selection';
import { comparisonPool, frameCosine } from './similarity';
import { simpleStrategy } from './simple-strategy';

/** Best of 0.3 to 0.9 on the training half of the evaluation (docs/decisions/016-auto-selection.md). */
const LAMBDA = 0.7;

/**
 * Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): again and again the frame with the highest
 * λ·relevance − (1−λ)·similarity, where similarity is the highest cosine with a frame that is picked already. Both are
 * min-maxed over the candidates first: raw cosines of a text with frames span 0.1 and those of frames with each other
 * 0.5, and λ would mean nothing.
 *
 * Candidates are the highest-scored frames only, as many as can be compared with every pick in time (see
 * comparisonPool); for a clip of ordinary length that is all of them.
 *
 * @param lambda 0 (difference alone) … 1 (relevance alone, which is top-k)
 */
export function mmrWith(lambda: number): SelectionStrategy {
  return simpleStrategy(
    {
      id: 'mmr',
      name: 'Relevant and different (MMR)',
      summary: 'Each frame as relevant, and as unlike those before it, as can be.',
    },
    (input, count) => {
      const { dimension, scores } = input;
      const pool = comparisonPool(scores, dimension, count);
      const relevance = minMaxed(Float32Array.from(pool, (row) => scores[row]!));
      const similarity = new Float64Array(pool.length).fill(-Infinity);
      const isPicked = new Uint8Array(pool.length);
      const picked = [0];
      isPicked[0] = 1;
      while (picked.length < count) {
        const last = pool[picked.at(-1)!]!;
        let lowest = Infinity;
        let highest = -Infinity;
        for (let index = 0; index < pool.length; index += 1) {
          if (isPicked[index]) continue;
          const cosine = frameCosine(input, pool[index]!, last);
          const nearest = Math.max(similarity[index]!, cosine);
          similarity[index] = nearest;
          lowest = Math.min(lowest, nearest);
          highest = Math.max(highest, nearest);
        }
        const scale = highest > lowest ? (1 - lambda) / (highest - lowest) : 0;
        let best = -1;
        let bestValue = -Infinity;
        for (let index = 0; index < pool.length; index += 1) {
          if (isPicked[index]) continue;
          const value = lambda * relevance[index]! - scale * (similarity[index]! - lowest);
          // The pool is in order of rank, which is the order of time among equal scores.
          if (value > bestValue || (value === bestValue && pool[index]! < pool[best]!)) {
            best = index;
            bestValue = value;
          }
        }
        isPicked[best] = 1;
        picked.push(best);
      }
      return picked.map((index) => pool[index]!);
    },
  );
}

export const mmr = mmrWith(LAMBDA);
