import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  longestSearchAnswer,
  NO_TIME,
  packSearchAnswer,
  packVector,
  searchRequest,
  unpackSearchAnswer,
  unpackVectors,
  type LibrarySearchAnswer,
} from '@/lib/protocol/search';
import { normaliseRows } from '@/lib/shared/vectors';

const DIMENSION = 512;

/** A unit vector that is mostly one of the axes. */
function vector(axis: number): Float32Array<ArrayBuffer> {
  const values = Float32Array.from({ length: DIMENSION }, (_, i) => (i === axis ? 1 : 0.001 * (i % 7)));
  normaliseRows(values, DIMENSION);
  return values;
}

const REQUEST = searchRequest.parse({
  model: 'framesift-clip-v2@1234',
  vectors: [packVector(vector(0))],
  negatives: [packVector(vector(1))],
  clips: 20,
  frames: 2000,
  scope: { clips: null, from: null, to: null },
});

function answerOf(changes: Partial<LibrarySearchAnswer> = {}): LibrarySearchAnswer {
  return {
    total: 1000,
    totalClips: 7,
    change: 42,
    method: 'exact',
    clips: [
      { clip: 'a', revision: 'r1', frames: 2 },
      { clip: 'b', revision: 'r2', frames: 1 },
    ],
    frameIndexes: Int32Array.of(0, 7, 3),
    timestampsMs: Int32Array.of(0, 3500, NO_TIME),
    spansMs: Float64Array.of(0, 500, 3500, 3533.3, 0, 0),
    steps: Float32Array.of(1, 0.75, 1),
    scores: [Float32Array.of(0.1, 0.25, -0.3), Float32Array.of(0, 1, 0.5)],
    rows: Int32Array.of(1, 2),
    embeddings: Float32Array.from([...vector(3), ...vector(5)]),
    samples: [Float32Array.of(0.01, 0.02, 0.3, 0.4), Float32Array.of(0, 0, 0, 0)],
    ...changes,
  };
}

describe('a search on a server', () => {
  it('sends vectors and reads them back to the last bit', () => {
    const [wanted, unwanted] = unpackVectors(REQUEST);
    expect(wanted).toEqual(vector(0));
    expect(unwanted).toEqual(vector(1));
  });

  const long = packVector(vector(2).map((value) => 2 * value));
  const numbers = (value: number) => packVector(new Float32Array(DIMENSION).fill(value));
  it.each([
    ['no base64', ['?'.repeat(40)], 'Vector 1 of the question is not base64.'],
    ['a cut vector', [packVector(vector(0).slice(1))], /has 2044 bytes; 512 numbers have 2048/],
    [
      'length 2',
      [REQUEST.vectors[0]!, long],
      'Vector 2 of the question should have length 1; its length is 2.00.',
    ],
    ['zeros', [numbers(0)], /its length is 0\.00/],
    ['no numbers', [numbers(NaN)], /its length is no number/],
    ['infinity', [numbers(Infinity)], /its length is Infinity/],
    [
      '17 vectors',
      Array.from({ length: 16 }, () => REQUEST.vectors[0]!),
      /at most 16 vectors; this one has 17/,
    ],
  ])('refuses %s', (_, vectors, message) => {
    expect(() => unpackVectors({ ...REQUEST, vectors })).toThrow(message);
  });

  it.each([
    ['no vector', { vectors: [] }],
    ['no model', { model: '' }],
    ['a longer text than a vector has', { vectors: ['A'.repeat(2733)] }],
    ['a scope of no clips', { scope: { clips: [], from: null, to: null } }],
    ['an id that is none', { scope: { clips: ["a'b"], from: null, to: null } }],
    ['a time that is none', { scope: { clips: null, from: 'yesterday', to: null } }],
    ['more clips than may be', { clips: 65 }],
    ['half a clip', { clips: 0.5 }],
    ['a field that nobody knows', { page: 2 }],
  ])('takes no request with %s', (_, changes) => {
    expect(searchRequest.safeParse({ ...REQUEST, ...changes }).success).toBe(false);
  });
});

