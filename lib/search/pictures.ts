import { dotAt } from '@/lib/shared/vectors';

/**
 * Frames with spans that follow each other and are at least so alike show one picture, also where the clip holds it as
 * many: a screen recorded at a constant rate, on which nothing moves.
 */
const SAME_PICTURE_COSINE = 0.99999;

/**
 * For each frame of a clip the first frame of its picture: a picture that stands still was looked at several times.
 *
 * @param spansMs start and end of each frame's picture, NaN where nobody knows, as in PackedEmbeddings
 * @param embeddings rows of unit length, row-major
 * @param vectorRows frames that have a row of `embeddings`, ascending; all without it
 */
export function firstRowsOfPictures(
  spansMs: Float64Array,
  embeddings: Float32Array,
  dimension: number,
  vectorRows?: Int32Array,
): Int32Array<ArrayBuffer> {
  const rows = spansMs.length / 2;
  const firsts = new Int32Array(rows);
  const places = vectorRows && new Map(Array.from(vectorRows, (row, place) => [row, place]));
  const placeOf = (row: number) => (places ? places.get(row) : row);
  const looksSame = (row: number) => {
    const [own, before] = [placeOf(row), placeOf(row - 1)];
    if (own === undefined || before === undefined) return false;
    return (
      dotAt(embeddings, own * dimension, embeddings, before * dimension, dimension) >= SAME_PICTURE_COSINE
    );
  };
  for (let row = 1; row < rows; row += 1) {
    const [startMs, endMs] = [spansMs[2 * row]!, spansMs[2 * row + 1]!];
    const [startBeforeMs, endBeforeMs] = [spansMs[2 * row - 2]!, spansMs[2 * row - 1]!];
    const areKnown = startMs < endMs && startBeforeMs < endBeforeMs;
    const isSame = areKnown && ((startMs === startBeforeMs && endMs === endBeforeMs) || looksSame(row));
    firsts[row] = isSame ? firsts[row - 1]! : row;
  }
  return firsts;
}
