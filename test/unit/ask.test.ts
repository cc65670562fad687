import { describe, expect, it } from 'vitest';
import { answerQuestion } from '@/lib/ask/answer';
import type { EncodedQuestion } from '@/lib/ask/question';
import type { Calibration } from '@/lib/clip/calibration';
import type { FramesiftServices } from '@/lib/ingest/services';

/** A database that holds these unit vectors, one a row of 512, and asserts what it is asked for. */
function servicesWith(rows: { frameIndex: number; axis: number }[]): FramesiftServices {
  const vectors = new Float32Array(rows.length * 512);
  rows.forEach(({ axis }, row) => (vectors[row * 512 + axis] = 1));
  const getVectors = (eventId: string, modelVersion: string) => {
    expect([eventId, modelVersion]).toEqual(['clip', 'model@1']);
    return Promise.resolve({
      frameIndexes: Int32Array.from(rows, ({ frameIndex }) => frameIndex),
      timestampsMs: Int32Array.from(rows, ({ frameIndex }) => frameIndex * 1000),
      vectors,
    });
  };
  return { database: { getVectors } } as unknown as FramesiftServices;
}

/** Likelihood is the cosine's logistic: 0.73 at 1, 0.5 at 0. */
const calibration: Calibration = {
  version: 1,
  phrases: ['a wall', 'a sky'],
  scale: 1,
  weights: { bias: 0, cosine: 1, standardised: 0, margin: 0, generic: 0 },
  prior: 0.5,
  possible: 0.6,
  strong: 0.7,
};

describe('answerQuestion', () => {
  const vector = new Float32Array(512);
  vector[3] = 1;
  const background = new Float32Array(2 * 512);
  background[100] = background[512 + 101] = 1;
  const question: EncodedQuestion = {
    modelVersion: 'model@1',
    alternatives: [[{ weight: 1, vector, isPicture: false }]],
    calibration,
    background,
  };
  const clip = { eventId: 'clip', modelVersion: 'model@1' };
  const services = servicesWith([
    { frameIndex: 4, axis: 0 },
    { frameIndex: 9, axis: 3 },
    { frameIndex: 12, axis: 3 },
  ]);

  it('answers with frame indexes and times, not rows, from a clip that is stored in part', async () => {
    const answer = await answerQuestion(services, clip, question, 8);
    expect(answer).toMatchObject({
      framesSearched: 3,
      frames: [
        { frameIndex: 9, timestampMs: 9000, score: 1, rank: 1, strength: 'strong', similarCount: 1 },
        { frameIndex: 4, timestampMs: 4000, score: 0, rank: 2, strength: 'weak', similarCount: 0 },
      ],
    });
    expect(answer.frames[0]!.likelihood).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  it('rates nothing without a calibration', async () => {
    const { frames } = await answerQuestion(
      services,
      clip,
      { ...question, calibration: null, background: null },
      8,
    );
    expect(frames.map(({ likelihood, strength }) => [likelihood, strength])).toEqual([
      [null, 'unrated'],
      [null, 'unrated'],
    ]);
  });

  it('finds nothing in nothing', async () => {
    expect(await answerQuestion(servicesWith([]), clip, question, 8)).toEqual({
      framesSearched: 0,
      frames: [],
    });
  });
});
