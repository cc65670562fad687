import { describe, expect, it } from 'vitest';
import { matchLikelihood, readCalibration, strengthOf, type Calibration } from '@/lib/clip/calibration';

const calibration: Calibration = {
  version: 1,
  phrases: ['a wall', 'a sky'],
  scale: 2,
  weights: { bias: 0, cosine: 0, standardised: 0, margin: 0, generic: 0 },
  prior: 0.1,
  possible: 0.2,
  strong: 0.6,
};
const withWeights = (weights: Partial<Calibration['weights']>): Calibration => ({
  ...calibration,
  weights: { ...calibration.weights, ...weights },
});
const logit = (p: number) => Math.log(p / (1 - p));

describe('matchLikelihood', () => {
  // Two background phrases along the first two axes; the frame has cosines 0.6 and 0 with them, 0.8 with the query.
  const background = Float32Array.of(1, 0, 0, 0, 1, 0);
  const frames = Float32Array.of(0, 0, 1, 0.6, 0, 0.8);
  const query = Float32Array.of(0, 0, 1);
  const of = (weights: Partial<Calibration['weights']>, offset = 3, asked = query) =>
    logit(matchLikelihood(withWeights(weights), background, frames, offset, asked));

  it.each([
    ['the bias alone', { bias: -1.5 }, -1.5],
    ['the cosine', { cosine: 3 }, 3 * 0.8],
    ['the cosine in deviations of the background', { standardised: 1 }, (0.8 - 0.3) / 0.3],
    ['the margin over the background', { margin: 1 }, 2 * 0.8 - Math.log(Math.exp(2 * 0.6) + Math.exp(0))],
    ['all together', { bias: 1, cosine: 1, standardised: 1 }, 1 + 0.8 + 0.5 / 0.3],
  ])('weighs %s', (_, weights, expected) => expect(of(weights)).toBeCloseTo(expected, 5));

  it('knows how close the question is to the background itself', () => {
    expect(of({ generic: 1 }, 3, Float32Array.of(0.6, 0, 0.8))).toBeCloseTo(0.3, 6);
  });

  it('reads the frame that it is told to', () => {
    expect(of({ cosine: 1 }, 0)).toBeCloseTo(1, 6);
  });

  it('stays finite where the background is all alike and where cosines are scaled up', () => {
    const alike = Float32Array.of(1, 0, 0, 1, 0, 0);
    const p = matchLikelihood(
      { ...withWeights({ standardised: 1, margin: 1 }), scale: 1000 },
      alike,
      frames,
      3,
      query,
    );
    expect(p).toBeGreaterThanOrEqual(0);
    expect(p).toBeLessThanOrEqual(1);
  });
});

describe('strengthOf', () => {
  it.each([
    [0.61, 'strong'],
    [0.6, 'strong'],
    [0.3, 'possible'],
    [0.2, 'possible'],
    [0.19, 'weak'],
    [0, 'weak'],
    [null, 'unrated'],
  ])('a likelihood of %d is %s', (likelihood, strength) =>
    expect(strengthOf(likelihood, calibration)).toBe(strength),
  );

  it('rates nothing for a model that nobody has measured', () => {
    expect(strengthOf(0.9, undefined)).toBe('unrated');
  });
});

describe('readCalibration', () => {
  it('takes what is fitted and fills in features that are not used', () => {
    const { generic, ...weights } = calibration.weights;
    expect(generic).toBe(0);
    expect(readCalibration({ ...calibration, weights, ece: 0.02 })).toEqual(calibration);
  });

  it.each([
    ['another version', { ...calibration, version: 2 }],
    ['no phrases', { ...calibration, phrases: [] }],
    ['levels that cross', { ...calibration, possible: 0.7 }],
    ['a scale of nothing', { ...calibration, scale: 0 }],
    ['nothing', undefined],
  ])('does not take %s', (_, json) => expect(readCalibration(json)).toBeUndefined());
});
