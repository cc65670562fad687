import { describe, expect, it } from 'vitest';
import { stretchesOf } from '@/lib/select/stretches';

/** Frames whose embeddings are directions in a plane, of unit length, a second apart. */
function framesAt(angles: readonly number[], clipStarts?: number[]) {
  return {
    embeddings: Float32Array.from(angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)])),
    dimension: 2,
    scores: new Float32Array(angles.length),
    timesMs: Float64Array.from(angles, (_, row) => row * 1000),
    likelihoods: null,
    levels: null,
    clipStarts,
  };
}

const startsOf = (input: ReturnType<typeof framesAt>) =>
  stretchesOf(input, new Float64Array(input.scores.length), 1).map(({ startRow, shot }) => [startRow, shot]);

/** One cut, over which frames are 0.4 apart. */
const CALM = [...Array<number>(10).fill(0), ...Array<number>(10).fill(Math.acos(0.6))];

/** Frames that are 0.45 apart, each from the next, without a cut. */
const RESTLESS = Array.from({ length: 60 }, (_, row) => (row % 2) * Math.acos(0.55));

describe('stretchesOf', () => {
  it('cuts a clip as it would be cut alone, whatever lies beside it', () => {
    expect(startsOf(framesAt(CALM))).toEqual([
      [0, 0],
      [10, 1],
    ]);
    expect(startsOf(framesAt([...CALM, ...RESTLESS], [0, 20]))).toEqual([
      [0, 0],
      [10, 1],
      [20, 2],
    ]);
  });

  it('ends where a clip ends, also where the next looks the same', () => {
    const still = Array<number>(6).fill(0);
    expect(startsOf(framesAt([...still, ...still]))).toEqual([[0, 0]]);
    expect(startsOf(framesAt([...still, ...still], [0, 6]))).toEqual([
      [0, 0],
      [6, 1],
    ]);
  });

  it('finds a cut before a frame that has no embedding, by its cosine with the one before it', () => {
    const input = framesAt([0, 0, 0, Math.acos(0.6), 0]);
    const vectors = {
      // Five of a clip's nine frames have one.
      rows: Int32Array.of(0, 0, 1, 1, 2, 2, 3, 3, 3),
      areOwn: Uint8Array.of(1, 0, 1, 0, 1, 0, 1, 0, 0),
      steps: Float32Array.of(1, 1, 1, 1, 1, 0.6, 1, 1, 1),
    };
    const scores = new Float32Array(9);
    const timesMs = Float64Array.from(scores, (_, row) => row * 1000);
    expect(startsOf({ ...input, scores, timesMs, ...{ vectors } })).toEqual([
      [0, 0],
      [5, 1],
    ]);
  });
});
