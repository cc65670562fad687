import { describe, expect, it } from 'vitest';
import { blankListMarks, linesOfList } from '@/lib/query/list';
import { parseQuery } from '@/lib/query/parse';

describe('linesOfList', () => {
  it.each([
    ['- a dog\n- a cat'],
    ['* a dog\r\n* a cat\r\n'],
    ['• a dog\n\n• a cat'],
    ['– a dog\n— a cat'],
    ['1. a dog\n2. a cat'],
    ['1) a dog\n(2) a cat'],
    ['- [ ] a dog\n- [x] a cat'],
    ['  - a dog\n  - a cat'],
    ['a dog\n a cat'],
  ])('takes the marks off %j', (text) => {
    expect(linesOfList(text)).toEqual(['a dog', 'a cat']);
  });

  it('keeps the sign of a line where another line has none', () => {
    expect(linesOfList('a street\n- a person')).toEqual(['a street', '- a person']);
  });
});

describe('a list as a question', () => {
  it('means any of its lines (#19)', () => {
    const { alternatives } = parseQuery('- a dog\n- a cat', []);
    expect(
      alternatives.map(({ terms }) => terms.map(({ weight, content }) => ({ weight, content }))),
    ).toEqual([
      [{ weight: 1, content: { kind: 'text', text: 'a dog', isQuoted: false } }],
      [{ weight: 1, content: { kind: 'text', text: 'a cat', isQuoted: false } }],
    ]);
  });

  it('keeps the places of its terms', () => {
    const source = '- a dog\n- a cat - snow';
    const places = parseQuery(source, []).alternatives.flatMap(({ terms }) =>
      terms.map(({ start, end }) => source.slice(start, end)),
    );
    expect(places).toEqual(['a dog', 'a cat', 'snow']);
  });

  it('is no list with one line, whose minus is a sign', () => {
    expect(blankListMarks('- a dog')).toBe('- a dog');
    expect(() => parseQuery('- a dog', [])).toThrow(/what the frames shall show/);
  });
});
