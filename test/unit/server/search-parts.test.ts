import { closeSync, openSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderKernel, renderThread } from '@/scripts/compile-kernel';
import { chooseRows, largest, spreadEvenly, takeInTurn } from '@/lib/server/search/choose';
import { quantiseQuery, quantiseRow } from '@/lib/server/search/quantise';
import { ROWS_PER_BLOCK } from '@/lib/server/search/row-layout';
import { RowMemory } from '@/lib/server/search/row-memory';
import { ScanThreads } from '@/lib/server/search/scan-threads';
import { readSettings } from '@/lib/server/settings';
import { dotProducts } from '@/lib/shared/dot-products';
import { dotAt } from '@/lib/shared/vectors';
import { randomEmbedding } from '../library/support';

const DIMENSION = 512;
const ZEROS = new Float32Array(DIMENSION);

describe('generated files', () => {
  const read = (name: string) =>
    readFileSync(new URL(`../../../lib/server/search/${name}`, import.meta.url), 'utf8');

  it('are what their sources give', async () => {
    expect(read('scan-kernel.generated.ts')).toBe(await renderKernel('lib/server/search/scan-kernel'));
    expect(read('scan-thread.generated.ts')).toBe(await renderThread());
  });
});

/** Unit vectors, some of which have one number that is far larger than the others. */
const vector = fc
  .tuple(fc.nat(1e6), fc.constantFrom(0, 0.3, 3, 1000), fc.nat(511))
  .map(([seed, size, at]) => {
    const values = randomEmbedding(seed);
    values[at]! += size;
    const length = Math.sqrt(dotAt(values, 0, values));
    return values.map((value) => value / length);
  });

