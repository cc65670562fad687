import type { KindCalibration } from '@/lib/ports/encoder';
import { dotAt } from '@/lib/shared/vectors';

/**
 * How likely each frame shows what a query asks for, 0…1, from its cosines.
 *
 * @param query its embedding, of unit length
 */
export function likelihoodsOf(
  cosines: Float32Array,
  { slope, intercept, common }: KindCalibration,
  query: Float32Array,
): Float32Array<ArrayBuffer> {
  const level = common ? dotAt(query, 0, Float32Array.from(common)) : 0;
  const likelihoods = new Float32Array(cosines.length);
  for (let row = 0; row < cosines.length; row += 1) {
    likelihoods[row] = 1 / (1 + Math.exp(-(slope * (cosines[row]! - level) + intercept)));
  }
  return likelihoods;
}
