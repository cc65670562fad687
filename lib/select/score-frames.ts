import { dotAt } from '@/lib/shared/vectors';

/**
 * Cosine of every frame with the question.
 *
 * @param vectors row-major [frames, query.length], rows of unit length
 * @param query unit length
 * @returns float32 [frames], −1…1
 */
export function scoreFrames(vectors: Float32Array, query: Float32Array): Float32Array<ArrayBuffer> {
  if (vectors.length % query.length !== 0) {
    throw new RangeError(`${vectors.length} numbers are no whole rows of ${query.length}.`);
  }
  const scores = new Float32Array(vectors.length / query.length);
  for (let row = 0; row < scores.length; row += 1) scores[row] = dotAt(vectors, row * query.length, query);
  return scores;
}
