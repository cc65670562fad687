import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageTextEncoder } from '@/lib/encoder/image-text-encoder';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { cosine, meanDirection } from '@/lib/shared/vectors';
import { textGraph, TOY_MODEL, visionGraph } from '../../support/model-graphs';
import { FakeRuntime } from '../../support/fake-runtime';
import { PUBLISHED_PREPROCESSOR, readBundledTokenizerJson } from '../../support/published-files';
import { encoderOf, TEST_MODEL } from '../../support/test-encoder';

const config = JSON.parse(readFileSync(join('public/models', BUNDLED_MODEL_ID, 'config.json'), 'utf8')) as {
  text_config: { max_position_embeddings: number };
};
const context = config.text_config.max_position_embeddings;
const tokenizer = new ClipTokenizer(readBundledTokenizerJson(), context);
/** A tokenizer that never cuts, to count with. */
const uncut = new ClipTokenizer(readBundledTokenizerJson(), 1_000_000);

const graphs = { vision: visionGraph(TOY_MODEL), text: textGraph(TOY_MODEL) };
const preprocessor = {
  ...PUBLISHED_PREPROCESSOR,
  size: { height: 32, width: 32 },
  crop_size: { height: 32, width: 32 },
};

const LONG =
  'A woman in a long green coat walks two small white dogs along the edge of a lake at sunset, while behind her ' +
  'a boy on a red bicycle rides past a wooden bench. On the bench an old man reads a newspaper and eats an apple.';

describe('partsOf', () => {
  it('leaves a text that fits alone', () => {
    expect(tokenizer.partsOf('a red car')).toEqual(['a red car']);
  });

  it('parts a text where a sentence or a phrase ends', () => {
    const parts = tokenizer.partsOf(LONG);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.join(' ')).toBe(LONG);
    expect(parts).toContain('On the bench an old man reads a newspaper and eats an apple.');
  });

  it('loses no letter, and every part fits, whatever the text', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 40 }), (words) => {
        const text = words.join(' ');
        const parts = tokenizer.partsOf(text);
        const letters = (some: string) => some.replaceAll(/\s/gu, '');
        expect(letters(parts.join(''))).toBe(letters(text));
        if (parts.length > 1)
          for (const part of parts) expect(uncut.encode(part).length).toBeLessThanOrEqual(context);
      }),
      { numRuns: 60 },
    );
  });
});

describe('encodeTexts of a text beyond the context', () => {
  const load = async (): Promise<ImageTextEncoder> => {
    const encoder = encoderOf({ graphs, preprocessor }, new FakeRuntime());
    await encoder.load(TEST_MODEL);
    return encoder;
  };
  const words = (count: number, last: string) =>
    Array.from({ length: count }, (_, i) => `word${i % 7}`).join(' ') + ` ${last}`;

  it('tells two texts with different endings apart (#19)', async () => {
    const encoder = await load();
    const embeddings = await encoder.encodeTexts([words(30, 'a red car'), words(30, 'a sandy beach')]);
    const [one, other] = [embeddings.subarray(0, 512), embeddings.subarray(512)];
    expect(cosine(one, other)).toBeLessThan(1 - 1e-6);
  });

  it('gives the mean of its parts, of unit length', async () => {
    const encoder = await load();
    const long = words(30, 'a red car');
    const whole = await encoder.encodeTexts([long]);
    expect(whole).toHaveLength(512);
    expect(Math.hypot(...whole)).toBeCloseTo(1, 6);
    const middle = [...long.matchAll(/\s/gu)].map(({ index }) => index + 1);
    const at = middle.reduce((best, place) =>
      Math.abs(place - long.length / 2) < Math.abs(best - long.length / 2) ? place : best,
    );
    const halves = await encoder.encodeTexts([long.slice(0, at - 1), long.slice(at)]);
    expect(cosine(whole, meanDirection(halves, 512))).toBeCloseTo(1, 6);
  });
});

describe('lookUpWords', () => {
  const wordCounts = { version: 1, captions: 100, words: { car: 50 } };

  it('tells what the model’s own counts say', async () => {
    const encoder = encoderOf({ graphs, preprocessor, wordCounts }, new FakeRuntime());
    await encoder.load(TEST_MODEL);
    const facts = await encoder.lookUpWords(['car', 'Hund']);
    expect(facts?.map(({ isKnown }) => isKnown)).toEqual([true, false]);
  });

  it.each([
    ['no counts', undefined],
    ['something else by that name', { version: 9 }],
  ])('says nothing for a model with %s', async (_, given) => {
    const encoder = encoderOf({ graphs, preprocessor, wordCounts: given }, new FakeRuntime());
    await encoder.load(TEST_MODEL);
    expect(await encoder.lookUpWords(['Hund'])).toBeNull();
  });
});
