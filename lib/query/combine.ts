/** How well each frame fits one term of a question. */
export interface TermScores {
  /** Not zero; see `Term.weight`. */
  weight: number;
  /** Cosine of the term with every frame. */
  cosines: Float32Array;
  /** How likely each frame shows the term, 0…1; null for pictures and where nobody has measured the model. */
  likelihoods: Float32Array | null;
  isPicture: boolean;
  /** Cosines of frames spread evenly over all that are compared, where `cosines` are of the best clips alone. */
  sample?: Float32Array | undefined;
}

export interface CombinedScores {
  /**
   * One a frame, higher is better: the cosine where the question is one term, otherwise the likelihood of the
   * whole question, or what stands in for it, 0…1.
   */
  scores: Float32Array<ArrayBuffer>;
  /** How likely each frame answers the question; null when a term of it has no likelihoods. */
  likelihoods: Float32Array<ArrayBuffer> | null;
}

/** No frame is taken to show a thing for certain, or not to: one certain term would decide alone. */
const LEAST_LIKELIHOOD = 1e-6;

/** Frames that a median or a deviation is taken from, evenly spread: enough for two digits, and quick for any library. */
export const SAMPLE_FRAMES = 4096;

/**
 * Where nobody has calibrated the model, a frame is as likely as not to show a text whose cosine is so many standard
 * deviations above the median frame's, and with this slope. Measured with the bundled model, its calibration left aside
 * (docs/decisions/019-composed-questions.md).
 */
const TEXT_CENTRE = 2;
const TEXT_SLOPE = 2.5;

/**
 * A picture's cosines run from the median frame's, 0 here, to 1, the picture itself. Frames of the same scene lie
 * above 0.8, those of another below 0.4; a crop finds its frame at 0.75 (same record).
 */
const PICTURE_CENTRE = 0.65;
const PICTURE_SLOPE = 10;

/** Where half a clip looks like the picture, the median is no longer what an unlike frame gives. */
const PICTURE_MEDIAN_LIMIT = 0.7;

/**
 * One score a frame from the scores of a question's terms.
 *
 * Terms are joined in log-likelihoods: Σ w⁺ log p + Σ |w⁻| log (1 − p), divided by the sum of the positive weights, so
 * that a term that is wanted twice as much counts twice, and a negative one takes away only where its thing is likely to be
 * seen. What a frame fits best among the alternatives counts. Cosines themselves must not be added up: those of
 * pictures and of texts have different scales, and a thing that is nowhere in the clip has cosines that differ too.
 *
 * All frames that are to be ranked together must come in one call: what stands in for missing likelihoods
 * refers to the other frames, or to the terms' samples where they have some.
 *
 * @param alternatives terms of each alternative; every array has one number a frame
 * @throws RangeError when there is no alternative, one without a positive term, or arrays differ in length
 */
export function combineScores(alternatives: TermScores[][]): CombinedScores {
  const terms = alternatives.flat();
  const frames = terms[0]?.cosines.length ?? 0;
  check(alternatives, terms, frames);
  const [only] = terms;
  if (terms.length === 1 && only) {
    return {
      scores: new Float32Array(only.cosines),
      likelihoods: only.likelihoods && new Float32Array(only.likelihoods),
    };
  }
  const textSpread = spreadOfTexts(terms);
  const combined = new Float32Array(frames);
  for (const alternative of alternatives) {
    const logLikelihoods = new Float64Array(frames);
    let wanted = 0;
    for (const term of alternative) {
      addLogLikelihoods(logLikelihoods, term.weight, likelihoodsOf(term, textSpread));
      wanted += Math.max(0, term.weight);
    }
    for (let row = 0; row < frames; row += 1) {
      combined[row] = Math.max(combined[row]!, Math.exp(logLikelihoods[row]! / wanted));
    }
  }
  const isRated = terms.every(({ likelihoods }) => likelihoods !== null);
  return { scores: combined, likelihoods: isRated ? combined.slice() : null };
}

function check(alternatives: TermScores[][], terms: TermScores[], frames: number): void {
  if (!alternatives.every((alternative) => alternative.some(({ weight }) => weight > 0))) {
    throw new RangeError('Every alternative needs a term of positive weight.');
  }
  if (alternatives.length === 0) throw new RangeError('A question needs an alternative.');
  for (const { weight, cosines, likelihoods } of terms) {
    if (!Number.isFinite(weight)) throw new RangeError(`${weight} is no weight.`);
    if (cosines.length !== frames || (likelihoods && likelihoods.length !== frames)) {
      throw new RangeError('Every term needs one score for every frame.');
    }
  }
}

function addLogLikelihoods(sum: Float64Array, weight: number, likelihoods: ArrayLike<number>): void {
  for (let row = 0; row < sum.length; row += 1) {
    const likelihood = Math.min(1 - LEAST_LIKELIHOOD, Math.max(LEAST_LIKELIHOOD, likelihoods[row]!));
    sum[row]! += Math.abs(weight) * Math.log(weight > 0 ? likelihood : 1 - likelihood);
  }
}

/** What is known of how likely each frame shows a term, or what its cosine's place among the others suggests. */
function likelihoodsOf(term: TermScores, textSpread: number): ArrayLike<number> {
  if (term.likelihoods) return term.likelihoods;
  const median = medianOf(term.sample ?? sampleOf(term.cosines));
  if (!term.isPicture) {
    return logistic(term.cosines, median + TEXT_CENTRE * textSpread, TEXT_SLOPE / textSpread);
  }
  const unlike = Math.min(PICTURE_MEDIAN_LIMIT, Math.max(0, median));
  const range = 1 - unlike;
  return logistic(term.cosines, unlike + PICTURE_CENTRE * range, PICTURE_SLOPE / range);
}

/**
 * One scale for all texts without likelihoods: the deviation of the one whose cosines differ most. A thing that is
 * nowhere in the clip differs less than one that is, and must not be stretched to look the same.
 */
function spreadOfTexts(terms: readonly TermScores[]): number {
  const spreads = terms
    .filter(({ likelihoods, isPicture }) => !likelihoods && !isPicture)
    .map(({ cosines, sample }) => deviationOf(sample ?? sampleOf(cosines)));
  // Frames that are all alike give no scale, and need none.
  return Math.max(1e-6, ...spreads);
}

function logistic(values: Float32Array, centre: number, slope: number): Float64Array {
  return Float64Array.from(values, (value) => 1 / (1 + Math.exp(-slope * (value - centre))));
}

function sampleOf(values: Float32Array): Float32Array {
  if (values.length <= SAMPLE_FRAMES) return values;
  return Float32Array.from(
    { length: SAMPLE_FRAMES },
    (_, index) => values[Math.floor((index * values.length) / SAMPLE_FRAMES)]!,
  );
}

function medianOf(values: Float32Array): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function deviationOf(values: Float32Array): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
