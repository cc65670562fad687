import type { Answer } from '@/lib/ports/search';
import { describe, expect, it } from 'vitest';
import { chooseExamples, exampleOf, MAX_EXAMPLES } from '@/lib/ask/examples';

type Kind = NonNullable<Answer['verdict']>['kind'];

function answer(kind: Kind | null, likelihood = 0.8): Answer {
  return {
    frames: [
      {
        clipId: 'clip',
        frameIndex: 3,
        timestampMs: 3000,
        score: 0.3,
        rank: 1,
        likelihood,
        strength: likelihood >= 0.5 ? 'strong' : 'possible',
        isPinned: false,
      },
    ],
    verdict: kind && { kind, spans: [] },
  } as unknown as Answer;
}

describe('exampleOf', () => {
  it.each(['moment', 'several', 'whole'] as const)('offers what the clip shows: %s', (kind) => {
    expect(exampleOf('a dog', answer(kind))).toEqual({
      text: 'a dog',
      score: 0.8,
      frameIndex: 3,
      isSure: true,
    });
  });

  it('offers what the clip may show, and knows that it is not sure', () => {
    expect(exampleOf('a dog', answer('perhaps'))).toMatchObject({ text: 'a dog', isSure: false });
  });

  it('never offers what the page would call absent, or knows nothing of', () => {
    expect(exampleOf('a dog', answer('absent', 0.9))).toBeNull();
    expect(exampleOf('a dog', answer(null))).toBeNull();
    expect(exampleOf('a dog', { ...answer('moment'), frames: [] })).toBeNull();
  });
});

describe('chooseExamples', () => {
  const found = (text: string, score: number, frameIndex: number, isSure = true) => ({
    text,
    score,
    frameIndex,
    isSure,
  });

  it('puts what is sure first, and different moments before the same one again', () => {
    expect(
      chooseExamples([
        found('a screen', 0.4, 9, false),
        found('a dog', 0.9, 1),
        found('a cat', 0.8, 1),
        found('snow', 0.7, 2),
      ]),
    ).toEqual(['a dog', 'snow', 'a screen', 'a cat']);
  });

  it('offers few', () => {
    const many = Array.from({ length: 20 }, (_, i) => found(`thing ${i}`, 1 - i / 100, i));
    expect(chooseExamples(many)).toHaveLength(MAX_EXAMPLES);
    expect(chooseExamples([])).toEqual([]);
  });
});
