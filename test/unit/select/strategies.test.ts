import { describe, expect, it } from 'vitest';
import { aks, aksWith } from '@/lib/select/aks';
import { binned } from '@/lib/select/binned';
import { bolt, boltWith } from '@/lib/select/bolt';
import { mmr, mmrWith } from '@/lib/select/mmr';
import { server, serverPicks } from '@/lib/select/server';
import { topK } from '@/lib/select/top-k';
import { uniform } from '@/lib/select/uniform';
import { at, clipLikeScores, inputOf } from './support';

describe('uniform', () => {
  it.each([
    { frames: 12, count: 3, rows: [2, 6, 10] },
    { frames: 10, count: 4, rows: [1, 3, 6, 8] },
    { frames: 5, count: 1, rows: [2] },
    { frames: 3, count: 5, rows: [0, 1, 2] },
  ])('takes the middles of $count parts of $frames frames', ({ frames, count, rows }) => {
    const scores = Array.from({ length: frames }, (_, row) => row);
    expect(uniform.select(inputOf(scores), count).rows).toEqual(rows);
  });
});

describe('top-k', () => {
  it.each([
    { name: 'the highest scores, in time order', scores: [1, 5, 2, 4, 3], count: 3, rows: [1, 3, 4] },
    { name: 'the earlier of equals', scores: [0, 7, 7, 7, 0], count: 2, rows: [1, 2] },
    {
      name: 'the earlier of equals of a long clip',
      scores: [...Array<number>(60).fill(2), 3],
      count: 2,
      rows: [0, 60],
    },
    { name: 'scores below zero', scores: [-3, -1, -2], count: 1, rows: [1] },
  ])('takes $name', ({ scores, count, rows }) => {
    expect(topK.select(inputOf(scores), count).rows).toEqual(rows);
  });

  it('agrees with sorting everything', () => {
    const scores = clipLikeScores(2000, [100, 900], 7).map((score) => Math.round(score * 200) / 200);
    const sorted = scores.map((_, row) => row).sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (const count of [1, 2, 31, 64, 499, 500, 501, 1999]) {
      const expected = sorted.slice(0, count).sort((a, b) => a - b);
      expect(topK.select(inputOf(scores, { embeddings: scores.map(() => [1]) }), count).rows).toEqual(
        expected,
      );
    }
  });
});

describe('binned', () => {
  it.each([
    {
      name: 'the best of each part of time',
      scores: [1, 2, 9, 8, 3, 4],
      timesMs: undefined,
      count: 3,
      rows: [1, 2, 5],
    },
    { name: 'the earlier of equals', scores: [1, 1, 5, 5], timesMs: undefined, count: 2, rows: [0, 2] },
    {
      name: 'time and not frames as the measure of a part',
      scores: [5, 4, 3, 2, 1],
      timesMs: [0, 1, 2, 3, 1000],
      count: 2,
      rows: [0, 4],
    },
    {
      name: 'the next best where a part is empty',
      scores: [1, 3, 2, 0],
      timesMs: [0, 10, 20, 1000],
      count: 3,
      rows: [1, 2, 3],
    },
    {
      name: 'parts of as many frames where all have one time',
      scores: [1, 2, 3, 4],
      timesMs: [5, 5, 5, 5],
      count: 2,
      rows: [1, 3],
    },
  ])('takes $name', ({ scores, timesMs, count, rows }) => {
    expect(binned.select(inputOf(scores, timesMs ? { timesMs } : {}), count).rows).toEqual(rows);
  });
});

describe('MMR', () => {
  const embeddings = [at(0), at(1), at(2), at(80)];
  const scores = [0.3, 0.299, 0.298, 0.25];

  it('takes the best and then what is unlike it', () => {
    expect(mmrWith(0.5).select(inputOf(scores, { embeddings }), 2).rows).toEqual([0, 3]);
  });

  it('is top-k with λ = 1 and looks at difference alone with λ = 0', () => {
    expect(mmrWith(1).select(inputOf(scores, { embeddings }), 3).rows).toEqual([0, 1, 2]);
    expect(
      mmrWith(0).select(inputOf([0.3, 0.29, 0.1, 0.2], { embeddings: [at(0), at(60), at(90), at(10)] }), 2)
        .rows,
    ).toEqual([0, 2]);
  });

  it('gives λ a meaning where scores span little: published code without min-max is deaf to relevance', () => {
    // Scores within 0.01 of each other, frames between cosines of 0 and 1. Raw, the difference always wins.
    const close = inputOf([0.31, 0.309, 0.3, 0.3], { embeddings: [at(0), at(30), at(60), at(90)] });
    const raw = (row: number): number => 0.7 * close.scores[row]! - 0.3 * at(row * 30)[0];
    expect(raw(3)).toBeGreaterThan(raw(1));
    expect(mmrWith(0.7).select(close, 2).rows).toEqual([0, 1]);
  });

  it('takes the earlier of equals', () => {
    const input = inputOf([0.3, 0.2, 0.2, 0.1], { embeddings: [at(0), at(40), at(40), at(0)] });
    expect(mmr.select(input, 2).rows).toEqual([0, 1]);
  });

  it('refuses embeddings that are not finite', () => {
    expect(() => mmr.select(inputOf([1, 2, 3], { embeddings: [[NaN], [1], [1]] }), 2)).toThrow(RangeError);
  });
});

