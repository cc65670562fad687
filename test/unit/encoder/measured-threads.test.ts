import { describe, expect, it } from 'vitest';
import { chooseThreads } from '@/lib/encoder/measured-threads';

const speeds = (...each: [threads: number, framesPerSecond: number, picturesPerSecond: number][]) =>
  each.map(([threads, framesPerSecond, picturesPerSecond]) => ({
    threads,
    framesPerSecond,
    picturesPerSecond,
  }));

describe('chooseThreads', () => {
  it.each([
    ['one thread where two take a processor from decoding', speeds([1, 60, 200], [2, 70, 110]), 1],
    ['more where they gain more than they take', speeds([1, 60, 200], [2, 110, 195], [4, 180, 150]), 4],
    ['fewer where more are as good', speeds([1, 60, 200], [2, 62, 200]), 1],
    ['two where four are no processors of their own', speeds([1, 60, 200], [2, 110, 190], [4, 90, 100]), 2],
    ['none where nothing was measured', [], undefined],
  ])('takes %s', (_what, measured, expected) => {
    expect(chooseThreads(measured)).toBe(expected);
  });
});
