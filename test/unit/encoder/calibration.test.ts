import type { Calibration } from '@/lib/ports/encoder';
import { likelihoodsOf } from '@/lib/search/likelihoods';
import { describe, expect, it } from 'vitest';
import { readCalibration } from '@/lib/encoder/calibration';
import { strengthOf } from '@/lib/shared/match-strength';

const calibration: Calibration = {
  version: 2,
  text: { slope: 10, intercept: -3 },
  prior: 0.1,
  unlikely: 0.05,
  possible: 0.2,
  strong: 0.6,
};

describe('likelihoodsOf', () => {
  const query = new Float32Array(512).fill(0);
  query[0] = 1;
  const common = Array.from({ length: 512 }, (_, at) => (at === 0 ? 0.4 : 0.2));

  it.each([
    ['of slope · cosine + intercept', calibration.text, [0, -3, 7, -13]],
    ['less what the query has in common with any picture', { ...calibration.text, common }, [-4, -7, 3, -17]],
  ])('is the logistic %s', (_, numbers, logits) => {
    const likelihoods = likelihoodsOf(Float32Array.of(0.3, 0, 1, -1), numbers, query);
    logits.forEach((logit, row) => expect(likelihoods[row]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6));
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
  it('takes what is fitted, of texts alone or of images too, and leaves out the rest', () => {
    expect(readCalibration({ ...calibration, ece: 0.02 })).toEqual(calibration);
    const both = { ...calibration, image: { slope: 20, intercept: -15 } };
    expect(readCalibration(both)).toEqual(both);
  });

  const versionOne = {
    ...{ version: 1, phrases: ['a wall', 'a sky'], scale: 16, prior: 0.1, possible: 0.2, strong: 0.6 },
    weights: { bias: -5.9, cosine: 15.2, standardised: -0.15, margin: 0, generic: 0 },
  };
  const { unlikely, ...withoutLevel } = calibration;

  it.each([
    ['the version before, with background phrases', versionOne],
    ['levels that cross', { ...calibration, possible: 0.7 }],
    ['an unlikely level above the possible one', { ...calibration, unlikely: unlikely + 0.2 }],
    ['a level that is missing', withoutLevel],
    ['a slope of nothing', { ...calibration, text: { slope: 0, intercept: -3 } }],
    [
      'a mean picture of another length',
      { ...calibration, text: { ...calibration.text, common: [0.1, 0.2] } },
    ],
    ['nothing', undefined],
  ])('does not take %s', (_, json) => expect(readCalibration(json)).toBeUndefined());
});
