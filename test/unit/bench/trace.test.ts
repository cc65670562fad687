import { describe, expect, it } from 'vitest';
import { busyMs, joined, overlapMs, stretchesOf, within, type TraceEvent } from '@/scripts/bench/trace';

const stretch = (startMs: number, endMs: number) => ({ startMs, endMs });

describe('stretchesOf', () => {
  const event = (ph: string, ts: number, id: string, pid = 1): TraceEvent => ({
    name: 'framesift:model',
    cat: 'blink.user_timing',
    ph,
    ts,
    pid,
    id,
  });

  it('pairs beginnings and ends of the same id and process, in whatever order they come', () => {
    const events = [
      event('e', 4000, 'a'),
      event('b', 1000, 'a'),
      event('b', 2000, 'a', 2),
      event('e', 3000, 'a', 2),
    ];
    expect(stretchesOf(events).get('framesift:model')).toEqual([stretch(1, 4), stretch(2, 3)]);
  });

  it('leaves out what does not begin or does not end', () => {
    expect(stretchesOf([event('b', 1000, 'a'), event('e', 2000, 'b')]).size).toBe(0);
  });
});

describe('stretches', () => {
  it('are cut to a window', () => {
    expect(within([stretch(0, 2), stretch(3, 9), stretch(10, 12)], stretch(1, 5))).toEqual([
      stretch(1, 2),
      stretch(3, 5),
    ]);
  });

  it('are joined where they overlap or touch', () => {
    expect(joined([stretch(4, 5), stretch(0, 2), stretch(1, 3), stretch(3, 4), stretch(7, 8)])).toEqual([
      stretch(0, 5),
      stretch(7, 8),
    ]);
    expect(busyMs([stretch(0, 2), stretch(1, 3), stretch(7, 8)])).toBe(4);
  });

  it.each([
    { what: 'never at once', stages: [[stretch(0, 2)], [stretch(2, 4)]], ms: 0 },
    { what: 'in part', stages: [[stretch(0, 3)], [stretch(2, 4)]], ms: 1 },
    {
      what: 'three at once, counted once',
      stages: [[stretch(0, 3)], [stretch(1, 4)], [stretch(1, 3)]],
      ms: 2,
    },
    { what: 'one stage twice at once', stages: [[stretch(0, 3), stretch(1, 2)]], ms: 0 },
  ])('overlap $what', ({ stages, ms }) => {
    expect(overlapMs(stages)).toBe(ms);
  });
});
