import { describe, expect, it } from 'vitest';
import { embeddingFromJson, embeddingToJson } from '@/lib/shared/embedding-json';
import { FramesiftError } from '@/lib/shared/errors';
import { randomEmbedding, seededRandom } from '../library/support';

const fromBits = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0]!;

/** The fewest digits by trying them all. */
function shortest(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  throw new Error(`${value} needs more than nine digits`);
}

describe('embeddingToJson', () => {
  it.each([
    ['zero', 0, '[0]'],
    ['minus zero', -0, '[-0]'],
    ['one', 1, '[1]'],
    ['a half', -0.5, '[-0.5]'],
    ['a tenth', 0.1, '[0.1]'],
    ['a third', 1 / 3, '[0.33333334]'],
    ['an integer', 16777216, '[16777216]'],
    ['the smallest subnormal', fromBits(1), '[1e-45]'],
    ['the largest subnormal', fromBits(0x7fffff), '[1.1754942e-38]'],
    ['the smallest normal', fromBits(0x800000), '[1.1754944e-38]'],
    ['the largest number', fromBits(0x7f7fffff), '[3.4028235e+38]'],
    ['nine digits', fromBits(0x3dcccccf), '[0.10000002]'],
  ])('writes %s', (_, value, json) => {
    expect(embeddingToJson(Float32Array.of(value))).toBe(json);
    expect(Object.is(embeddingFromJson(json, 1)[0], Math.fround(value))).toBe(true);
  });

  it('writes an empty embedding and several numbers', () => {
    expect(embeddingToJson(new Float32Array(0))).toBe('[]');
    expect(embeddingToJson(Float32Array.of(0.25, -3, 1e-7))).toBe('[0.25,-3,1e-7]');
  });

  it('writes a part of a larger buffer', () => {
    expect(embeddingToJson(Float32Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('[2,3]');
  });

  it('reads back any float32 bit for bit, with no digit to spare', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 20_000; i++) {
      const value = fromBits(Math.floor(random() * 2 ** 32));
      if (!Number.isFinite(value) || value === 0) continue;
      expect(embeddingToJson(Float32Array.of(value))).toBe(`[${shortest(value)}]`);
    }
    for (let i = 0; i < 20_000; i++) {
      const value = Math.fround((random() < 0.5 ? -1 : 1) * 10 ** (-4.5 * random()));
      expect(embeddingToJson(Float32Array.of(value))).toBe(`[${shortest(value)}]`);
    }
    for (const digits of [1, 2, 3, 4, 5, 6, 7]) {
      const value = Math.fround(Number(random().toFixed(digits)));
      if (value > 0) expect(embeddingToJson(Float32Array.of(value))).toBe(`[${shortest(value)}]`);
    }
    for (let exponent = -149; exponent <= 127; exponent++) {
      const value = 2 ** exponent;
      expect(embeddingToJson(Float32Array.of(value))).toBe(`[${shortest(value)}]`);
    }
  });

  it('keeps embeddings exactly and in less than 6.5 KB', () => {
    for (let seed = 0; seed < 50; seed++) {
      const embedding = randomEmbedding(seed);
      const json = embeddingToJson(embedding);
      expect(json.length).toBeLessThan(6500);
      expect(embeddingFromJson(json, embedding.length)).toEqual(embedding);
    }
  });

  it.each([NaN, Infinity, -Infinity])('refuses %s', (value) => {
    expect(() => embeddingToJson(Float32Array.of(0, value))).toThrow(FramesiftError);
  });
});

describe('embeddingFromJson', () => {
  it.each([
    ['[0.1,', /not valid JSON/],
    ['{"0":1}', /not a JSON array/],
    ['null', /not a JSON array/],
    ['[1,2,3]', /3 numbers instead of 2/],
    ['[1]', /1 numbers instead of 2/],
    ['[1,"2"]', /position 1/],
    ['[null,2]', /position 0/],
    ['[1,1e39]', /position 1/],
  ])('refuses %s', (json, message) => {
    expect(() => embeddingFromJson(json, 2)).toThrow(message);
  });

  it('reads what Python writes', () => {
    expect(embeddingFromJson('[0.01230000052601099, -4.5E-02]', 2)).toEqual(
      Float32Array.of(0.01230000052601099, -0.045),
    );
  });
});
