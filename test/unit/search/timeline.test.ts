import { describe, expect, it } from 'vitest';
import { curveRows } from '@/lib/search/curve';
import { endToEndMs, matchesScope, risingTimesMs } from '@/lib/search/timeline';

describe('matchesScope', () => {
  it.each([
    [1000, null, true],
    [-1, null, true],
    [1000, { startMs: 1000, endMs: 2000 }, true],
    [2000, { startMs: 1000, endMs: 2000 }, true],
    [999, { startMs: 1000, endMs: 2000 }, false],
    [2001, { startMs: 1000, endMs: 2000 }, false],
    [1000, { startMs: 1000, endMs: 1000 }, true],
    // Nobody knows when: in no part of the clip.
    [-1, { startMs: 0, endMs: 9000 }, false],
    [-1, { startMs: -5, endMs: 9000 }, false],
    // Before the clip's own beginning.
    [-40, { startMs: 0, endMs: 9000 }, true],
    [-40, { startMs: 1, endMs: 9000 }, false],
  ])('a frame at %d in %j: %s', (timestampMs, range, is) =>
    expect(matchesScope(timestampMs, range)).toBe(is),
  );
});

describe('times', () => {
  it.each([
    [[], []],
    [
      [0, 500, 1500],
      [0, 500, 1500],
    ],
    [
      [-1, 500, -1, 700, 600],
      [0, 500, 500, 700, 700],
    ],
    [
      [-40, 0],
      [0, 0],
    ],
  ])('of %j never fall: %j', (timestampsMs, expected) =>
    expect([...risingTimesMs(Int32Array.from(timestampsMs))]).toEqual(expected),
  );

  it('of clips lie end to end, each after the last of the one before', () => {
    const clips = [
      { timestampsMs: Int32Array.of(0, 2000), durationMs: 2500 },
      { timestampsMs: Int32Array.of(), durationMs: 700 },
      { timestampsMs: Int32Array.of(-1, 100), durationMs: null },
      // A length that its own frames belie.
      { timestampsMs: Int32Array.of(300), durationMs: 200 },
      { timestampsMs: Int32Array.of(0), durationMs: 9 },
    ];
    const times = [...endToEndMs(clips)];
    expect(times.slice(0, 4)).toEqual([0, 2000, 3200, 3300]);
    expect(times.every((time, row) => row === 0 || time > times[row - 1]!)).toBe(true);
  });
});

describe('curveRows', () => {
  it('are all rows of a short clip', () => {
    expect([...curveRows(Float32Array.of(3, 1, 2), 3)]).toEqual([0, 1, 2]);
    expect([...curveRows(new Float32Array(0))]).toEqual([]);
  });

  it('are the best of each stretch of a long one, rising', () => {
    expect([...curveRows(Float32Array.of(0, 5, 1, 1, 7, 2, 3), 3)]).toEqual([1, 2, 4]);
    const scores = Float32Array.from(
      { length: 10_007 },
      (_, row) => (Math.sin(row * 12.9898) * 43758.5453) % 1,
    );
    const rows = [...curveRows(scores)];
    expect(rows).toHaveLength(4000);
    expect(rows.every((row, i) => i === 0 || row > rows[i - 1]!)).toBe(true);
    expect(Math.max(...rows.map((row) => scores[row]!))).toBe(Math.max(...scores));
  });
});
