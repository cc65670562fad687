import { describe, expect, it } from 'vitest';
import { apportion } from '@/lib/select/apportion';
import { auto } from '@/lib/select/auto';
import { frameEvidence } from '@/lib/select/evidence';
import type { SelectionInput } from '@/lib/select/selection';
import { stretchesOf } from '@/lib/select/stretches';
import { at, inputOf, randomNumbers } from './support';

/** A scene: how many frames, where it looks (degrees), how likely its frames show what was asked. */
type Scene = readonly [frames: number, looks: number, likelihood: number];

const LOOKS = [0, 90, 180, 270];

function clipOf(scenes: readonly Scene[], isRated = true): SelectionInput {
  const random = randomNumbers(3);
  const frames = scenes.flatMap(([length, looks, likelihood]) =>
    Array.from({ length }, () => {
      const odds = Math.log(likelihood / (1 - likelihood)) + 0.4 * (random() - 0.5);
      return {
        embedding: at(looks + 6 * random()),
        likelihood: 1 / (1 + Math.exp(-odds)),
        score: 0.35 + odds / 15,
      };
    }),
  );
  return inputOf(
    frames.map(({ score }) => score),
    {
      embeddings: frames.map(({ embedding }) => embedding),
      ...(isRated ? { likelihoods: frames.map(({ likelihood }) => likelihood) } : {}),
    },
  );
}

/** Scenes of ten frames that look different from their neighbours. */
function tens(...likelihoods: number[]): Scene[] {
  return likelihoods.map((likelihood, index) => [10, LOOKS[index % LOOKS.length]!, likelihood]);
}

