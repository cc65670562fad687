import { dotProducts } from '@/lib/shared/dot-products';
import type { Calibration } from './calibration';

/** Frames that are compared with the phrases at a time: what they give fits into the processor's cache. */
const FRAMES_AT_ONCE = 256;

/** What rates a model's questions: its calibration, and the vectors of its background phrases. */
export class BackgroundRating {
  readonly calibration: Calibration;
  readonly dimension: number;
  readonly phrases: number;
  readonly #background: Float32Array;

  /** @param background unit vectors of the calibration's phrases, row-major [phrases, dimension] */
  constructor(calibration: Calibration, background: Float32Array, dimension: number) {
    if (background.length === 0 || background.length % dimension !== 0) {
      throw new RangeError(`${background.length} numbers are no whole rows of ${dimension}.`);
    }
    this.calibration = calibration;
    this.dimension = dimension;
    this.phrases = background.length / dimension;
    this.#background = background;
  }

  /** Whether it was made of these very numbers. */
  isOf(calibration: Calibration, background: Float32Array): boolean {
    return (
      background.length === this.#background.length &&
      background.every((value, index) => value === this.#background[index]) &&
      JSON.stringify(calibration) === JSON.stringify(this.calibration)
    );
  }

  /** Cosines of unit vectors with every phrase, row-major [vectors, phrases]. */
  compare(vectors: Float32Array): Float32Array {
    return dotProducts(vectors, this.#background, this.dimension);
  }
}

/**
 * `matchLikelihood` of calibration.ts for many frames and questions. What a frame has to do with the background phrases
 * does not depend on the question, so it is measured once a frame and kept beside its vector: for 100,000
 * frames that takes a second or two, and rating them for another question milliseconds.
 */
export class FrameBackground {
  readonly rating: BackgroundRating;
  /** Frames that have been measured. */
  #rows = 0;
  /** Of the frame's cosines with the phrases, a number a frame. */
  #mean = new Float32Array(0);
  #deviation = new Float32Array(0);
  #logSum = new Float32Array(0);

  constructor(rating: BackgroundRating) {
    this.rating = rating;
  }

  /** What is known of the first `rows` frames, for vectors that begin with the same ones. */
  cut(rows: number): FrameBackground {
    const kept = new FrameBackground(this.rating);
    kept.#rows = Math.min(rows, this.#rows);
    kept.#mean = this.#mean.subarray(0, kept.#rows);
    kept.#deviation = this.#deviation.subarray(0, kept.#rows);
    kept.#logSum = this.#logSum.subarray(0, kept.#rows);
    return kept;
  }

  /** How many of the first `rows` frames `measure` has still to do. */
  missing(rows: number): number {
    const { weights } = this.rating.calibration;
    if (weights.standardised === 0 && weights.margin === 0) return 0;
    return Math.max(0, rows - this.#rows);
  }

  /**
   * Measures the frames that come after those that are known already; none where the calibration has no use for it.
   *
   * @param vectors row-major [frames, dimension], rows of unit length
   */
  measure(vectors: Float32Array): void {
    const { calibration, dimension, phrases } = this.rating;
    const { scale, weights } = calibration;
    const rows = vectors.length / dimension;
    const usesLogSum = weights.margin !== 0;
    if (this.missing(rows) === 0) return;
    this.#mean = grown(this.#mean, rows);
    this.#deviation = grown(this.#deviation, rows);
    if (usesLogSum) this.#logSum = grown(this.#logSum, rows);
    for (let first = this.#rows; first < rows; first += FRAMES_AT_ONCE) {
      const end = Math.min(rows, first + FRAMES_AT_ONCE);
      const cosines = this.rating.compare(vectors.subarray(first * dimension, end * dimension));
      for (let row = first; row < end; row += 1) {
        const start = (row - first) * phrases;
        let sum = 0;
        let highest = -Infinity;
        for (let at = start; at < start + phrases; at += 1) {
          sum += cosines[at]!;
          if (cosines[at]! > highest) highest = cosines[at]!;
        }
        const mean = sum / phrases;
        let squares = 0;
        let exponentials = 0;
        for (let at = start; at < start + phrases; at += 1) {
          squares += (cosines[at]! - mean) ** 2;
          if (usesLogSum) exponentials += Math.exp(scale * (cosines[at]! - highest));
        }
        this.#mean[row] = mean;
        this.#deviation[row] = Math.sqrt(squares / phrases || 1);
        if (usesLogSum) this.#logSum[row] = scale * highest + Math.log(exponentials);
      }
    }
    this.#rows = rows;
  }

  /**
   * How likely each frame shows what a question asks for, 0…1; after `measure`.
   *
   * @param query unit vector of the question
   * @param cosines of the question with every frame
   * @param likelihoods where they are written, from `offset` on
   */
  rate(query: Float32Array, cosines: Float32Array, likelihoods: Float32Array, offset = 0): void {
    const { scale, weights } = this.rating.calibration;
    const { standardised, margin } = weights;
    const mean = this.#mean;
    const deviation = this.#deviation;
    const logSum = this.#logSum;
    const constant = weights.bias + (weights.generic === 0 ? 0 : weights.generic * this.#generic(query));
    for (let row = 0; row < cosines.length; row += 1) {
      const cosine = cosines[row]!;
      let logit = constant + weights.cosine * cosine;
      if (standardised !== 0) logit += standardised * ((cosine - mean[row]!) / deviation[row]!);
      if (margin !== 0) logit += margin * (scale * cosine - logSum[row]!);
      likelihoods[offset + row] = 1 / (1 + Math.exp(-logit));
    }
  }

  /** Mean cosine of the question itself with the phrases. */
  #generic(query: Float32Array): number {
    const cosines = this.rating.compare(query);
    return cosines.reduce((sum, cosine) => sum + cosine, 0) / this.rating.phrases;
  }
}

function grown(numbers: Float32Array<ArrayBuffer>, rows: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(rows);
  larger.set(numbers);
  return larger;
}
