import { dotProducts } from '../shared/dot-products';

/**
 * Cosine of every frame with each of several questions, which takes little longer than with one.
 *
 * @param embeddings row-major [frames, dimension], rows of unit length
 * @param queries embeddings of unit length, [dimension] each
 * @returns float32 [frames] for each query, −1…1
 * @throws RangeError when the embeddings are no whole rows, or queries differ in length
 */
export function scoreFrames(
  embeddings: Float32Array,
  queries: readonly Float32Array[],
): Float32Array<ArrayBuffer>[] {
  const [first] = queries;
  if (!first) return [];
  const dimension = first.length;
  const matrix = new Float32Array(queries.length * dimension);
  queries.forEach((query, i) => {
    if (query.length !== dimension) {
      throw new RangeError(`Queries of ${dimension} and of ${query.length} numbers do not go together.`);
    }
    matrix.set(query, i * dimension);
  });
  const products = dotProducts(embeddings, matrix, dimension);
  if (queries.length === 1) return [products];
  const frames = products.length / queries.length;
  return queries.map((_, i) => {
    const scores = new Float32Array(frames);
    for (let row = 0; row < frames; row += 1) scores[row] = products[row * queries.length + i]!;
    return scores;
  });
}
