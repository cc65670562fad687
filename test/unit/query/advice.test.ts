import { describe, expect, it } from 'vitest';
import { adviceOnWords, replaceWord, signsForWords, wordsOf } from '@/lib/query/advice';
import { parseQuery } from '@/lib/query/parse';
import { Vocabulary } from '@/lib/encoder/vocabulary';

describe('signsForWords', () => {
  it.each([
    ['dog AND beach', ['AND'], 'dog + beach'],
    ['dog OR cat', ['OR'], 'dog | cat'],
    ['a street NOT car', ['NOT'], 'a street - car'],
    ['a street AND NOT a car', ['NOT'], 'a street - car'],
    ['a street with no cars', ['no'], 'a street - cars'],
    ['a street without any people', ['without'], 'a street - people'],
    ['beach without people or dogs', ['without'], 'beach - people or dogs'],
    ['a street but not the red car', ['not'], 'a street - red car'],
    ['a street with no one', ['no one'], 'a street - people'],
    ['2:dog AND beach', ['AND'], '2:dog + beach'],
    ['dog AND beach OR cat NOT snow', ['NOT', 'AND', 'OR'], 'dog + beach | cat - snow'],
    ['#1 + snow NOT night', ['NOT'], '#1 + snow - night'],
    ['a dog NOT #1', ['NOT'], 'a dog - #1'],
  ])('turns %j into signs', (source, words, text) => {
    expect(signsForWords(source, [1])).toEqual({ words, text, lacksSubject: false });
    expect(() => parseQuery(text, [1])).not.toThrow();
  });

  it.each([
    ['no car', '- car'],
    ['NOT car', '- car'],
    ['Without a car', '- car'],
  ])('says of %j that the frames must show something else', (source, text) => {
    expect(signsForWords(source, [])).toMatchObject({ text, lacksSubject: true });
  });

  it.each([
    ['a dog and a cat'],
    ['black or white'],
    ['a no parking sign'],
    ['no entry'],
    ['in no time'],
    ['a knot'],
    ['"dog AND cat"'],
    ['street - NOT car'],
    ['a dog - no cat'],
    ['AND'],
    ['dog AND'],
    ['dog + - cat NOT snow'],
    ['north of no'],
  ])('leaves %j alone', (source) => {
    expect(signsForWords(source, [])).toBeNull();
  });
});

describe('wordsOf', () => {
  it('gives the words of all texts with their places', () => {
    const source = '2:ein rotes Auto | #1 - "black-and-white" + l’été';
    const words = wordsOf(source, [1]);
    expect(words.map(({ word }) => word)).toEqual(['ein', 'rotes', 'Auto', 'black', 'and', 'white', 'l’été']);
    for (const { word, start, end } of words) expect(source.slice(start, end)).toBe(word);
  });

  it('gives none of a question that cannot be read', () => {
    expect(wordsOf('dog |', [])).toEqual([]);
  });
});

describe('replaceWord', () => {
  it('puts a word in the place of one, in its case', () => {
    const [, word] = wordsOf('a Bycicle', []);
    expect(replaceWord('a Bycicle', word!, 'bicycle')).toBe('a Bicycle');
  });
});

describe('adviceOnWords', () => {
  const vocabulary = new Vocabulary(
    new Map([
      ['bicycle', 80],
      ['ropes', 30],
      ['red', 300],
      ['umbrella', 30],
    ]),
  );
  const advise = (source: string) => {
    const words = wordsOf(source, []);
    return adviceOnWords(source, words, vocabulary.lookUp(words.map(({ word }) => word)));
  };

  it('says nothing of words that the model knows', () => {
    expect(advise('a red bicycle')).toBeNull();
    expect(advise('#')).toBeNull();
  });

  it('names what the model hardly knows, and offers what may be meant', () => {
    expect(advise('a red bycicle - an umbrela')).toEqual({
      unknown: ['bycicle', 'umbrela'],
      isAllUnknown: false,
      spellings: [
        { word: 'bycicle', other: 'bicycle', text: 'a red bicycle - an umbrela' },
        { word: 'umbrela', other: 'umbrella', text: 'a red bycicle - an umbrella' },
      ],
    });
  });

  it('offers no spellings of another language’s words', () => {
    expect(advise('ein rotes Auto')).toEqual({
      unknown: ['ein', 'rotes', 'Auto'],
      isAllUnknown: true,
      spellings: [],
    });
  });

  it('names a word once', () => {
    expect(advise('Hund + Hund')!.unknown).toEqual(['Hund']);
  });
});