describe('rounded rows', () => {
  it('score within their bounds, whatever rows and questions are', () => {
    fc.assert(
      fc.property(vector, vector, fc.option(vector), (row, query, other) => {
        const mean = other ? other.map((value, i) => (value + row[i]!) / 2) : ZEROS;
        const rounded = new Int8Array(DIMENSION);
        const { scale, error } = quantiseRow(row, mean, rounded);
        const { numbers, factor, offset, slack } = quantiseQuery(query, mean);
        let sum = 0;
        let sizes = 0;
        for (let i = 0; i < DIMENSION; i += 1) {
          sum += rounded[i]! * numbers[i]!;
          sizes += Math.abs(127 * numbers[i]!);
        }
        expect(sizes).toBeLessThan(2 ** 31);
        const rough = offset + factor * scale * sum;
        expect(Math.abs(rough - dotAt(row, 0, query))).toBeLessThanOrEqual(error + slack);
        expect(slack).toBeLessThan(1e-3);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['the mean itself', randomEmbedding(1), randomEmbedding(1)],
    ['zeros', ZEROS, ZEROS],
  ])('can be %s', (_, row, mean) => {
    expect(quantiseRow(row, mean, new Int8Array(DIMENSION))).toEqual({ scale: 1, error: 0 });
  });
});

describe('takeInTurn', () => {
  it.each([
    ['one ranking', [['a', 'b', 'c']], 2, ['a', 'b']],
    [
      'two in turn',
      [
        ['a', 'b', 'c'],
        ['x', 'y'],
      ],
      4,
      ['a', 'x', 'b', 'y'],
    ],
    [
      'what both have counts once',
      [
        ['a', 'b', 'c'],
        ['a', 'c', 'd'],
      ],
      3,
      ['a', 'c', 'b'],
    ],
    ['all there are', [['a'], ['a']], 9, ['a']],
    ['none of none', [[], []], 3, []],
    ['no rankings', [], 3, []],
  ])('takes %s', (_, rankings, count, taken) => {
    expect(takeInTurn(rankings, count)).toEqual(taken);
  });
});

describe('spreadEvenly', () => {
  it.each([
    [0, 5, []],
    [3, 5, [0, 1, 2]],
    [10, 5, [0, 2, 4, 6, 8]],
    [10, 3, [0, 3, 6]],
    [5, 0, []],
  ])('of %d takes %d', (total, count, rows) => {
    expect(spreadEvenly(total, count)).toEqual(rows);
  });
});

describe('chooseRows', () => {
  const scores = Float32Array.of(0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6);
  it.each([
    ['all of few', [scores], 8, [0, 1, 2, 3, 4, 5, 6, 7]],
    ['the best two and two of the others', [scores], 4, [0, 1, 3, 5]],
    ['of two questions each one’s best', [scores, scores.map((score) => -score)], 4, [0, 1, 2, 5]],
    ['none', [scores], 0, []],
    ['the better half of an odd number', [scores], 1, [1]],
  ])('takes %s', (_, columns, count, rows) => {
    expect(chooseRows(columns, count)).toEqual(rows);
  });
});

it('largest tells the n-th largest number, or that there are fewer', () => {
  expect(largest(Float32Array.of(3, 1, 2), 1)).toBe(3);
  expect(largest(Float32Array.of(3, 1, 2), 3)).toBe(1);
  expect(largest(Float32Array.of(3, 1, 2), 4)).toBe(-Infinity);
});

describe('the memory of rows', () => {
  it('hands out as many blocks as it may, and those again that were given back', () => {
    const memory = new RowMemory(2 * 1024 * 1024);
    try {
      const taken = Array.from({ length: memory.blocks }, () => memory.take());
      expect(taken.map((block) => block?.start)).toEqual([0, ROWS_PER_BLOCK, 2 * ROWS_PER_BLOCK]);
      expect(memory.take()).toBeNull();
      memory.giveBack([ROWS_PER_BLOCK]);
      expect(memory.take()).toEqual({ start: ROWS_PER_BLOCK, count: ROWS_PER_BLOCK });
      expect(memory.memory.buffer.byteLength).toBeLessThanOrEqual(2 * 1024 * 1024);
    } finally {
      memory.close();
    }
  });
});

describe('threads', () => {
  let memory: RowMemory;
  beforeAll(() => {
    memory = new RowMemory(4 * 1024 * 1024);
  });
  afterAll(() => memory.close());

  const COUNT = 2000;
  const rows = Float32Array.from(Array.from({ length: COUNT }, (_, i) => [...randomEmbedding(i)]).flat());
  const queries = [randomEmbedding(5), randomEmbedding(9999)];

  it.each([1, 3])('score rows that memory has grown for, %d of them', async (count) => {
    const threads = new ScanThreads(memory, count);
    try {
      // What was started before the memory grows sees what lies behind its old end.
      const first = memory.take()!;
      await threads.store(rows.slice(0, DIMENSION), Int32Array.of(first.start), ZEROS);
      const blocks = [first, memory.take()!];
      const segments = [
        { start: first.start, count: 1000 },
        { start: blocks[1]!.start + 24, count: 1000 },
      ];
      const positions = Int32Array.from(
        segments.flatMap((one) => Array.from({ length: one.count }, (_, i) => one.start + i)),
      );
      await threads.store(rows.slice(), positions, ZEROS);
      const matrix = Float32Array.from(queries.flatMap((query) => [...query]));
      const exact = dotProducts(rows, matrix, DIMENSION);
      expect(await threads.score(queries, positions)).toEqual(exact);
      expect(await threads.read(positions.slice(1998))).toEqual(rows.slice(1998 * DIMENSION));
      const clips = [
        [segments[0]!],
        [{ ...segments[1]!, count: 10 }],
        [{ start: segments[1]!.start + 10, count: 990 }],
      ];
      const { scores, lowest, highest } = await threads.scan(queries, ZEROS, clips);
      queries.forEach((_, q) => {
        const of = (row: number) => exact[row * queries.length + q]!;
        scores[q]!.forEach((score, row) => expect(Math.abs(score - of(row))).toBeLessThan(0.01));
        [
          [0, 1000],
          [1000, 1010],
          [1010, 2000],
        ].forEach(([start, end], clip) => {
          const best = Math.max(...Array.from({ length: end! - start! }, (_row, i) => of(start! + i)));
          expect(lowest[q]![clip]).toBeLessThanOrEqual(best);
          expect(highest[q]![clip]).toBeGreaterThanOrEqual(best);
          expect(highest[q]![clip]! - lowest[q]![clip]!).toBeLessThan(0.05);
        });
      });
      memory.giveBack(blocks.map(({ start }) => start));
    } finally {
      await threads.close();
    }
  });

  it('say so where the disk is full, and work again afterwards', async () => {
    const full = openSync('/dev/full', 'r+');
    const threads = new ScanThreads({ memory: memory.memory, file: full }, 1);
    try {
      const store = threads.store(rows.slice(0, DIMENSION), Int32Array.of(0), ZEROS);
      await expect(store).rejects.toMatchObject({ code: 'ENOSPC' });
      expect((await threads.scan(queries, ZEROS, [])).scores).toHaveLength(2);
    } finally {
      await threads.close();
      closeSync(full);
    }
  });

  it('fail what they were asked when they are ended', async () => {
    const threads = new ScanThreads(memory, 1);
    const scan = threads.scan(queries, ZEROS, [[{ start: 0, count: 1000 }]]);
    const failed = expect(scan).rejects.toThrow('A thread of the search ended.');
    await threads.close();
    await failed;
  });
});

describe('FRAMESIFT_LIBRARY_EXACT_FRAMES', () => {
  const settingsOf = (frames?: string) =>
    readSettings({
      FRAMESIFT_LIBRARY_URL: 'postgres:///library',
      FRAMESIFT_LIBRARY_SECRET: 'x'.repeat(32),
      ...(frames !== undefined && { FRAMESIFT_LIBRARY_EXACT_FRAMES: frames }),
    });

  it('is none unless it is set', () => {
    expect(settingsOf()?.exactFrames).toBeNull();
    expect(settingsOf('200000')?.exactFrames).toBe(200_000);
  });

  it('cannot be what is no number', () => {
    expect(() => settingsOf('all')).toThrow(
      'FRAMESIFT_LIBRARY_EXACT_FRAMES is “all”; it must be a whole number of frames, like 1000000.',
    );
  });
});

describe('FRAMESIFT_LIBRARY_SEARCH_MB', () => {
  const settingsOf = (megabytes?: string) =>
    readSettings({
      FRAMESIFT_LIBRARY_URL: 'postgres:///library',
      FRAMESIFT_LIBRARY_SECRET: 'x'.repeat(32),
      ...(megabytes !== undefined && { FRAMESIFT_LIBRARY_SEARCH_MB: megabytes }),
    });

  it('is 1,024 unless it is set', () => {
    expect(settingsOf()?.searchMegabytes).toBe(1024);
    expect(settingsOf('64')?.searchMegabytes).toBe(64);
  });

  it.each(['0', '-1', '1.5', 'much', '1e9'])('cannot be %s', (text) => {
    expect(() => settingsOf(text)).toThrow(/FRAMESIFT_LIBRARY_SEARCH_MB is “.*”; it must be a whole number/);
  });
});