describe('auto', () => {
  it.each<{ name: string; scenes: Scene[]; kind: string; spans: [number, number][] }>([
    { name: 'one scene', scenes: tens(0.01, 0.01, 0.8, 0.01, 0.02), kind: 'moment', spans: [[20, 29]] },
    { name: 'the first scene', scenes: tens(0.6, 0.01, 0.01), kind: 'moment', spans: [[0, 9]] },
    {
      name: 'one scene and what is only like it',
      scenes: tens(0.6, 0.01, 0.01, 0.01, 0.01, 0.18),
      kind: 'moment',
      spans: [[0, 9]],
    },
    {
      name: 'two shots side by side',
      scenes: tens(0.01, 0.7, 0.8, 0.01, 0.01),
      kind: 'moment',
      spans: [[10, 29]],
    },
    {
      name: 'several scenes',
      scenes: tens(0.01, 0.8, 0.01, 0.7, 0.01, 0.01, 0.9, 0.01),
      kind: 'several',
      spans: [
        [10, 19],
        [30, 39],
        [60, 69],
      ],
    },
    {
      name: 'a thing that comes into view before a still camera',
      scenes: [
        [20, 0, 0.01],
        [12, 0, 0.8],
        [30, 0, 0.01],
      ],
      kind: 'moment',
      spans: [[20, 31]],
    },
    { name: 'a single shot', scenes: [[40, 0, 0.8]], kind: 'whole', spans: [[0, 39]] },
    { name: 'nearly every scene', scenes: tens(0.8, 0.7, 0.01, 0.9, 0.8), kind: 'whole', spans: [[0, 49]] },
    { name: 'no scene', scenes: tens(0.005, 0.007, 0.01, 0.006), kind: 'absent', spans: [] },
    { name: 'nobody knows which scene', scenes: tens(0.05, 0.06, 0.1, 0.04), kind: 'perhaps', spans: [] },
    {
      name: 'perhaps a scene that is not likely but stands out',
      scenes: tens(0.004, 0.005, 0.1, 0.004, 0.005),
      kind: 'perhaps',
      spans: [[20, 29]],
    },
    {
      name: 'perhaps something that changes a fixed picture, though every frame is unlikely',
      scenes: [
        [20, 0, 0.0005],
        [6, 0, 0.012],
        [30, 0, 0.0005],
      ],
      kind: 'perhaps',
      spans: [[20, 25]],
    },
    {
      name: 'nothing that fits one of several scenes a little better than the others',
      scenes: tens(0.0001, 0.0002, 0.004, 0.0001, 0.0002),
      kind: 'absent',
      spans: [],
    },
    {
      name: 'nothing that is the same in every frame of a fixed picture',
      scenes: [[40, 0, 0.01]],
      kind: 'absent',
      spans: [],
    },
  ])('sees that $name answers', ({ scenes, kind, spans }) => {
    const { verdict } = auto.select(clipOf(scenes), 8);
    expect(verdict).toMatchObject({ kind, spans: spans.map(([startRow, endRow]) => ({ startRow, endRow })) });
  });

  it.each([
    { levels: { unlikely: 0.02, possible: 0.25, strong: 0.8 }, kind: 'moment' },
    { levels: { unlikely: 0.02, possible: 0.25, strong: 0.8, perScenes: 0.4 }, kind: 'moment' },
    { levels: { unlikely: 0.02, possible: 0.25, strong: 0.8, perScenes: 0.8 }, kind: 'perhaps' },
    { levels: { unlikely: 0.02, possible: 0.6, strong: 0.8 }, kind: 'perhaps' },
    { levels: { unlikely: 0.5, possible: 0.6, strong: 0.8 }, kind: 'absent' },
  ])('takes the levels of the calibration: $kind for $levels', ({ levels, kind }) => {
    const clip = clipOf(tens(0.2, 0.4, 0.2, 0.2));
    expect(auto.select({ ...clip, levels }, 4).verdict!.kind).toBe(kind);
  });

  it('gives the log-odds of the best frame as what the verdict rests on', () => {
    const clip = clipOf(tens(0.01, 0.4, 0.01));
    const best = Math.max(...clip.likelihoods!);
    expect(auto.select(clip, 4).verdict!.evidence).toBeCloseTo(Math.log(best / (1 - best)), 6);
    expect(auto.select(clipOf(tens(0.01, 0.4, 0.01), false), 4).verdict!.evidence).toBeNull();
  });

  it('gives the same verdict however many frames are wanted', () => {
    const clip = clipOf(tens(0.01, 0.8, 0.01, 0.7, 0.01));
    const verdicts = [0, 1, 3, 16, 50, 99].map((count) => auto.select(clip, count).verdict);
    expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
  });

  it('takes all frames of a moment from it, spread over it', () => {
    const { rows } = auto.select(clipOf(tens(0.001, 0.001, 0.9, 0.001, 0.001)), 5);
    expect(rows.map((row) => Math.floor((row - 20) / 2))).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes one of each span before it takes a second, and then as many of each', () => {
    const clip = clipOf(tens(0.001, 0.97, 0.001, 0.9, 0.001, 0.93, 0.001, 0.001));
    const scenesOf = (count: number): number[] =>
      auto.select(clip, count).rows.map((row) => Math.floor(row / 10));
    expect(scenesOf(3)).toEqual([1, 3, 5]);
    expect(scenesOf(6)).toEqual([1, 1, 3, 3, 5, 5]);
    expect(scenesOf(12)).toEqual([1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5]);
  });

  it('hedges where the best is no surer than the next', () => {
    const clip = clipOf(tens(0.001, 0.3, 0.001, 0.25, 0.001, 0.001));
    const scenes = auto.select(clip, 4).rows.map((row) => Math.floor(row / 10));
    expect(new Set(scenes)).toEqual(new Set([1, 3]));
  });

  it('fills up with the next best scene when the spans are smaller than the budget', () => {
    const clip = clipOf([
      [10, 0, 0.001],
      [3, 90, 0.9],
      [10, 180, 0.001],
      [10, 0, 0.05],
      [10, 90, 0.001],
    ]);
    const { rows } = auto.select(clip, 8);
    expect(rows.slice(0, 3)).toEqual([10, 11, 12]);
    expect(rows.slice(3).every((row) => row >= 23 && row < 33)).toBe(true);
  });

  it('finds what stands out without a calibration, and never says that nothing is there', () => {
    const { verdict, rows } = auto.select(clipOf(tens(0.01, 0.01, 0.8, 0.01, 0.02, 0.01), false), 4);
    expect(verdict).toMatchObject({ kind: 'moment', spans: [{ startRow: 20, endRow: 29 }] });
    expect(rows.every((row) => row >= 20 && row < 30)).toBe(true);
    const level = auto.select(clipOf(tens(0.01, 0.0105, 0.01, 0.0101), false), 4).verdict!;
    expect(level.kind).toBe('perhaps');
  });

  it.each([
    { name: 'none is likely', likelihood: 0.01, kind: 'absent', spans: [] },
    { name: 'nobody knows', likelihood: 0.1, kind: 'perhaps', spans: [] },
    { name: 'all are likely', likelihood: 0.9, kind: 'whole', spans: [{ startRow: 0, endRow: 11 }] },
  ])('spreads flat scores evenly where $name', ({ likelihood, kind, spans }) => {
    const flat = inputOf(Array<number>(12).fill(0.3), { likelihoods: Array<number>(12).fill(likelihood) });
    expect(auto.select(flat, 3)).toMatchObject({ rows: [2, 6, 10], verdict: { kind, spans } });
  });

  it('believes likelihoods that are all the same, though the scores differ', () => {
    const clip = clipOf(tens(0.01, 0.8, 0.01, 0.01));
    const all = (likelihood: number): SelectionInput => ({
      ...clip,
      likelihoods: clip.likelihoods!.map(() => likelihood),
    });
    expect(auto.select(all(0), 4).verdict!.kind).toBe('absent');
    expect(auto.select(all(0.9), 4).verdict!.kind).toBe('whole');
    expect(auto.select(all(0), 4).rows.every((row) => row >= 10 && row < 20)).toBe(true);
  });

  it('has a verdict on no frames and on one', () => {
    expect(auto.select(inputOf([]), 4)).toMatchObject({ rows: [], verdict: { kind: 'absent', spans: [] } });
    const likely = inputOf([0.4], { likelihoods: [0.8] });
    expect(auto.select(likely, 4)).toMatchObject({
      rows: [0],
      verdict: { kind: 'whole', spans: [{ startRow: 0, endRow: 0 }] },
    });
  });

  it('looks through a collection that is too large to compare frame by frame', () => {
    const dimension = 64;
    const frames = 100_000;
    const embeddings = new Float32Array(frames * dimension);
    // Shots of 50 frames; the answer is shot 700.
    for (let row = 0; row < frames; row += 1)
      embeddings[row * dimension + (Math.floor(row / 50) % dimension)] = 1;
    const likelihoods = Float32Array.from({ length: frames }, (_, row) =>
      Math.floor(row / 50) === 700 ? 0.9 : 0.001,
    );
    const { rows, verdict } = auto.select(
      {
        embeddings,
        dimension,
        scores: likelihoods,
        timesMs: Float64Array.from({ length: frames }, (_, row) => row * 1000),
        likelihoods,
        levels: { unlikely: 0.02, possible: 0.25, strong: 0.5 },
      },
      16,
    );
    expect(verdict).toMatchObject({ kind: 'moment', spans: [{ startRow: 35_000, endRow: 35_049 }] });
    expect(rows).toHaveLength(16);
    expect(rows.every((row) => row >= 35_000 && row < 35_050)).toBe(true);
  });
});