describe('AKS', () => {
  it('gives frames for N below 32, where the published code rounds every quota down to none', () => {
    const scores = clipLikeScores(240, [30, 180]);
    for (const count of [1, 2, 3, 5, 8, 16, 31, 33]) {
      expect(Math.floor(count / 2 ** 5)).toBeLessThan(2);
      expect(aks.select(inputOf(scores), count).rows).toHaveLength(count);
    }
  });

  it('judges scores like CLIP’s, for which the published threshold of 0.8 never fires', () => {
    const scores = clipLikeScores(240, [30]);
    const published = aksWith(0.8).select(inputOf(scores), 8).rows;
    // Never taking a part's peaks, it gives one frame of each eighth.
    expect(published.map((row) => Math.floor(row / 30))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { rows } = aks.select(inputOf(scores), 6);
    expect(rows.every((row) => Math.abs(row - 30) < 4)).toBe(true);
  });

  it.each([
    {
      name: 'the second half, when it has the better best',
      scores: [0, 1, 0, 1, 0, 1, 0, 2],
      count: 3,
      rows: [1, 5, 7],
    },
    {
      name: 'the first half, when it has the better best',
      scores: [0, 2, 0, 1, 0, 1, 0, 1],
      count: 3,
      rows: [1, 3, 5],
    },
    { name: 'the first half of equals', scores: [0, 1, 0, 1, 0, 1, 0, 1], count: 3, rows: [1, 3, 5] },
  ])('splits where nothing stands out, and gives the odd frame to $name', ({ scores, count, rows }) => {
    expect(aksWith(1).select(inputOf(scores), count).rows).toEqual(rows);
  });

  it('splits no further than to the depth of log2 N', () => {
    // Depth 1: two of the second half, which a further split would take from both of its quarters.
    expect(aksWith(1).select(inputOf([0, 1, 0, 0, 0, 0, 2, 3]), 3).rows).toEqual([1, 6, 7]);
  });

  it('takes the peaks when they stand out', () => {
    expect(aksWith(0.5).select(inputOf([0, 9, 8, 0, 0, 0, 0, 1]), 2).rows).toEqual([1, 2]);
  });
});

describe('BOLT', () => {
  it('gives different frames for small N, where the published code repeats the one that stands out', () => {
    const scores = Array<number>(30).fill(0.2);
    scores[11] = 0.4;
    scores[20] = 0.21;
    const { rows } = bolt.select(inputOf(scores), 4);
    expect(new Set(rows).size).toBe(4);
    expect(rows).toContain(11);
    expect(rows).toContain(20);
  });

  it('draws more where the match is better', () => {
    const scores = Array.from({ length: 100 }, (_, row) => (row < 50 ? 0.3 : 0.25) + (row === 99 ? -0.1 : 0));
    const early = boltWith(2.5)
      .select(inputOf(scores), 10)
      .rows.filter((row) => row < 50);
    expect(early).toHaveLength(7);
    expect(
      boltWith(8)
        .select(inputOf(scores), 10)
        .rows.filter((row) => row < 50),
    ).toHaveLength(10);
  });

  it('spreads its draws over equal weights', () => {
    const scores = Array.from({ length: 41 }, (_, row) => (row === 40 ? 0 : 1));
    expect(bolt.select(inputOf(scores), 4).rows).toEqual([4, 14, 24, 34]);
  });
});

describe('server', () => {
  const embeddings = [at(0), at(5), at(60), at(62), at(90)];
  const scores = [0.4, 0.39, 0.3, 0.31, 0.19];

  it('gives fewer than wanted: nothing below its floor and no near-duplicates', () => {
    expect(serverPicks(inputOf(scores, { embeddings }), 4)).toEqual([0, 3]);
    expect(serverPicks(inputOf([0.19, 0.1], { embeddings: [at(0), at(90)] }), 2)).toEqual([]);
    expect(serverPicks(inputOf(scores, { embeddings }), 1)).toEqual([0]);
  });

  it('is filled up with the next best, which the server does not do', () => {
    expect(server.select(inputOf(scores, { embeddings }), 4).rows).toEqual([0, 1, 2, 3]);
    expect(server.select(inputOf([0.19, 0.1, 0.15], { embeddings: embeddings.slice(0, 3) }), 2).rows).toEqual(
      [0, 2],
    );
  });

  it('refuses what a strategy refuses', () => {
    expect(() => serverPicks(inputOf([NaN]), 1)).toThrow(RangeError);
  });
});