describe('the answer of a search', () => {
  it('arrives as it was sent, but for vectors that float16 rounds', () => {
    const { embeddings, ...rest } = unpackSearchAnswer(packSearchAnswer(answerOf()), REQUEST);
    const { embeddings: sent, ...sentRest } = answerOf();
    expect(rest).toEqual(sentRest);
    expect(embeddings).toHaveLength(sent.length);
    embeddings.forEach((value, i) => expect(Math.abs(value - sent[i]!)).toBeLessThan(1e-3));
  });

  it('arrives from any library', () => {
    const clips = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,36}$/), { maxLength: 20 });
    fc.assert(
      fc.property(
        clips,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 50 }),
        (ids, frames, kept) => {
          const all = ids.length * frames;
          const rows = Int32Array.from({ length: Math.min(kept, all) }, (_, i) => i);
          const answer = answerOf({
            clips: ids.map((clip) => ({ clip, revision: 'r', frames })),
            totalClips: ids.length + 1,
            frameIndexes: Int32Array.from({ length: all }, (_, row) => 3 * (row % frames)),
            timestampsMs: new Int32Array(all).fill(NO_TIME),
            spansMs: new Float64Array(2 * all),
            steps: new Float32Array(all).fill(0.25),
            scores: [new Float32Array(all).fill(0.5), new Float32Array(all).fill(-0.5)],
            rows,
            embeddings: Float32Array.from({ length: rows.length * DIMENSION }, (_, i) =>
              i % DIMENSION ? 0 : 1,
            ),
          });
          const bytes = packSearchAnswer(answer);
          expect(unpackSearchAnswer(bytes, REQUEST)).toEqual(answer);
          expect(bytes.length).toBeLessThanOrEqual(longestSearchAnswer(REQUEST));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('is refused wherever it is cut off', () => {
    const bytes = packSearchAnswer(answerOf());
    for (let length = 0; length < bytes.length; length += length < 300 ? 1 : 97)
      expect(() => unpackSearchAnswer(bytes.slice(0, length), REQUEST), `${length} bytes`).toThrow(
        /cannot be used/,
      );
    expect(() => unpackSearchAnswer(new Uint8Array([...bytes, 0]), REQUEST)).toThrow(/bytes instead of/);
  });

  it.each<[string, Partial<LibrarySearchAnswer>, RegExp]>([
    ['scores of another question', { scores: [new Float32Array(3)], samples: [] }, /scores for 1 vectors/],
    [
      'a clip twice',
      { clips: [1, 2, 3].map(() => ({ clip: 'a', revision: 'r', frames: 1 })) },
      /a clip twice/,
    ],
    ['more frames than the library', { total: 2 }, /more frames than the library/],
    ['a clip without frames', { clips: [{ clip: 'a', revision: 'r', frames: 0 }] }, /in its header/],
    ['an id that is none', { clips: [{ clip: '../a', revision: 'r', frames: 3 }] }, /in its header/],
    ['frames out of order', { frameIndexes: Int32Array.of(7, 0, 3) }, /not in order/],
    ['a frame before the first', { frameIndexes: Int32Array.of(-1, 0, 3) }, /not in order/],
    ['a frame behind the last', { frameIndexes: Int32Array.of(0, 20_000, 3) }, /not in order/],
    [
      'a score above 1',
      { scores: [Float32Array.of(0, 1.5, 0), new Float32Array(3)] },
      /a score that is none/,
    ],
    [
      'no number as a score',
      { scores: [Float32Array.of(0, NaN, 0), new Float32Array(3)] },
      /a score that is none/,
    ],
    ['a step that is no cosine', { steps: Float32Array.of(1, NaN, 1) }, /a score that is none/],
    [
      'no number in the sample',
      { samples: [Float32Array.of(NaN), Float32Array.of(0)] },
      /a score that is none/,
    ],
    ['a span that ends first', { spansMs: Float64Array.of(0, 1, 9, 8, 0, 0) }, /ends before it begins/],
    ['an endless span', { spansMs: Float64Array.of(0, 1, 0, Infinity, 0, 0) }, /ends before it begins/],
    ['a vector of no frame', { rows: Int32Array.of(1, 3) }, /frames that it does not have/],
    ['a vector twice', { rows: Int32Array.of(1, 1) }, /frames that it does not have/],
    ['a vector of zeros', { embeddings: new Float32Array(2 * DIMENSION) }, /a vector in it is none/],
    [
      'an infinite vector',
      { embeddings: new Float32Array(2 * DIMENSION).fill(1e9) },
      /a vector in it is none/,
    ],
  ])('is refused with %s', (_, changes, message) => {
    expect(() => unpackSearchAnswer(packSearchAnswer(answerOf(changes)), REQUEST)).toThrow(message);
  });

  it.each([
    ['clips', { clips: 1 }, /more clips than were asked for/],
    ['frames', { frames: 1 }, /more frames than were asked for/],
  ])('is refused with more %s than were asked for', (_, changes, message) => {
    expect(() => unpackSearchAnswer(packSearchAnswer(answerOf()), { ...REQUEST, ...changes })).toThrow(
      message,
    );
  });

  it('is refused before memory is taken for what its header promises', () => {
    const clips = Array.from({ length: 20 }, (_, i) => ({ clip: `c${i}`, revision: 'r', frames: 20_000 }));
    const header = { total: 1e9, totalClips: 1e6, change: 0, clips, vectors: 2, rows: 2000, samples: 4096 };
    const bytes = new TextEncoder().encode(`${JSON.stringify(header)}\n`);
    expect(() => unpackSearchAnswer(bytes, REQUEST)).toThrow(/bytes instead of/);
  });
});
