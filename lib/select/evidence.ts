import { rangeOf } from './ranking';
import type { RowSpan, SelectionInput } from './selection';

/** Likelihoods are kept this far from 0 and 1, where their log-odds are infinite. */
const MIN_LIKELIHOOD = 1e-6;

/**
 * Where nobody has measured the model, the median frame of a clip and one robust deviation above it count as what they
 * are on average where somebody has (training half of the evaluation, docs/decisions/016-auto-selection.md).
 */
const MEDIAN_EVIDENCE = -5;
const EVIDENCE_A_DEVIATION = 1.4;

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_DEVIATION = 1.4826;

/** Log-odds that a frame shows what was asked. */
export function logOdds(likelihood: number): number {
  const kept = Math.min(1 - MIN_LIKELIHOOD, Math.max(MIN_LIKELIHOOD, likelihood));
  return Math.log(kept / (1 - kept));
}

/**
 * For each frame the log-odds that it shows what was asked: from its likelihood, or, where the model is not calibrated
 * for the question, from how far its score stands out in the clip. The latter knows what fits better, not whether
 * anything fits.
 *
 * @param input its scores are not flat
 */
export function frameEvidence(input: SelectionInput): Float64Array {
  return evidenceOf(input, input.population?.scores ?? input.scores);
}

/** The same of the frames that stand for all that were compared; null where the input is all of them. */
export function populationEvidence({ population }: SelectionInput): Float64Array | null {
  return population ? evidenceOf(population, population.scores) : null;
}

/** @param usual scores that tell how far one stands out */
function evidenceOf(
  { scores, likelihoods }: Pick<SelectionInput, 'scores' | 'likelihoods'>,
  usual: Float32Array,
): Float64Array {
  const evidence = new Float64Array(scores.length);
  // Loops in place of Float64Array.from, which takes five times as long over a hundred thousand frames.
  if (likelihoods && !rangeOf(likelihoods).isFlat) {
    for (let row = 0; row < evidence.length; row += 1) evidence[row] = logOdds(likelihoods[row]!);
    return evidence;
  }
  const middle = medianOf(usual);
  let deviation = MAD_TO_DEVIATION * medianOf(usual.map((score) => Math.abs(score - middle)));
  if (deviation === 0) {
    // More than half of the frames score the same: then the ordinary deviation, which is not 0.
    const squares = usual.reduce((sum, score) => sum + (score - middle) ** 2, 0);
    deviation = Math.sqrt(squares / usual.length);
  }
  for (let row = 0; row < evidence.length; row += 1) {
    evidence[row] = MEDIAN_EVIDENCE + (EVIDENCE_A_DEVIATION * (scores[row]! - middle)) / deviation;
  }
  return evidence;
}

/** The upper middle one. */
export function medianOf(numbers: Float32Array | Float64Array): number {
  return numbers.toSorted()[numbers.length >> 1]!;
}

/** Weight of each neighbour: what is seen is seen for longer than one frame, and a single frame's cosine is noisy. */
const NEIGHBOUR = 0.2;

/** Evidence with that of the frames before and after, never across the end of a stretch. */
export function smoothWithin(stretches: readonly RowSpan[], evidence: Float64Array): Float64Array {
  const smooth = new Float64Array(evidence.length);
  for (const { startRow, endRow } of stretches) {
    for (let row = startRow; row <= endRow; row += 1) {
      const own = evidence[row]!;
      const before = row > startRow ? evidence[row - 1]! : own;
      const after = row < endRow ? evidence[row + 1]! : own;
      smooth[row] = own + NEIGHBOUR * (before + after - 2 * own);
    }
  }
  return smooth;
}