describe('stretchesOf', () => {
  const bounds = (evidence: number[], leastStep: number): [number, number][] =>
    stretchesOf(
      inputOf(evidence, { embeddings: evidence.map(() => [1]) }),
      Float64Array.from(evidence),
      leastStep,
    ).map(({ startRow, endRow }) => [startRow, endRow]);

  it.each([
    { name: 'nothing', evidence: [], spans: [] },
    { name: 'a level shot', evidence: [-5, -4, -5, -4, -5], spans: [[0, 4]] },
    {
      name: 'a step',
      evidence: [-5, -5, -5, 1, 1, 1],
      spans: [
        [0, 2],
        [3, 5],
      ],
    },
    {
      name: 'a rise and a fall',
      evidence: [-5, -5, 1, 1, 1, -5, -5, -5],
      spans: [
        [0, 1],
        [2, 4],
        [5, 7],
      ],
    },
    {
      name: 'a short rise in a long shot',
      evidence: [...Array<number>(20).fill(-7), -4, -4, -4, ...Array<number>(30).fill(-7)],
      spans: [
        [0, 19],
        [20, 22],
        [23, 52],
      ],
    },
    { name: 'a single frame that stands out', evidence: [-5, -5, -5, 1, -5, -5, -5], spans: [[0, 6]] },
  ])('cuts a shot with $name', ({ evidence, spans }) => {
    expect(bounds(evidence, 2)).toEqual(spans);
  });

  it('takes the best quarter of a stretch for its evidence', () => {
    const evidence = Float64Array.of(-4, -1, -3, -2, -4, -4, -1, -4);
    const [only] = stretchesOf(
      inputOf([...evidence], { embeddings: [...evidence].map(() => [1]) }),
      evidence,
      9,
    );
    expect(only).toEqual({ startRow: 0, endRow: 7, evidence: -1, shot: 0 });
  });
});

describe('frameEvidence', () => {
  it('is the log-odds of likelihoods, finite at 0 and 1', () => {
    const evidence = frameEvidence(inputOf([1, 2, 3], { likelihoods: [0, 0.5, 1] }));
    expect(evidence[1]).toBe(0);
    expect(evidence[0]).toBeCloseTo(-evidence[2]!, 5);
    expect(Number.isFinite(evidence[0])).toBe(true);
  });

  it('is how far a score stands out where nothing is calibrated, whatever the scale', () => {
    const scores = [0.1, 0.12, 0.11, 0.13, 0.5];
    const evidence = frameEvidence(inputOf(scores));
    const moved = frameEvidence(inputOf(scores.map((score) => 40 * score + 7)));
    expect(Array.from(moved, (value) => Math.round(1000 * value))).toEqual(
      Array.from(evidence, (value) => Math.round(1000 * value)),
    );
    expect(evidence[4]).toBeGreaterThan(0);
  });

  it('copes with scores most of which are the same', () => {
    expect(frameEvidence(inputOf([1, 1, 1, 1, 2])).every(Number.isFinite)).toBe(true);
  });
});

describe('apportion', () => {
  it.each([
    {
      name: 'in proportion to the weights',
      weights: [4, 2, 1],
      capacities: [9, 9, 9],
      seats: 7,
      given: [4, 2, 1],
    },
    {
      name: 'one each of equals first',
      weights: [1, 1, 1],
      capacities: [9, 9, 9],
      seats: 3,
      given: [1, 1, 1],
    },
    { name: 'the odd one to the earlier', weights: [1, 1], capacities: [9, 9], seats: 3, given: [2, 1] },
    { name: 'no more than fit', weights: [8, 1], capacities: [2, 9], seats: 5, given: [2, 3] },
    { name: 'also where nothing weighs', weights: [0, 0], capacities: [1, 1], seats: 2, given: [1, 1] },
    { name: 'nothing', weights: [], capacities: [], seats: 0, given: [] },
  ])('gives $name', ({ weights, capacities, seats, given }) => {
    expect(apportion(weights, capacities, seats)).toEqual(given);
  });
});
