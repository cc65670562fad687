import { describe, expect, it } from 'vitest';
import { balancedSceneRecallOf, balanceOf, measure, selectByTruth } from '@/scripts/eval/measures';

const seconds = (start: number, end: number) => ({ startMs: start * 1000, endMs: end * 1000 });
const ms = (...times: number[]) => times.map((time) => time * 1000);

describe('measure', () => {
  it.each([
    {
      name: 'all picks in the one scene',
      picks: ms(10, 12, 14),
      scenes: [seconds(10, 20)],
      expected: { keyFrameRate: 1, sceneHitRate: 1, balance: 1, combined: 1, ukss: 1 },
    },
    {
      name: 'no pick in a scene',
      picks: ms(1, 2),
      scenes: [seconds(10, 20), seconds(30, 40)],
      expected: { keyFrameRate: 0, sceneHitRate: 0, balance: 0, combined: 0, ukss: 0 },
    },
    {
      name: 'one of two equal scenes, half of the picks beside them',
      picks: ms(10, 11, 50, 51),
      scenes: [seconds(10, 20), seconds(30, 40)],
      // The cosine of (2, 0) and (1, 1) is √½.
      expected: {
        keyFrameRate: 0.5,
        sceneHitRate: 0.5,
        balance: Math.SQRT1_2,
        combined: Math.cbrt(0.25 * Math.SQRT1_2),
      },
    },
    {
      name: 'both scenes as often although one is longer',
      picks: ms(10, 11, 30, 31),
      scenes: [seconds(10, 12), seconds(30, 60)],
      expected: { keyFrameRate: 1, sceneHitRate: 1, balance: 1, combined: 1, ukss: 1 },
    },
    {
      name: 'both scenes in proportion to their lengths',
      picks: ms(10, 30, 31, 32),
      scenes: [seconds(10, 12), seconds(30, 36)],
      expected: { keyFrameRate: 1, sceneHitRate: 1, balance: 1, combined: 1, ukss: 1 },
    },
    {
      name: 'fewer picks than scenes',
      picks: ms(0, 10),
      scenes: [seconds(0, 5), seconds(10, 15), seconds(20, 25), seconds(30, 35)],
      expected: { keyFrameRate: 1, sceneHitRate: 0.5, balance: Math.SQRT1_2 },
    },
  ])('$name', ({ picks, scenes, expected }) => {
    const measured = measure(picks, scenes);
    for (const [name, value] of Object.entries(expected)) {
      expect(measured[name as keyof typeof measured], name).toBeCloseTo(value, 9);
    }
  });

  it('counts a scene’s start and not its end, and scenes that touch apart', () => {
    const scenes = [seconds(0, 10), seconds(10, 20)];
    expect(measure(ms(10), scenes)).toMatchObject({ keyFrameRate: 1, sceneHitRate: 0.5 });
    expect(measure(ms(20), scenes).keyFrameRate).toBe(0);
  });

  it.each([
    { name: 'picks', picks: [], scenes: [seconds(0, 1)] },
    { name: 'scenes', picks: ms(1), scenes: [] },
  ])('refuses to measure without $name', ({ picks, scenes }) => {
    expect(() => measure(picks, scenes)).toThrow(RangeError);
  });
});

describe('balanceOf', () => {
  it('gives less the more one scene is preferred', () => {
    const values = [
      [4, 4],
      [5, 3],
      [6, 2],
      [7, 1],
      [8, 0],
    ].map((picks) => balanceOf(picks, [10, 10]));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(new Set(values).size).toBe(values.length);
  });

  it('does not depend on the number of picks or the unit of length', () => {
    expect(balanceOf([1, 2, 0], [3, 4, 5])).toBeCloseTo(balanceOf([5, 10, 0], [3000, 4000, 5000]), 6);
  });

  it('refuses lengths that are not one a scene', () => {
    expect(() => balanceOf([1], [1, 2])).toThrow(RangeError);
  });
});

describe('balancedSceneRecallOf', () => {
  it.each([
    // Of eight picks a fair half is due to each scene; three are too few.
    { picks: [5, 3], lengths: [10, 10], expected: 0.5 },
    { picks: [4, 4], lengths: [10, 10], expected: 1 },
    // A short scene is owed its length's share only.
    { picks: [7, 1], lengths: [90, 10], expected: 1 },
    // A long one no more than an equal share.
    { picks: [4, 4], lengths: [90, 10], expected: 1 },
    { picks: [1, 0, 0, 0], lengths: [1, 1, 1, 1], expected: 0.25 },
    { picks: [0, 0], lengths: [1, 1], expected: 0 },
  ])('$picks of lengths $lengths', ({ picks, lengths, expected }) => {
    expect(balancedSceneRecallOf(picks, lengths)).toBeCloseTo(expected, 9);
  });
});

describe('selectByTruth', () => {
  const timesMs = Float64Array.from({ length: 20 }, (_, second) => second * 1000 + 500);

  it.each([
    { name: 'shares picks among scenes', scenes: [seconds(0, 4), seconds(10, 14)], count: 4, inside: [2, 2] },
    {
      name: 'gives a short scene all it has',
      scenes: [seconds(0, 1), seconds(10, 16)],
      count: 6,
      inside: [1, 5],
    },
    {
      name: 'fills up elsewhere when scenes are used up',
      scenes: [seconds(0, 2)],
      count: 8,
      inside: [2],
    },
    {
      name: 'hits as many scenes as there are picks',
      scenes: [seconds(0, 2), seconds(4, 6), seconds(8, 10)],
      count: 2,
      inside: [1, 1, 0],
    },
    { name: 'takes all frames of a short clip', scenes: [seconds(0, 2)], count: 64, inside: [2] },
    { name: 'chooses some frame where nothing is true', scenes: [seconds(100, 110)], count: 3, inside: [0] },
  ])('$name', ({ scenes, count, inside }) => {
    const rows = selectByTruth(timesMs, scenes, count);
    expect(rows).toHaveLength(Math.min(count, timesMs.length));
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b));
    const counted = scenes.map(
      ({ startMs, endMs }) => rows.filter((row) => timesMs[row]! >= startMs && timesMs[row]! < endMs).length,
    );
    expect(counted).toEqual(inside);
  });
});
