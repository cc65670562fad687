import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCalibration } from '@/lib/encoder/calibration';
import { BUNDLED_MODEL_ID, findModel } from '@/lib/models/catalog';
import { readGolden } from '@/lib/encoder/golden';
import { modelVersionOf, readModelConfig } from '@/lib/models/model-config';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import { cosine } from '@/lib/shared/vectors';

const entry = findModel(BUNDLED_MODEL_ID)!;
const folder = join(import.meta.dirname, '../../../public/models', entry.id);
const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

const config = readModelConfig(json('config.json'), json('preprocessor_config.json'));

function bytesBelow(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

describe('the bundled model', () => {
  it('takes 12 MB or less in all and 10 MB or less of a visitor', () => {
    expect(bytesBelow(folder)).toBeLessThanOrEqual(12_000_000);
    const downloaded = [
      'onnx',
      'tokenizer.json',
      'config.json',
      'preprocessor_config.json',
      'golden.json',
      'calibration.json',
    ];
    expect(downloaded.reduce((sum, name) => sum + bytesBelow(join(folder, name)), 0)).toBeLessThanOrEqual(
      10_000_000,
    );
  });

  it('has a version that fits its column and names its weights', () => {
    expect(config.revision).toMatch(/^[0-9a-f]{8,}$/);
    expect(modelVersionOf(entry.id, config.revision, 'fp32', config.resize.views)).toBe(
      `${entry.id}@${config.revision.slice(0, 8)}/fp32/p2v25880`,
    );
  });

  it('says how likely a match is', () => {
    const calibration = readCalibration(json('calibration.json'))!;
    expect(calibration.unlikely).toBeGreaterThan(0);
    expect(calibration.possible).toBeGreaterThan(calibration.unlikely);
    expect(calibration.strong).toBeGreaterThan(calibration.possible);
  });

  it('has golden embeddings, of unit length and not alike', () => {
    const golden = readGolden(json('golden.json'))!;
    for (const embedding of [golden.imageEmbedding, golden.textEmbedding]) {
      expect(embedding).toHaveLength(512);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 3);
    }
    expect(Math.abs(cosine(golden.imageEmbedding, golden.textEmbedding))).toBeLessThan(0.9);
  });
});

describe('its tokenizer', () => {
  const tokenizer = new ClipTokenizer(json('tokenizer.json'), config.contextLength);
  const golden = json('golden.json') as { text: string; input_ids: number[] };
  const [start, end] = [golden.input_ids[0]!, golden.input_ids.at(-1)!];

  it('gives the ids that the model was trained with', () => {
    expect(tokenizer.encode(golden.text)).toEqual(golden.input_ids);
  });

  it.each([
    ['capitals', 'A RED Car', 'a red car'],
    ['spaces', '  a   red car ', 'a red car'],
    ['line breaks', 'a red\ncar', 'a red car'],
  ])('does not care about %s', (_, one, other) => {
    expect(tokenizer.encode(one)).toEqual(tokenizer.encode(other));
  });

  it('reads any text: emoji, accents, other scripts, nothing', () => {
    for (const text of ['🚗 a car', 'Straße', '赤い車', '']) {
      const ids = tokenizer.encode(text);
      expect([ids[0], ids.at(-1)]).toEqual([start, end]);
    }
  });

  it('cuts what is too long and keeps the end marker', () => {
    const ids = tokenizer.encode('a red car on the street '.repeat(40));
    expect(ids).toHaveLength(config.contextLength);
    expect(ids.at(-1)).toBe(end);
  });

  it('fills short rows of a batch with the end marker', () => {
    const { ids, length } = tokenizer.encodeBatch(['dog', 'a dog on the grass']);
    expect(ids).toHaveLength(2 * length);
    const short = tokenizer.encode('dog');
    expect(Array.from(ids.subarray(0, short.length), Number)).toEqual(short);
    expect(Array.from(ids.subarray(short.length, length), Number)).toEqual(
      Array(length - short.length).fill(end),
    );
  });
});
