import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import {
  openAiTokenizerJson,
  readBundledTokenizerJson,
  readOpenAiMergesFile,
} from '../../support/published-files';
import { readOpenAiVocabulary, SimpleTokenizer } from '../../support/simple-tokenizer';
import { TOKENIZER_STRING_COUNT, tokenizerStrings } from '../../support/tokenizer-strings';

// Tens of thousands of texts: seconds on an idle machine, minutes on a busy one.
vi.setConfig({ testTimeout: 300_000 });

const bundled = readBundledTokenizerJson();
const bundledConfig = readFileSync(
  join(import.meta.dirname, '../../../public/models', BUNDLED_MODEL_ID, 'config.json'),
  'utf8',
);
const bundledContextLength = (
  JSON.parse(bundledConfig) as { text_config: { max_position_embeddings: number } }
).text_config.max_position_embeddings;
const openAi = readOpenAiVocabulary(readOpenAiMergesFile());

const strings = tokenizerStrings();
const mergeNames = bundled.model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
const references = {
  bundled: new SimpleTokenizer(
    mergeNames,
    new Map(Object.entries(bundled.model.vocab)),
    bundledContextLength,
  ),
  openAi: new SimpleTokenizer(openAi.merges, openAi.idOfToken, 77),
};

const expectedIds = {
  bundled: strings.map((text) => references.bundled.encode(text)),
  openAi: strings.map((text) => references.openAi.encode(text)),
};

/** The texts whose ids differ from the reference's. */
function differences(tokenizer: ClipTokenizer, expected: number[][]): string[] {
  return strings.filter((text, index) => tokenizer.encode(text).join() !== expected[index]!.join());
}

describe('the reference tokenizer', () => {
  it('has OpenAI’s own vocabulary', () => {
    expect(openAi.idOfToken.size).toBe(49_408);
    // Of the 48,894 lines that count, as in the file that OpenAI published.
    expect(sha256(openAi.merges.join('\n'))).toBe(
      'f61f2adf497e6f5357c347aeb4646fabe82f341e946de5bdec5d2858e41bef4a',
    );
  });

  it('gives the ids that OpenAI’s Python code gives', () => {
    expect(strings).toHaveLength(TOKENIZER_STRING_COUNT);
    expect(new Set(strings).size).toBeGreaterThan(10_000);
    expect(sha256(strings.join('\0'))).toBe(
      '7135ae3eb0482e377454290e2eeef2f461667012a5a31a0b266637842c2a31a0',
    );
    // Of a run of SimpleTokenizer in Python over these strings, without ftfy and html.unescape, NFC in their
    // place (docs/decisions/010).
    const ids = expectedIds.openAi.map((row) => row.join(' '));
    expect(sha256(ids.join('\n'))).toBe('73b3e34aa8962b3e04290c9ec11c9d420111c4f3d4ee9c7d60a3541e45dd2dbd');
  });

  it('gives ids that are widely known', () => {
    expect(references.openAi.encode('Hi there')).toEqual([49406, 1883, 997, 49407]);
    expect(references.openAi.encode('a photo of a cat')).toEqual([49406, 320, 1125, 539, 320, 2368, 49407]);
  });
});

describe('the page’s tokenizer', () => {
  it('equals the reference on every string with the bundled vocabulary', () => {
    expect(differences(new ClipTokenizer(bundled, bundledContextLength), expectedIds.bundled)).toEqual([]);
  });

  it.each(['strings', 'pairs'] as const)(
    'equals the reference on every string with OpenAI’s vocabulary, merges written as %s',
    (mergesAs) => {
      expect(differences(new ClipTokenizer(openAiTokenizerJson(mergesAs), 77), expectedIds.openAi)).toEqual(
        [],
      );
    },
  );
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

it('refuses a file whose damage only the first text would meet (#22)', () => {
  const json = openAiTokenizerJson() as { model: { vocab: Record<string, number> } };
  const vocab = Object.fromEntries(Object.keys(json.model.vocab).map((token) => [token, 0.5]));
  expect(() => new ClipTokenizer({ ...json, model: { ...json.model, vocab } }, 77)).toThrow(
    /^The model's tokenizer\.json cannot be used/,
  );
});
