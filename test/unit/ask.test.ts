import { describe, expect, it } from 'vitest';
import { answerQuestion, strengthOf } from '@/lib/ask/answer';
import type { FramesiftServices } from '@/lib/ingest/services';

describe('strengthOf', () => {
  const levels = { possible: 0.2, strong: 0.3 };
  it.each([
    [0.31, 'strong'],
    [0.3, 'strong'],
    [0.25, 'possible'],
    [0.2, 'possible'],
    [0.19, 'weak'],
    [-1, 'weak'],
  ])('a score of %d is %s', (score, strength) => expect(strengthOf(score, levels)).toBe(strength));

  it('rates nothing for a model that nobody has measured', () => {
    expect(strengthOf(0.9, undefined)).toBe('unrated');
  });
});

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

describe('answerQuestion', () => {
  const query = new Float32Array(512);
  query[3] = 1;
  const clip = { eventId: 'clip', modelVersion: 'model@1' };

  it('answers with frame indexes and times, not rows, from a clip that is stored in part', async () => {
    const services = servicesWith([
      { frameIndex: 4, axis: 0 },
      { frameIndex: 9, axis: 3 },
      { frameIndex: 12, axis: 3 },
    ]);
    const answer = await answerQuestion(services, clip, query, 8, { possible: 0.2, strong: 0.3 });
    expect(answer).toEqual({
      framesSearched: 3,
      frames: [
        { frameIndex: 9, timestampMs: 9000, score: 1, rank: 1, strength: 'strong', similarCount: 1 },
        { frameIndex: 4, timestampMs: 4000, score: 0, rank: 2, strength: 'weak', similarCount: 0 },
      ],
    });
  });

  it('finds nothing in nothing', async () => {
    expect(await answerQuestion(servicesWith([]), clip, query, 8, undefined)).toEqual({
      framesSearched: 0,
      frames: [],
    });
  });
});
