import type { FrameVectors, SelectionInput } from './selection';

/**
 * Refuses what no strategy can choose from. Embeddings are not looked through: that would cost more than choosing, and
 * an embedding that is not finite gives a score that is not either.
 *
 * @throws RangeError when `count` is no whole number ≥ 0, when the arrays do not fit together, when a score, time or
 * likelihood is not a finite number, or when times do not ascend
 */
export function checkInput(input: SelectionInput, count: number): void {
  const { embeddings, dimension, scores, timesMs, likelihoods, levels, vectors } = input;
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`count must be a whole number ≥ 0, not ${count}.`);
  }
  if (!Number.isInteger(dimension) || dimension < 1) {
    throw new RangeError(`dimension must be a whole number ≥ 1, not ${dimension}.`);
  }
  const frames = scores.length;
  if (vectors) checkVectors(vectors, frames, embeddings.length / dimension);
  else if (embeddings.length !== frames * dimension) {
    throw new RangeError(
      `${frames} frames of ${dimension} numbers need ${frames * dimension}, not ${embeddings.length}.`,
    );
  }
  if (timesMs.length !== frames)
    throw new RangeError(`${frames} frames need as many times, not ${timesMs.length}.`);
  refuseNonFinite(scores, 'Score');
  refuseNonFinite(timesMs, 'Time');
  for (let row = 1; row < frames; row += 1) {
    if (timesMs[row]! < timesMs[row - 1]!) throw new RangeError(`Time ${row} is before the one it follows.`);
  }
  if ((likelihoods === null) !== (levels === null)) {
    throw new RangeError('likelihoods and levels come together or not at all.');
  }
  if (likelihoods === null) return;
  if (likelihoods.length !== frames) {
    throw new RangeError(`${frames} frames need as many likelihoods, not ${likelihoods.length}.`);
  }
  refuseNonFinite(likelihoods, 'Likelihood');
}

function checkVectors({ rows, areOwn }: FrameVectors, frames: number, embeddings: number): void {
  if (rows.length !== frames || areOwn.length !== frames) {
    throw new RangeError(`${frames} frames need as many rows of embeddings, not ${rows.length}.`);
  }
  if (!rows.every((row) => row >= 0 && row < embeddings)) {
    throw new RangeError(`A frame names an embedding that is none of ${embeddings}.`);
  }
}

function refuseNonFinite(numbers: Float32Array | Float64Array, what: string): void {
  for (let row = 0; row < numbers.length; row += 1) {
    if (!Number.isFinite(numbers[row])) {
      throw new RangeError(`${what} ${row} is ${numbers[row]}; only finite numbers can be compared.`);
    }
  }
}
