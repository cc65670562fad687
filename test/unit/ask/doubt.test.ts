import type { Answer } from '@/lib/ports/search';
import { describe, expect, it } from 'vitest';
import { isDoubtful } from '@/lib/ask/doubt';

type Kind = NonNullable<Answer['verdict']>['kind'];

const answer = (kind: Kind | null, strength = 'strong', frames = 1) =>
  ({
    verdict: kind && { kind, spans: [], evidence: null },
    frames: Array.from({ length: frames }, () => ({ strength })),
  }) as unknown as Answer;

describe('isDoubtful', () => {
  it.each([
    ['moment', false],
    ['several', false],
    ['whole', false],
    ['perhaps', true],
    ['absent', true],
  ] as const)('an answer of “%s”: %s', (kind, expected) => {
    expect(isDoubtful(answer(kind))).toBe(expected);
  });

  it('goes by the best frame where there is no verdict', () => {
    expect(isDoubtful(answer(null, 'weak'))).toBe(true);
    expect(isDoubtful(answer(null, 'strong'))).toBe(false);
  });

  it('is no doubt where there are no frames', () => {
    expect(isDoubtful(answer('absent', 'weak', 0))).toBe(false);
  });
});
