import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FLV_CLOCK,
  TRANSPORT_CLOCK,
  unwrapTimestamps,
  type ClockReading,
} from '@/lib/media/unwrap-timestamps';

const SECOND = 90_000;
const MODULUS = 2 ** 33;
const FRAME = SECOND / 10;

/** Pictures at 10 a second, every tenth a key picture, with a clock that begins at `startSeconds`. */
function recording(startSeconds: number, seconds: number, first = 0): ClockReading[] {
  return Array.from({ length: Math.round(seconds * 10) - first }, (_, i) => {
    const ticks = Math.round(startSeconds * SECOND) + (i + first) * FRAME;
    return { pts: ticks % MODULUS, dts: ticks % MODULUS, isKey: (i + first) % 10 === 0 };
  });
}

/** Times of the pictures in seconds from the first one. */
function clipTimes(readings: readonly ClockReading[], clock = TRANSPORT_CLOCK): number[] {
  const { shown } = unwrapTimestamps(readings, clock);
  const first = Math.min(...shown.filter((time) => !Number.isNaN(time)));
  return shown.map((time) => Math.round(((time - first) / clock.ticksPerSecond) * 1000) / 1000);
}

const tenths = (count: number): number[] => Array.from({ length: count }, (_, i) => i / 10);

describe('unwrapTimestamps', () => {
  it.each([
    ['18.3 s before the roll-over', MODULUS / SECOND - 18.3, 30],
    ['50 s before it', MODULUS / SECOND - 50, 55],
    ['ten minutes before it', MODULUS / SECOND - 600, 700],
    ['one picture before it', (MODULUS - FRAME) / SECOND, 2],
    ['at 0', 0, 5],
    ['at ten hours', 36_000, 5],
  ])('places every picture of a recording that begins %s', (_name, start, seconds) => {
    const readings = recording(start, seconds);
    expect(clipTimes(readings)).toEqual(tenths(readings.length));
    expect(unwrapTimestamps(readings, TRANSPORT_CLOCK).breaks).toEqual([]);
  });

  it('counts below zero before a roll-over, so that what follows keeps the clock’s own times', () => {
    const { shown, rollsOver } = unwrapTimestamps(recording(MODULUS / SECOND - 2, 4), TRANSPORT_CLOCK);
    expect(rollsOver).toBe(true);
    expect(shown[0]! / SECOND).toBeCloseTo(-2, 4);
    expect(shown.at(-1)! / SECOND).toBeCloseTo(1.9, 4);
  });

  it.each([
    ['the same time', 1.4, 1.4],
    ['an earlier time', 1000, 10],
    ['a time hours ahead', 10, 20_000],
    ['the other side of the roll-over', MODULUS / SECOND - 100, 50_000],
  ])('places a second recording that begins at %s behind the first', (_name, first, second) => {
    const readings = [...recording(first, 4), ...recording(second, 4)];
    expect(clipTimes(readings)).toEqual(tenths(80));
    expect(unwrapTimestamps(readings, TRANSPORT_CLOCK).breaks).toMatchObject([
      { kind: 'splice', atSeconds: 4 },
    ]);
  });

  it('places three recordings one after another', () => {
    const readings = [...recording(500, 2), ...recording(1, 2), ...recording(300, 2)];
    // The third begins 299 s after the second: reception may have been lost meanwhile.
    expect(clipTimes(readings).slice(0, 40)).toEqual(tenths(40));
    expect(clipTimes(readings)[40]).toBeCloseTo(2 + 299);
  });

  it('keeps a minute without reception, and names it', () => {
    const readings = [...recording(100, 4), ...recording(164, 4)];
    expect(clipTimes(readings)[40]).toBe(64);
    expect(unwrapTimestamps(readings, TRANSPORT_CLOCK).breaks).toEqual([
      { kind: 'gap', fromSeconds: 3.9, toSeconds: 64 },
    ]);
  });

  it('leaves out what a part cannot show before its first key picture, and counts it', () => {
    const readings = [...recording(100, 4), ...recording(10, 3, 7)];
    const { shown, breaks } = unwrapTimestamps(readings, TRANSPORT_CLOCK);
    expect(shown.filter((time) => Number.isNaN(time))).toHaveLength(3);
    expect(breaks).toMatchObject([{ kind: 'splice' }, { kind: 'left-out', count: 3 }]);
    expect(clipTimes(readings)[43]).toBe(4);
  });

  it('leaves out leading pictures of a part that begins with an open group', () => {
    const part = [
      { pts: 30 * FRAME, dts: 28 * FRAME, isKey: true },
      { pts: 28.5 * FRAME, dts: 29 * FRAME, isKey: false },
      { pts: 31 * FRAME, dts: 30 * FRAME, isKey: false },
    ];
    const { shown } = unwrapTimestamps([...recording(100, 4), ...part], TRANSPORT_CLOCK);
    expect(Number.isNaN(shown[41]!)).toBe(true);
    expect(shown[42]! - shown[40]!).toBe(FRAME);
  });

  it('takes pictures out of order without decoding times for one clock', () => {
    const order = [0, 4, 2, 1, 3, 8, 6, 5, 7];
    const readings = order.map((place) => ({ pts: place * FRAME, dts: place * FRAME, isKey: place === 0 }));
    expect(unwrapTimestamps(readings, TRANSPORT_CLOCK).breaks).toEqual([]);
    expect(clipTimes(readings)).toEqual(order.map((place) => place / 10));
  });

  it('goes on where a recorder repeats the decoding times of pictures that waited to be shown', () => {
    // Shown two pictures after they are decoded: the next segment's clock steps back by those two.
    const first = recording(10, 1).map((one) => ({ ...one, pts: one.pts + 2 * FRAME }));
    const second = recording(10.8, 1).map((one) => ({ ...one, pts: one.pts + 4 * FRAME }));
    expect(unwrapTimestamps([...first, ...second], TRANSPORT_CLOCK).breaks).toEqual([]);
  });

  it('goes on where FLV’s 24 bits roll over', () => {
    const readings = Array.from({ length: 20 }, (_, i) => {
      const ms = (2 ** 24 - 1000 + i * 100) % 2 ** 24;
      return { pts: ms, dts: ms, isKey: i % 10 === 0 };
    });
    expect(clipTimes(readings, FLV_CLOCK)).toEqual(tenths(20));
  });

  it('gives rising times to any row of recordings', () => {
    const part = fc.record({
      start: fc.double({ min: 0, max: MODULUS / SECOND, noNaN: true }),
      count: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const readings = parts.flatMap(({ start, count }) => recording(start, count / 10));
        const { shown } = unwrapTimestamps(readings, TRANSPORT_CLOCK);
        for (let i = 1; i < shown.length; i++) {
          expect(shown[i]! - shown[i - 1]!).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('has nothing to say of no packets', () => {
    expect(unwrapTimestamps([], TRANSPORT_CLOCK)).toEqual({ shown: [], breaks: [], rollsOver: false });
  });
});
