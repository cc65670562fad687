import { describe, expect, it } from 'vitest';
import { scoreFrames } from '@/lib/select/score-frames';
import { dotAt } from '@/lib/shared/vectors';
import { seededRandom } from '../../support/random';

describe('scoreFrames', () => {
  it.each([1, 3, 4, 7, 512])('is the dot product of every row, of %d numbers', (dimension) => {
    const random = seededRandom(dimension);
    const vectors = Float32Array.from({ length: 9 * dimension }, () => random() - 0.5);
    const query = Float32Array.from({ length: dimension }, () => random() - 0.5);
    const scores = scoreFrames(vectors, query);
    expect(scores).toHaveLength(9);
    scores.forEach((score, row) => expect(score).toBeCloseTo(dotAt(vectors, row * dimension, query), 5));
  });

  it('refuses vectors that are no whole rows', () => {
    expect(() => scoreFrames(new Float32Array(5), new Float32Array(2))).toThrow(RangeError);
  });
});
