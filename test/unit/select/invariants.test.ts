import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SelectionInput } from '@/lib/select/selection';
import { findStrategy, STRATEGIES } from '@/lib/select/strategies';
import { normaliseRows } from '@/lib/shared/vectors';
import { inputOf } from './support';

const DIMENSION = 5;

/** Few different values, so that ties, flat stretches and identical frames are common. */
const score = fc.oneof(
  fc.constantFrom(-1, 0, 0.2, 0.25, 0.3),
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: Math.fround(-1e30), max: Math.fround(1e30), noNaN: true }),
);
const likelihood = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.float({ min: 0, max: 1, noNaN: true }));
const embedding = fc.oneof(
  fc.constantFrom([1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0.6, 0.8, 0, 0, 0]),
  fc
    .array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: DIMENSION, maxLength: DIMENSION })
    .map((numbers) => {
      const row = Float32Array.from(numbers);
      return normaliseRows(row, DIMENSION).length === 0 ? Array.from(row) : [0, 0, 0, 0, 1];
    }),
);
const stepMs = fc.constantFrom(0, 1, 1000, 1000, 60_000);

const input: fc.Arbitrary<SelectionInput> = fc
  .tuple(
    fc.array(fc.record({ score, likelihood, embedding, stepMs }), { maxLength: 90 }),
    fc.boolean(),
    fc.boolean(),
    fc.integer({ min: 1, max: 12 }),
  )
  .map(([frames, isRated, isFlat, stretch]) => {
    // Each frame several times over, as the neighbours of a still shot are.
    const all = frames.flatMap((frame, index) =>
      index % 3 === 0 ? Array<typeof frame>(stretch).fill(frame) : [frame],
    );
    let timeMs = 0;
    return {
      embeddings: Float32Array.from(all.flatMap((frame) => frame.embedding)),
      dimension: DIMENSION,
      scores: Float32Array.from(all, (frame) => (isFlat ? 0.25 : frame.score)),
      timesMs: Float64Array.from(all, (frame) => (timeMs += frame.stepMs)),
      likelihoods: isRated ? Float32Array.from(all, (frame) => frame.likelihood) : null,
      levels: isRated ? { unlikely: 0.02, possible: 0.25, strong: 0.5 } : null,
    };
  });
const count = fc.integer({ min: 0, max: 70 });

describe.each(STRATEGIES.map((strategy) => [strategy.id, strategy] as const))('%s', (id, strategy) => {
  it('gives exactly min(count, frames) different rows, ascending, and the same again', () => {
    fc.assert(
      fc.property(input, count, (given, wanted) => {
        const { rows, verdict } = strategy.select(given, wanted);
        const frames = given.scores.length;
        expect(rows).toHaveLength(Math.min(wanted, frames));
        expect(rows.every((row) => Number.isInteger(row) && row >= 0 && row < frames)).toBe(true);
        expect(rows.every((row, index) => index === 0 || row > rows[index - 1]!)).toBe(true);
        expect(strategy.select(given, wanted)).toEqual({ rows, verdict });
        expect(verdict === null).toBe(id !== 'auto');
      }),
      { numRuns: 300 },
    );
  });

  it('changes nothing that it is given', () => {
    fc.assert(
      fc.property(input, count, (given, wanted) => {
        const copy = structuredClone(given);
        strategy.select(given, wanted);
        expect(given).toEqual(copy);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    { name: 'no frames', frames: 0, wanted: 4 },
    { name: 'nothing wanted', frames: 4, wanted: 0 },
    { name: 'one frame', frames: 1, wanted: 8 },
    { name: 'as many as there are', frames: 8, wanted: 8 },
    { name: 'more than there are', frames: 8, wanted: 32 },
    { name: 'all but one', frames: 8, wanted: 7 },
  ])('has an answer to $name', ({ frames, wanted }) => {
    const { rows } = strategy.select(inputOf(Array.from({ length: frames }, (_, row) => row / 100)), wanted);
    expect(rows).toHaveLength(Math.min(frames, wanted));
  });

  it('spreads flat scores evenly', () => {
    const flat = inputOf(Array<number>(80).fill(0.25));
    expect(strategy.select(flat, 4).rows).toEqual([10, 30, 50, 70]);
    expect(strategy.select(flat, 32).rows).toEqual(findStrategy('uniform')!.select(flat, 32).rows);
  });

  it('compares identical frames', () => {
    const embeddings = Array<number[]>(40).fill([1, 0]);
    const scores = Array.from({ length: 40 }, (_, row) => (row % 5) / 10);
    expect(strategy.select(inputOf(scores, { embeddings }), 16).rows).toHaveLength(16);
  });

  it.each([NaN, Infinity, -Infinity])('refuses a score of %s', (bad) => {
    expect(() => strategy.select(inputOf([0.1, bad, 0.3]), 2)).toThrow(RangeError);
    expect(() => strategy.select(inputOf([0.1, bad, 0.3]), 3)).toThrow('only finite numbers');
  });

  it('refuses arrays that do not fit together and counts that are no counts', () => {
    const good = inputOf([0.1, 0.2, 0.3], { likelihoods: [0, 0, 1] });
    expect(() => strategy.select(good, -1)).toThrow(RangeError);
    expect(() => strategy.select(good, 1.5)).toThrow(RangeError);
    expect(() => strategy.select(good, NaN)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, embeddings: new Float32Array(5) }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, dimension: 0 }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, timesMs: new Float64Array(2) }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, timesMs: Float64Array.of(0, 2, 1) }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, timesMs: Float64Array.of(0, NaN, 1) }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, likelihoods: Float32Array.of(0, NaN, 1) }, 2)).toThrow(
      RangeError,
    );
    expect(() => strategy.select({ ...good, likelihoods: Float32Array.of(0) }, 2)).toThrow(RangeError);
    expect(() => strategy.select({ ...good, levels: null }, 2)).toThrow(RangeError);
  });
});

describe('findStrategy', () => {
  it('finds each by its id and nothing by another', () => {
    for (const strategy of STRATEGIES) expect(findStrategy(strategy.id)).toBe(strategy);
    expect(findStrategy('best')).toBeUndefined();
    expect(new Set(STRATEGIES.map(({ id }) => id)).size).toBe(STRATEGIES.length);
  });
});
