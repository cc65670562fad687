import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPlace, readPlace, type PagePlace } from '@/lib/shared/page-place';

describe('the address of a place', () => {
  it('reads as a person would write it', () => {
    const place = { clipId: '8c1f', question: 'a red car', range: { startMs: 12_500, endMs: 30_000 } };
    expect(formatPlace(place)).toBe('#clip=8c1f&q=a+red+car&from=12.5&to=30');
    expect(formatPlace({ clipId: null, question: 'a dog', range: null })).toBe('');
  });

  it('comes back as it went, whatever is asked', () => {
    const time = fc.integer({ min: 0, max: 86_400_000 });
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 })),
        fc.option(fc.tuple(time, time)),
        (clipId, question, times) => {
          const place: PagePlace = {
            clipId,
            question: question?.trim() ? question.trim() : null,
            range: times && { startMs: Math.min(...times), endMs: Math.max(...times) + 1 },
          };
          expect(readPlace(formatPlace(place))).toEqual(place);
        },
      ),
    );
  });

  it.each([
    ['', { clipId: null, question: null, range: null }],
    ['#answer-title', { clipId: null, question: null, range: null }],
    ['#clip=a/../b&q=x', { clipId: null, question: null, range: null }],
    ['#clip=a&from=5&to=2', { clipId: 'a', question: null, range: null }],
    ['#clip=a&from=1e9&to=2e9', { clipId: 'a', question: null, range: null }],
    ['#clip=a&from=1', { clipId: 'a', question: null, range: null }],
    [`#clip=a&q=${'x'.repeat(3000)}`, { clipId: 'a', question: null, range: null }],
    ['#clip=a&q=%E0%A4%A', { clipId: 'a', question: '\uFFFD%A', range: null }],
  ])('leaves out what it cannot read of %j', (fragment, place) => {
    expect(readPlace(fragment)).toEqual(place);
  });
});
