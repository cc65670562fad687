import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Vocabulary } from '@/lib/encoder/vocabulary';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';

const small = Vocabulary.read({
  version: 1,
  captions: 1000,
  words: {
    bicycle: 80,
    icicle: 30,
    umbrella: 40,
    run: 30,
    car: 300,
    cap: 200,
    cat: 250,
    dog: 260,
    hand: 90,
    zebra: 7,
    auto: 2,
    bycicle: 2,
    cafe: 30,
    black: 300,
    balck: 3,
  },
})!;

describe('Vocabulary', () => {
  it.each(['car', 'Car', 'CARS', 'umbrellas', 'running', 'café', 'dog’s', "dog's", 'the', 'me', 'x'])(
    'knows “%s”',
    (word) => {
      expect(small.lookUp([word])).toMatchObject([{ word, isKnown: true, near: [] }]);
    },
  );

  it.each(['Hund', 'asdfghjkl', 'zebra', 'auto', 'собака', '犬', 'Lamborghini'])(
    'hardly knows “%s”, and knows nothing near',
    (word) => {
      expect(small.lookUp([word])).toEqual([{ word, isKnown: false, hasMeaning: true, near: [] }]);
    },
  );

  it.each([
    ['bycicle', ['bicycle']],
    ['Bycicle', ['bicycle']],
    ['bicyle', ['bicycle']],
    ['umbrela', ['umbrella']],
    ['balck', ['black']],
    ['dgo', ['dog']],
    ['cra', ['car']],
  ])('offers what “%s” may be', (word, near) => {
    expect(small.lookUp([word])).toEqual([{ word, isKnown: false, hasMeaning: true, near }]);
  });

  it('tells words that name nothing', () => {
    expect(small.lookUp(['the', 'car']).map(({ hasMeaning }) => hasMeaning)).toEqual([false, true]);
  });

  it('is none where a file is not one', () => {
    expect(Vocabulary.read({ version: 2, captions: 1, words: {} })).toBeUndefined();
    expect(Vocabulary.read({ version: 1, captions: 10, words: { car: 'many' } })).toBeUndefined();
    expect(Vocabulary.read(null)).toBeUndefined();
  });
});

describe('the bundled model’s vocabulary', () => {
  const path = `public/models/${BUNDLED_MODEL_ID}/word-counts.json`;
  const bundled = Vocabulary.read(JSON.parse(readFileSync(path, 'utf8')))!;

  it.each(
    [
      'a red car',
      'a person riding a bicycle',
      'people swimming',
      'Show me a dog on the beach',
      'snow-covered mountains',
    ]
      .concat([
        'two women in striped shirts',
        'a bottle',
        'the city at night',
        'trees and grass',
        'a man wearing a hat',
      ])
      .concat([
        'white kitchen cabinets',
        'children playing football',
        'an empty street',
        'a coral reef',
        'umbrellas',
      ]),
  )('knows all words of “%s”', (text) => {
    expect(bundled.lookUp(text.split(/[\s-]+/)).filter(({ isKnown }) => !isKnown)).toEqual([]);
  });

  it.each(['Hund', 'asdfghjkl', 'Lamborghini', 'voiture', 'perro', '犬'])('hardly knows “%s”', (word) => {
    expect(bundled.lookUp([word])).toEqual([{ word, isKnown: false, hasMeaning: true, near: [] }]);
  });

  it('offers bicycle for “bycicle” (#19)', () => {
    expect(bundled.lookUp(['bycicle'])[0]!.near).toEqual(['bicycle']);
  });
});
