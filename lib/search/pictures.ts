/**
 * Frames with spans that follow each other and are at least so alike show one picture, also where the clip holds it as
 * many: a screen recorded at a constant rate, on which nothing moves.
 */
const SAME_PICTURE_COSINE = 0.99999;

/**
 * For each frame of a clip the first frame of its picture: a picture that stands still was looked at several times.
 *
 * @param spansMs start and end of each frame's picture, NaN where nobody knows, as in PackedEmbeddings
 * @param steps cosine of a frame with the one before it
 */
export function firstRowsOfPictures(
  spansMs: Float64Array,
  steps: (row: number) => number,
): Int32Array<ArrayBuffer> {
  const rows = spansMs.length / 2;
  const firsts = new Int32Array(rows);
  for (let row = 1; row < rows; row += 1) {
    const [startMs, endMs] = [spansMs[2 * row]!, spansMs[2 * row + 1]!];
    const [startBeforeMs, endBeforeMs] = [spansMs[2 * row - 2]!, spansMs[2 * row - 1]!];
    const areKnown = startMs < endMs && startBeforeMs < endBeforeMs;
    const isSame =
      areKnown && ((startMs === startBeforeMs && endMs === endBeforeMs) || steps(row) >= SAME_PICTURE_COSINE);
    firsts[row] = isSame ? firsts[row - 1]! : row;
  }
  return firsts;
}
