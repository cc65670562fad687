import type { Calibration } from './calibration';

/** Phrases that are compared with a frame at a time: so many sums side by side keep a processor busy. */
const PHRASES_AT_ONCE = 8;

/** What rates a model's questions: its calibration, with the background phrases ready to be compared with many frames. */
export class BackgroundRating {
  readonly calibration: Calibration;
  readonly dimension: number;
  readonly phrases: number;
  readonly #background: Float32Array;
  /** The phrases by column, in groups, the last of them filled up with zeros: [groups, dimension, PHRASES_AT_ONCE]. */
  readonly #columns: Float64Array;

  /** @param background unit vectors of the calibration's phrases, row-major [phrases, dimension] */
  constructor(calibration: Calibration, background: Float32Array, dimension: number) {
    if (background.length === 0 || background.length % dimension !== 0) {
      throw new RangeError(`${background.length} numbers are no whole rows of ${dimension}.`);
    }
    this.calibration = calibration;
    this.dimension = dimension;
    this.phrases = background.length / dimension;
    this.#background = background;
    this.#columns = new Float64Array(this.#groups * dimension * PHRASES_AT_ONCE);
    for (let phrase = 0; phrase < this.phrases; phrase += 1) {
      const group = Math.floor(phrase / PHRASES_AT_ONCE);
      for (let index = 0; index < dimension; index += 1) {
        this.#columns[(group * dimension + index) * PHRASES_AT_ONCE + (phrase % PHRASES_AT_ONCE)] =
          background[phrase * dimension + index]!;
      }
    }
  }

  /** Whether it was made of these very numbers. */
  isOf(calibration: Calibration, background: Float32Array): boolean {
    return (
      background.length === this.#background.length &&
      background.every((value, index) => value === this.#background[index]) &&
      JSON.stringify(calibration) === JSON.stringify(this.calibration)
    );
  }

  /** Room for the cosines of one vector with every phrase; what is behind them is filled with zeros. */
  allocateCosines(): Float64Array {
    return new Float64Array(this.#groups * PHRASES_AT_ONCE);
  }

  /** Cosines of a unit vector with every phrase. */
  compare(vector: Float64Array, cosines: Float64Array): void {
    const columns = this.#columns;
    for (let first = 0, at = 0; first < cosines.length; first += PHRASES_AT_ONCE) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let s4 = 0;
      let s5 = 0;
      let s6 = 0;
      let s7 = 0;
      for (let index = 0; index < vector.length; index += 1, at += PHRASES_AT_ONCE) {
        const value = vector[index]!;
        s0 += value * columns[at]!;
        s1 += value * columns[at + 1]!;
        s2 += value * columns[at + 2]!;
        s3 += value * columns[at + 3]!;
        s4 += value * columns[at + 4]!;
        s5 += value * columns[at + 5]!;
        s6 += value * columns[at + 6]!;
        s7 += value * columns[at + 7]!;
      }
      cosines[first] = s0;
      cosines[first + 1] = s1;
      cosines[first + 2] = s2;
      cosines[first + 3] = s3;
      cosines[first + 4] = s4;
      cosines[first + 5] = s5;
      cosines[first + 6] = s6;
      cosines[first + 7] = s7;
    }
  }

  get #groups(): number {
    return Math.ceil(this.phrases / PHRASES_AT_ONCE);
  }
}

/**
 * `matchLikelihood` of calibration.ts for many frames and questions. What a frame has to do with the background phrases
 * does not depend on the question, so it is measured once a frame and kept beside its vector: for 100,000
 * frames that takes seconds, and rating them for another question milliseconds.
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
    const frame = new Float64Array(dimension);
    const cosines = this.rating.allocateCosines();
    for (let row = this.#rows; row < rows; row += 1) {
      frame.set(vectors.subarray(row * dimension, (row + 1) * dimension));
      this.rating.compare(frame, cosines);
      let sum = 0;
      for (let phrase = 0; phrase < phrases; phrase += 1) sum += cosines[phrase]!;
      const mean = sum / phrases;
      let squares = 0;
      let highest = -Infinity;
      for (let phrase = 0; phrase < phrases; phrase += 1) {
        const cosine = cosines[phrase]!;
        squares += (cosine - mean) * (cosine - mean);
        if (cosine > highest) highest = cosine;
      }
      this.#mean[row] = mean;
      this.#deviation[row] = Math.sqrt(squares / phrases || 1);
      if (!usesLogSum) continue;
      let exponentials = 0;
      for (let phrase = 0; phrase < phrases; phrase += 1) {
        exponentials += Math.exp(scale * (cosines[phrase]! - highest));
      }
      this.#logSum[row] = scale * highest + Math.log(exponentials);
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
    const cosines = this.rating.allocateCosines();
    this.rating.compare(Float64Array.from(query), cosines);
    return cosines.reduce((sum, cosine) => sum + cosine, 0) / this.rating.phrases;
  }
}

function grown(numbers: Float32Array<ArrayBuffer>, rows: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(rows);
  larger.set(numbers);
  return larger;
}
