import type { Sampling } from '@/lib/ports/media';
import { describe, expect, it } from 'vitest';
import {
  chooseTimestamps,
  countWantedFrames,
  MAX_DURATION_MS,
  MAX_FRAMES_PER_CLIP,
} from '@/lib/media/choose-timestamps';

const rate = (framesPerSecond?: number): Sampling =>
  framesPerSecond === undefined ? { kind: 'rate' } : { kind: 'rate', framesPerSecond };
const count = (value: number): Sampling => ({ kind: 'count', count: value });

describe('chooseTimestamps', () => {
  it.each<[string, number, Sampling, number[]]>([
    ['one a second by default', 3000, rate(), [500, 1500, 2500]],
    ['a last part with its middle inside', 3600, rate(), [500, 1500, 2500, 3500]],
    ['a last part without its middle', 3400, rate(), [500, 1500, 2500]],
    ['a last part of exactly half an interval', 3500, rate(), [500, 1500, 2500]],
    ['two a second', 1500, rate(2), [250, 750, 1250]],
    ['one every four seconds', 10_000, rate(0.25), [2000, 6000]],
    ['a clip shorter than an interval', 600, rate(), [300]],
    ['a clip of one interval and a bit', 1200, rate(), [500]],
    ['a single frame without a length', 0, rate(), [0]],
    ['a count', 8000, count(4), [1000, 3000, 5000, 7000]],
    ['a count of one', 5000, count(1), [2500]],
    ['a count that is no whole number', 9000, count(3.9), [1500, 4500, 7500]],
  ])('%s', (_name, durationMs, sampling, expected) => {
    expect(chooseTimestamps({ durationMs }, sampling)).toEqual(expected);
  });

  it.each([
    ['a day at one a second', MAX_DURATION_MS, rate()],
    ['an hour at thirty a second', 3_600_000, rate(30)],
    ['a count beyond the cap', 60_000, count(1_000_000)],
  ])('thins %s evenly over the whole clip', (_name, durationMs, sampling) => {
    expect(countWantedFrames({ durationMs }, sampling)).toBeGreaterThan(MAX_FRAMES_PER_CLIP);
    const timestamps = chooseTimestamps({ durationMs }, sampling);
    expect(timestamps).toHaveLength(MAX_FRAMES_PER_CLIP);
    const partMs = durationMs / MAX_FRAMES_PER_CLIP;
    expect(timestamps[0]).toBeCloseTo(partMs / 2, 6);
    expect(timestamps.at(-1)).toBeCloseTo(durationMs - partMs / 2, 6);
  });

  it('rises and stays inside the clip for all sorts of clips', () => {
    for (const durationMs of [1, 41.667, 999, 1000, 1001, 10_381, 39_854.749, 7_200_000]) {
      for (const sampling of [rate(), rate(0.1), rate(29.97), count(7)]) {
        const timestamps = chooseTimestamps({ durationMs }, sampling);
        expect(timestamps).toHaveLength(
          Math.min(countWantedFrames({ durationMs }, sampling), MAX_FRAMES_PER_CLIP),
        );
        let previous = -1;
        for (const timestamp of timestamps) {
          expect(timestamp).toBeGreaterThan(previous);
          expect(timestamp).toBeLessThan(durationMs);
          previous = timestamp;
        }
      }
    }
  });

  it.each<[string, number, Sampling]>([
    ['an endless clip', Infinity, rate()],
    ['a clip of no number', NaN, rate()],
    ['a negative length', -1, rate()],
    ['no frames a second', 1000, rate(0)],
    ['endlessly many frames a second', 1000, rate(Infinity)],
    ['a count of nothing', 1000, count(0)],
    ['a count of no number', 1000, count(NaN)],
  ])('refuses %s', (_name, durationMs, sampling) => {
    expect(() => chooseTimestamps({ durationMs }, sampling)).toThrow(RangeError);
  });
});
