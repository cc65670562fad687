import { describe, expect, it } from 'vitest';
import { matchLikelihood, type Calibration } from '@/lib/clip/calibration';
import { BackgroundRating, FrameBackground } from '@/lib/clip/frame-background';
import { scoreFrames } from '@/lib/select/score-frames';
import { normaliseRows } from '@/lib/shared/vectors';
import { seededRandom } from '../../support/random';

const DIMENSION = 12;

/** Random unit vectors about a common direction, as a model's are. */
function unitRows(rows: number, seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const matrix = Float32Array.from({ length: rows * DIMENSION }, () => random() - 0.3);
  normaliseRows(matrix, DIMENSION);
  return matrix;
}

const phrases = 19;
const background = unitRows(phrases, 1);
const frames = unitRows(50, 2);
const query = unitRows(1, 3);
const [cosines] = scoreFrames(frames, [query]) as [Float32Array];

const none = { bias: 0, cosine: 0, standardised: 0, margin: 0, generic: 0 };
const calibrationWith = (weights: Partial<Calibration['weights']>): Calibration => ({
  version: 1,
  phrases: Array.from({ length: phrases }, (_, n) => `phrase ${n}`),
  scale: 16,
  weights: { ...none, ...weights },
  prior: 0.1,
  possible: 0.2,
  strong: 0.6,
});

function expectReference(actual: Float32Array, calibration: Calibration): void {
  actual.forEach((likelihood, row) => {
    const expected = matchLikelihood(calibration, background, frames, row * DIMENSION, query);
    expect(likelihood, `row ${row}`).toBeCloseTo(expected, 5);
  });
}

describe('FrameBackground', () => {
  it.each([
    { bias: -1 },
    { cosine: 3 },
    { standardised: 0.7 },
    { margin: 0.4 },
    { generic: 2 },
    { bias: -6, cosine: 15, standardised: -0.15 },
    { bias: 1, cosine: 2, standardised: 0.5, margin: 0.3, generic: -1 },
  ])('gives what matchLikelihood gives, with weights %j', (weights) => {
    const calibration = calibrationWith(weights);
    const known = new FrameBackground(new BackgroundRating(calibration, background, DIMENSION));
    known.measure(frames);
    const likelihoods = new Float32Array(50);
    known.rate(query, cosines, likelihoods);
    expectReference(likelihoods, calibration);
    expect(new Set(likelihoods).size > 1 || (!weights.cosine && !weights.standardised)).toBe(true);
  });

  it('measures what is new of a clip that grows, and anew what comes after a cut', () => {
    const calibration = calibrationWith({ cosine: 2, standardised: 0.5, margin: 0.3 });
    const known = new FrameBackground(new BackgroundRating(calibration, background, DIMENSION));
    known.measure(unitRows(20, 9));
    known.measure(unitRows(50, 9));
    // As if the clip kept its first 0 rows of those: all the others are these now.
    const cut = known.cut(0);
    cut.measure(frames.subarray(0, 30 * DIMENSION));
    cut.measure(frames);
    const likelihoods = new Float32Array(52);
    cut.cut(40).measure(frames);
    cut.rate(query, cosines, likelihoods, 2);
    expectReference(likelihoods.subarray(2), calibration);
    const regrown = cut.cut(10);
    regrown.measure(frames);
    regrown.rate(query, cosines, likelihoods, 2);
    expectReference(likelihoods.subarray(2), calibration);
  });

  it('stays finite where the background is all alike', () => {
    const alike = new Float32Array(2 * DIMENSION);
    alike[0] = alike[DIMENSION] = 1;
    const calibration = { ...calibrationWith({ standardised: 1, margin: 1 }), scale: 1000 };
    const known = new FrameBackground(new BackgroundRating(calibration, alike, DIMENSION));
    known.measure(frames);
    const likelihoods = new Float32Array(50);
    known.rate(query, cosines, likelihoods);
    expect(likelihoods.every((likelihood) => likelihood >= 0 && likelihood <= 1)).toBe(true);
  });
});

describe('BackgroundRating', () => {
  it('knows what it was made of', () => {
    const rating = new BackgroundRating(calibrationWith({ cosine: 1 }), background, DIMENSION);
    expect(rating.isOf(calibrationWith({ cosine: 1 }), background.slice())).toBe(true);
    expect(rating.isOf(calibrationWith({ cosine: 2 }), background)).toBe(false);
    expect(
      rating.isOf(
        calibrationWith({ cosine: 1 }),
        background.map((value) => -value),
      ),
    ).toBe(false);
  });

  it('refuses a background of no whole rows', () => {
    expect(() => new BackgroundRating(calibrationWith({}), background.subarray(1), DIMENSION)).toThrow(
      RangeError,
    );
  });
});
