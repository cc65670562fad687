import { dotAt } from '@/lib/shared/vectors';
import type { SelectedFrame, SelectionInput, SelectionStrategy } from './strategy';

/**
 * Two frames with a cosine above this show the same thing for a person's eye. The server's diversity
 * threshold, so that both leave out the same frames.
 */
export const NEAR_DUPLICATE_COSINE = 0.92;

/**
 * The most relevant frames, each different from those before it: goes down the ranking and folds a
 * frame into a better one when the two are near-duplicates. Fewer than `count` come back when the clip
 * holds fewer different pictures. Ties go to the earlier frame.
 */
export const topDistinct: SelectionStrategy = {
  id: 'top-distinct',
  name: 'Most relevant, no near-duplicates',
  select: selectTopDistinct,
};

function selectTopDistinct({ vectors, dimension, scores, count }: SelectionInput): SelectedFrame[] {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`count must be a whole number ≥ 0, not ${count}.`);
  const ranking = Array.from(scores, (_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const chosen: SelectedFrame[] = [];
  for (const row of ranking) {
    const vector = vectors.subarray(row * dimension, (row + 1) * dimension);
    const twin = chosen.find(
      (frame) => dotAt(vectors, frame.row * dimension, vector) > NEAR_DUPLICATE_COSINE,
    );
    if (twin) twin.similar.push(row);
    else if (chosen.length < count)
      chosen.push({ row, score: scores[row]!, rank: chosen.length + 1, similar: [] });
  }
  return chosen;
}
