import { describe, expect, it } from 'vitest';
import { shotChanges } from '@/lib/select/shot-changes';
import { at } from './support';

function changes(degrees: readonly number[], timesMs = degrees.map((_, row) => row * 1000)): number[] {
  return shotChanges(Float32Array.from(degrees.flatMap(at)), 2, Float64Array.from(timesMs));
}

describe('shotChanges', () => {
  it.each([
    { name: 'no frames', degrees: [], rows: [] },
    { name: 'one frame', degrees: [0], rows: [] },
    { name: 'a fixed camera', degrees: [0, 0, 0, 0, 0, 0], rows: [] },
    { name: 'a slow pan', degrees: [0, 10, 20, 30, 40, 50, 60, 70, 80, 90], rows: [] },
    { name: 'a restless camera', degrees: [0, 50, 5, 58, 2, 47, 99, 45, 96, 50, 0, 52, 1], rows: [] },
    { name: 'a cut', degrees: [0, 1, 2, 1, 60, 61, 60, 61], rows: [4] },
    { name: 'several cuts', degrees: [0, 1, 2, 90, 91, 90, 0, 1, 0, 60, 61, 62], rows: [3, 6, 9] },
    { name: 'a clip of two frames that have nothing in common', degrees: [0, 90], rows: [1] },
    { name: 'a cut at the last frame', degrees: [0, 1, 2, 1, 0, 1, 90], rows: [6] },
    { name: 'a cut in a restless clip', degrees: [0, 30, 5, 35, 2, 40, 170, 140, 172, 145, 171], rows: [6] },
    { name: 'a cross-fade', degrees: [0, 1, 0, 1, 52, 110, 111, 110, 111, 110, 111], rows: [5] },
  ])('finds the scenes of $name', ({ degrees, rows }) => {
    expect(changes(degrees)).toEqual(rows);
  });

  it('learns what is usual from frames at the usual distance alone', () => {
    // Half of the steps within a visit turn a little; eight visits of two frames, a minute apart, turn more.
    const degrees = [0, 0, 26, 26];
    const timesMs = [0, 1000, 2000, 3000];
    const firsts: number[] = [];
    for (let visit = 0; visit < 8; visit += 1) {
      firsts.push(degrees.length);
      const first = degrees.at(-1)! + 60;
      degrees.push(first, first + (visit % 2 === 0 ? 26 : 0));
      timesMs.push(timesMs.at(-1)! + 60_000, timesMs.at(-1)! + 61_000);
    }
    expect(changes(degrees, timesMs)).toEqual(firsts);
  });

  it('refuses what does not fit together or is not finite', () => {
    expect(() => shotChanges(new Float32Array(5), 2, new Float64Array(2))).toThrow(RangeError);
    expect(() => shotChanges(Float32Array.of(1, NaN), 1, Float64Array.of(0, 1))).toThrow(RangeError);
  });
});
