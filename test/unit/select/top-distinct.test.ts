import { describe, expect, it } from 'vitest';
import { scoreFrames } from '@/lib/select/score-frames';
import { NEAR_DUPLICATE_COSINE, topDistinct } from '@/lib/select/top-distinct';

/** Unit vectors in the plane, by angle from the question in degrees. */
function frames(...degrees: number[]) {
  const vectors = new Float32Array(degrees.flatMap((angle) => [Math.cos(rad(angle)), Math.sin(rad(angle))]));
  const scores = scoreFrames(vectors, new Float32Array([1, 0]));
  const timestampsMs = Int32Array.from(degrees, (_, row) => row * 1000);
  return { vectors, dimension: 2, scores, timestampsMs };
}

function rad(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

describe('topDistinct', () => {
  it.each([
    { name: 'the best first', angles: [80, 10, 45], count: 3, rows: [1, 2, 0] },
    { name: 'as many as asked for', angles: [80, 10, 45], count: 2, rows: [1, 2] },
    { name: 'near-duplicates folded into the better one', angles: [0, 5, 60, 62], count: 4, rows: [0, 2] },
    { name: 'ties to the earlier frame', angles: [30, -30, 30], count: 2, rows: [0, 1] },
    { name: 'nothing from nothing', angles: [], count: 3, rows: [] },
    { name: 'nothing when nothing is wanted', angles: [1, 2], count: 0, rows: [] },
  ])('gives $name', ({ angles, count, rows }) => {
    expect(topDistinct.select({ ...frames(...angles), count }).map(({ row }) => row)).toEqual(rows);
  });

  it('numbers ranks from 1 and says what was folded away, also beyond the last chosen', () => {
    const selected = topDistinct.select({ ...frames(0, 5, 60, 62, -8), count: 1 });
    expect(selected).toMatchObject([{ row: 0, rank: 1, similar: [1, 4] }]);
    expect(selected[0]!.score).toBeCloseTo(1, 6);
  });

  it('folds above the threshold and not at it', () => {
    const justApart = (Math.acos(NEAR_DUPLICATE_COSINE - 1e-4) * 180) / Math.PI;
    const justAlike = (Math.acos(NEAR_DUPLICATE_COSINE + 1e-4) * 180) / Math.PI;
    expect(topDistinct.select({ ...frames(0, justApart), count: 2 })).toHaveLength(2);
    expect(topDistinct.select({ ...frames(0, justAlike), count: 2 })).toHaveLength(1);
  });

  it('refuses a count that is no count', () => {
    expect(() => topDistinct.select({ ...frames(1), count: -1 })).toThrow(RangeError);
    expect(() => topDistinct.select({ ...frames(1), count: 1.5 })).toThrow(RangeError);
  });
});

describe('scoreFrames', () => {
  it('refuses vectors that are no whole rows', () => {
    expect(() => scoreFrames(new Float32Array(5), new Float32Array(2))).toThrow(RangeError);
  });
});
