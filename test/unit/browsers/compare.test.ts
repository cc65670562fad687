import { describe, expect, test } from 'vitest';
import { differenceOfAnswers, worstCosine } from '../../../scripts/browsers/compare.mjs';

const pick = (frame: number, score: number) => ({ frame, timeMs: frame * 500, score });
const answer = (picks: { frame: number; timeMs: number; score: number }[], verdict = 'One moment.') => ({
  question: 'snow',
  verdict,
  picks,
});
const expected = answer([pick(10, 0.3), pick(20, 0.28), pick(40, 0.2)]);

describe('differenceOfAnswers', () => {
  test.each([
    ['the same picks', answer(expected.picks)],
    ['a neighbour with nearly the same score', answer([pick(12, 0.295), pick(20, 0.28), pick(40, 0.2)])],
    ['a frame that ties with the last pick', answer([pick(10, 0.3), pick(20, 0.28), pick(70, 0.205)])],
  ])('lets pass %s', (_, found) => {
    expect(differenceOfAnswers(expected, found)).toBeNull();
  });

  test.each([
    ['another verdict', answer(expected.picks, 'Nothing.'), /answered “Nothing.”/],
    ['a pick from elsewhere', answer([pick(90, 0.3), pick(20, 0.28), pick(40, 0.2)]), /frame 90 .* found/],
    ['a pick that is missing', answer([pick(20, 0.28), pick(40, 0.2)]), /frame 10 .* missing/],
  ])('names %s', (_, found, words) => {
    expect(differenceOfAnswers(expected, found)).toMatch(words);
  });
});

describe('worstCosine', () => {
  test('is that of the frame that differs most', () => {
    const clip = {
      timesMs: [0, 500],
      vectors: [
        [1, 0],
        [0, 2],
      ],
    };
    const other = {
      timesMs: [0, 500],
      vectors: [
        [3, 0],
        [3, 4],
      ],
    };
    expect(worstCosine(clip, other)).toBeCloseTo(0.8, 10);
  });

  test('is refused for frames of other moments', () => {
    const clip = { timesMs: [0], vectors: [[1]] };
    expect(() => worstCosine(clip, { ...clip, timesMs: [40] })).toThrow(/frames at 40 ms, not at 0 ms/);
  });
});
