import { describe, expect, it } from 'vitest';
import { scoreFrames } from '@/lib/select/score-frames';
import { dotAt } from '@/lib/shared/vectors';
import { seededRandom } from '../../support/random';

describe('scoreFrames', () => {
  it.each([0, 1, 2, 3])('gives each of %d queries its own scores', (count) => {
    const random = seededRandom(count);
    const embeddings = Float32Array.from({ length: 9 * 7 }, () => random() - 0.5);
    const queries = Array.from({ length: count }, () =>
      Float32Array.from({ length: 7 }, () => random() - 0.5),
    );
    const scores = scoreFrames(embeddings, queries);
    expect(scores.map(({ length }) => length)).toEqual(queries.map(() => 9));
    queries.forEach((query, i) => {
      scores[i]!.forEach((score, row) => expect(score).toBeCloseTo(dotAt(embeddings, row * 7, query), 5));
    });
  });

  it('refuses embeddings that are no whole rows, and queries of different lengths', () => {
    expect(() => scoreFrames(new Float32Array(5), [new Float32Array(2)])).toThrow(RangeError);
    expect(() => scoreFrames(new Float32Array(6), [new Float32Array(2), new Float32Array(3)])).toThrow(
      RangeError,
    );
  });
});
