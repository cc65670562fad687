import { describe, expect, it } from 'vitest';
import { RateEstimator } from '@/lib/shared/rate-estimator';

describe('RateEstimator', () => {
  it('knows nothing before frames are done', () => {
    const estimator = new RateEstimator();
    expect(estimator.rate(100)).toBeNull();
    estimator.add(0, 0);
    expect(estimator.rate(100)).toBeNull();
    estimator.add(1000, 0);
    expect(estimator.rate(100)).toBeNull();
  });

  it('gives frames a second and the time that the rest takes', () => {
    const estimator = new RateEstimator();
    estimator.add(0, 0);
    estimator.add(2000, 20);
    expect(estimator.rate(100)).toEqual({ perSecond: 10, remainingMs: 8000 });
  });

  it('follows a machine that slows down', () => {
    const estimator = new RateEstimator();
    for (let second = 0; second <= 30; second += 1) estimator.add(second * 1000, second * 10);
    for (let second = 31; second <= 60; second += 1) estimator.add(second * 1000, 300 + (second - 30));
    expect(estimator.rate(1000)!.perSecond).toBeCloseTo(1, 5);
  });

  it('counts frames of an earlier run as done, not as fast', () => {
    const estimator = new RateEstimator();
    estimator.add(0, 50);
    estimator.add(1000, 55);
    expect(estimator.rate(60)).toEqual({ perSecond: 5, remainingMs: 1000 });
  });
});
