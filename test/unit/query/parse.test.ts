import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatQuery,
  MAX_TERMS,
  MAX_WEIGHT,
  MIN_WEIGHT,
  parseQuery,
  QuerySyntaxError,
} from '@/lib/query/parse';
import { MAX_QUERY_LENGTH, promptsFor } from '@/lib/query/prompts';
import type { Query, Term } from '@/lib/query/query';
import { FramesiftError } from '@/lib/shared/errors';

const ATTACHED = [1, 2];

/** Terms as a person would write them down, alternatives apart. */
function outline({ alternatives }: Query): string[][] {
  return alternatives.map(({ terms }) =>
    terms.map(({ weight, content }) => {
      if (content.kind === 'picture') return `${weight} picture ${content.image}`;
      return `${weight} ${content.isQuoted ? `<${content.text}>` : content.text}`;
    }),
  );
}

const parse = (source: string) => outline(parseQuery(source, ATTACHED));

describe('parseQuery', () => {
  it.each([
    ['dog + beach - person', ['1 dog', '1 beach', '-1 person']],
    ['dog +beach -person', ['1 dog', '1 beach', '-1 person']],
    ['  dog  +  a   beach ', ['1 dog', '1 a beach']],
    ['+ dog', ['1 dog']],
    ['-person + street', ['-1 person', '1 street']],
    ['street − person', ['1 street', '-1 person']],
    ['street – person', ['1 street', '-1 person']],
    ['2:red car', ['2 red car']],
    ['2:red car + 0.5:snow - .25:person', ['2 red car', '0.5 snow', '-0.25 person']],
    ['street + -2:person', ['1 street', '-2 person']],
    ['street -2:person', ['1 street', '-2 person']],
    ['1:dog', ['1 dog']],
    ['12:über', ['12 über']],
    ['"red car"', ['1 <red car>']],
    ['“salt + pepper | a - b”', ['1 <salt + pepper | a - b>']],
    ['« eau - vive » + „kalt“', ['1 <eau - vive>', '1 <kalt>']],
    ['2:"a + b" - "c"', ['2 <a + b>', '-1 <c>']],
    ['a sign "A + B" + dog', ['1 a sign "A + B"', '1 dog']],
    ['"red car" at night', ['1 "red car" at night']],
    ['#1', ['1 picture 1']],
    ['#1 + snow - 2:#2', ['1 picture 1', '1 snow', '-2 picture 2']],
    ['dog + #9 lives', ['1 dog', '1 #9 lives']],
    ['狗 + 海滩', ['1 狗', '1 海滩']],
    ['🐕 - 🐈', ['1 🐕', '-1 🐈']],
  ])('reads %j', (source, terms) => {
    expect(parse(source)).toEqual([terms]);
  });

  it.each([
    ['dog | cat', [['1 dog'], ['1 cat']]],
    ['dog|cat', [['1 dog'], ['1 cat']]],
    ['dog\ncat\r\n\n  bird\n', [['1 dog'], ['1 cat'], ['1 bird']]],
    ['dog |\n cat', [['1 dog'], ['1 cat']]],
    [
      'dog - grass | 2:"a|b" + sea',
      [
        ['1 dog', '-1 grass'],
        ['2 <a|b>', '1 sea'],
      ],
    ],
    ['- person + dog | cat', [['-1 person', '1 dog'], ['1 cat']]],
  ])('reads the alternatives of %j', (source, alternatives) => {
    expect(parse(source)).toEqual(alternatives);
  });

  it.each([
    'a red car',
    'a black-and-white picture of a T-shirt',
    'a well-lit room',
    'at 10:30',
    '10:30 at the station',
    '16:9',
    '2: red car',
    'C++',
    'a -> b',
    'a man -- on a beach',
    '--fast',
    'a+b',
    'either/or',
    'Where is the dog?',
    'the 6" x 8" board',
    'a dog’s bowl',
    'the “red” car',
    '#hashtag',
    '#9 lives',
    '?',
    'trailing - ?',
    '  spread   out ',
  ])('takes %j for plain text, with the sentences of before', (source) => {
    const query = parseQuery(source, ATTACHED);
    const [term] = query.alternatives.flatMap(({ terms }) => terms);
    const text = source.trim().replace(/\s+/g, ' ');
    expect(outline(query)).toEqual([[`1 ${text}`]]);
    expect(promptsFor((term!.content as { text: string }).text)).toEqual(promptsFor(source));
    expect(source.slice(term!.start, term!.end)).toBe(source.trim());
  });

  it('says where each term stands, its weight with it', () => {
    const source = ' 2:red car  -"a b" | #1 ';
    const { alternatives } = parseQuery(source, ATTACHED);
    const places = alternatives.flatMap(({ terms }) =>
      terms.map(({ start, end }) => source.slice(start, end)),
    );
    expect(places).toEqual(['2:red car', '"a b"', '#1']);
  });

  it.each([
    ['', '', /Type a few words/],
    [' \n ', ' \n ', /Type a few words/],
    ['dog +', '+', /must follow the “\+”/],
    ['dog − | cat', '−', /must follow the “−”/],
    ['-', '-', /must follow/],
    ['dog + - cat', '+ -', /Two signs/],
    ['dog - - cat', '- -', /Two signs/],
    ['-person', '-person', /what the frames shall show/],
    ['dog | -cat - 2:bird', '-cat - 2:bird', /what the frames shall show/],
    ['dog | | cat', '|', /both sides/],
    ['| cat', '|', /both sides/],
    ['dog |', '|', /both sides/],
    ['"red car', '"', /never closed/],
    ['dog + “red car\ncat”', '“', /never closed/],
    ['a sign "stop', '"', /never closed/],
    ['dog + "  "', '"  "', /Nothing stands between/],
    ['dog + #3', '#3', /no picture #3/],
    ['#1 snow', 'snow', /After “#1” comes a plus/],
    ['0:dog + cat', '0:', /from 0.01 to 100/],
    ['cat + 101:dog', '101:', /from 0.01 to 100/],
    [
      Array.from({ length: MAX_TERMS + 1 }, (_, index) => `t${index}`).join(' + '),
      `t${MAX_TERMS}`,
      /more than 16/,
    ],
    ['x'.repeat(MAX_QUERY_LENGTH) + 'yz', 'yz', /502 characters/],
  ])('refuses %j and points at %j', (source, place, message) => {
    const error = errorOf(source);
    expect(error).toBeInstanceOf(FramesiftError);
    expect(error?.code).toBe('bad-input');
    expect(error?.message).toMatch(message);
    expect(source.slice(error?.start, error?.end)).toBe(place);
  });
});

function errorOf(source: string, attached = ATTACHED): QuerySyntaxError | undefined {
  try {
    parseQuery(source, attached);
    return undefined;
  } catch (error) {
    // Anything else that is thrown is a defect.
    if (error instanceof QuerySyntaxError) return error;
    throw error;
  }
}

/** Texts dense in what the language gives a meaning to. */
const dense = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(...' + - − – | : # " “ ” « » „ . 1 2 0.5: 2: #1 #3 \n \t'.split(' '), ' '),
      },
      { weight: 2, arbitrary: fc.constantFrom('dog', 'a red car', 'T-shirt', 'é', '🐕', '(', "'", '>') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

const plainText = fc
  .array(
    fc.constantFrom('dog', 'a', 'red', 'T-shirt', '10:30', 'C++', '->', '12"', 'naïve', '?', '#hashtag'),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  // A term that has one before it begins with something that a sign can stand before.
  .map((words) => `the ${words.join(' ')}`);

const term: fc.Arbitrary<Pick<Term, 'weight' | 'content'>> = fc.record({
  weight: fc
    .tuple(
      fc.oneof(fc.constant(1), fc.double({ min: MIN_WEIGHT, max: MAX_WEIGHT, noNaN: true })),
      fc.boolean(),
    )
    .map(([size, isNegative]) => (isNegative ? -size : size)),
  content: fc.oneof(
    plainText.map((text) => ({ kind: 'text' as const, text, isQuoted: false })),
    fc
      .stringMatching(/^[^\n\r\u2028\u2029"]{1,12}$/u)
      .filter((text) => text.trim() === text)
      .map((text) => ({ kind: 'text' as const, text, isQuoted: true })),
    fc.constantFrom(...ATTACHED).map((image) => ({ kind: 'picture' as const, image })),
  ),
});

const query = fc
  .array(
    fc.array(term, { minLength: 1, maxLength: 4 }).filter((terms) => terms.some(({ weight }) => weight > 0)),
    { minLength: 1, maxLength: 4 },
  )
  .map((alternatives): Query => ({
    alternatives: alternatives.map((terms) => ({
      terms: terms.map((each) => ({ ...each, start: 0, end: 0 })),
    })),
  }))
  .filter((made) => formatQuery(made).length <= MAX_QUERY_LENGTH);

describe('properties', () => {
  it('throws nothing but an error that points into the text', () => {
    fc.assert(
      fc.property(fc.oneof(dense, fc.string({ unit: 'binary', maxLength: 40 })), (source) => {
        const error = errorOf(source);
        if (!error) return;
        expect(error.start).toBeGreaterThanOrEqual(0);
        expect(error.end).toBeLessThanOrEqual(source.length);
        if (source.length > 0) expect(error.end).toBeGreaterThan(error.start);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(query, (made) => {
        expect(parse(formatQuery(made))).toEqual(outline(made));
      }),
      { numRuns: 1000 },
    );
  });

  it('writes what it has read, so that it reads the same again', () => {
    fc.assert(
      fc.property(dense, (source) => {
        if (errorOf(source)) return;
        const read = parseQuery(source, ATTACHED);
        expect(parse(formatQuery(read))).toEqual(outline(read));
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps terms in order, inside the text, and each where its place says', () => {
    fc.assert(
      fc.property(dense, (source) => {
        if (errorOf(source)) return;
        let last = 0;
        for (const { start, end } of parseQuery(source, ATTACHED).alternatives.flatMap(
          ({ terms }) => terms,
        )) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(source.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves words without signs, bars, quotation marks, weights and numbers of pictures as they are', () => {
    const words = fc
      .array(fc.stringMatching(/^[\p{L}\p{N}?!.,;'’()/&]{1,8}(?:-[\p{L}\p{N}]{1,5})?$/u), {
        minLength: 1,
        maxLength: 9,
      })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(words, (source) => {
        expect(parse(source)).toEqual([[`1 ${source}`]]);
      }),
    );
  });
});
