import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aimAt, choosePlayerStart, isSamePicture, toClipMs, toPlayerSeconds } from '@/lib/shared/clip-clock';

/** Spans of the frames of a clip at a rate, as a container with this many ticks a second keeps them. */
function spansAt(framesPerSecond: number, ticksPerSecond: number, frames = 600) {
  const startOf = (frame: number) =>
    (Math.round((frame / framesPerSecond) * ticksPerSecond) / ticksPerSecond) * 1000;
  return Array.from({ length: frames }, (_, frame) => ({
    startMs: startOf(frame),
    endMs: startOf(frame + 1),
  }));
}

const RATES = [
  ['12', 12, 12_288],
  ['15', 15, 15_360],
  ['23.976', 24_000 / 1001, 24_000],
  ['29.97', 30_000 / 1001, 30_000],
  ['59.94', 60_000 / 1001, 60_000],
  ['240', 240, 15_360],
  ['23.976 in whole milliseconds', 24_000 / 1001, 1000],
  ['59.94 in whole milliseconds', 60_000 / 1001, 1000],
  ['240 in whole milliseconds', 240, 1000],
] as const;

describe.each(RATES)('aimAt, in a clip of %s frames a second', (_, rate, ticks) => {
  const spans = spansAt(rate, ticks);

  it('stays a quarter of a frame away from its borders, wherever in the frame the moment is', () => {
    for (const span of spans) {
      const lengthMs = span.endMs - span.startMs;
      for (const share of [0, 0.001, 0.5, 0.999]) {
        // Stored times are whole milliseconds, so they may lie outside of the span.
        const timestampMs = Math.round(span.startMs + share * lengthMs);
        const aimMs = aimAt({ timestampMs, span });
        const marginMs = Math.min(lengthMs / 4, 4) - 1e-9;
        expect(aimMs).toBeGreaterThanOrEqual(span.startMs + marginMs);
        expect(aimMs).toBeLessThanOrEqual(span.endMs - marginMs);
      }
    }
  });

  it('lands in the frame whose rounded start was stored without its span', () => {
    for (const { startMs, endMs } of spans) {
      const aimMs = aimAt({ timestampMs: Math.round(startMs), span: null });
      // Players cut times to whole microseconds.
      expect(Math.floor(aimMs * 1000)).toBeGreaterThan(Math.ceil(startMs * 1000) + 1);
      expect(aimMs).toBeLessThan(endMs);
    }
  });
});

describe('aimAt', () => {
  it('is the moment itself where it lies well inside of the span', () => {
    expect(aimAt({ timestampMs: 25_500, span: { startMs: 20_000, endMs: 40_000 } })).toBe(25_500);
  });
  it('begins a picture that stands for long close to its start', () => {
    expect(aimAt({ timestampMs: 20_000, span: { startMs: 20_000, endMs: 40_000 } })).toBe(20_004);
  });
  it('takes an empty span for none', () => {
    expect(aimAt({ timestampMs: 7, span: { startMs: 7, endMs: 7 } })).toBe(7.6);
  });
});

describe('the player’s clock', () => {
  it.each([
    [0, 0, 0],
    [1500, 5046, 6.546],
    [500, null, 0.5],
    [0, 3_600_000, 3600],
  ])('stands %d ms into a clip that starts at %s ms at %d s', (clipMs, startMs, seconds) => {
    expect(toPlayerSeconds(clipMs, startMs)).toBe(seconds);
    expect(toClipMs(seconds, startMs)).toBeCloseTo(clipMs, 6);
  });
  it('gives back any moment of a day, to the microsecond', () => {
    const clipMs = fc.double({ min: 0, max: 86_400_000, noNaN: true });
    const startMs = fc.double({ min: -10_000, max: 360_000_000, noNaN: true });
    fc.assert(
      fc.property(
        clipMs,
        startMs,
        (ms, start) => Math.abs(toClipMs(toPlayerSeconds(ms, start), start) - ms) < 1e-3,
      ),
    );
  });
  it('is 0 in clip time before the first picture', () => {
    expect(toClipMs(1, 5000)).toBe(0);
  });
});

describe('choosePlayerStart', () => {
  it.each([
    ['the file’s, which the player confirms', 5046, 5.046, 5046],
    ['the file’s to the last digit', 33.367, 0.033366, 33.367],
    ['the player’s own, which counts from the beginning of the sound', 5046, 4.999, 4999],
    ['the player’s own, which counts from 0', 3_600_000, 0, 0],
    ['the file’s, where the player left out the first pictures', 0, 0.2, 0],
    ['the file’s, where the player tells nothing', 46, null, 46],
    ['the player’s, where the file is not known', null, 0.046, 46],
    ['nobody’s', null, null, null],
  ])('is %s', (_, storedMs, firstPictureSeconds, expected) => {
    expect(choosePlayerStart(storedMs, firstPictureSeconds)).toBe(expected);
  });
});

describe('isSamePicture', () => {
  const span = { startMs: 20_000, endMs: 40_000 };
  it.each([
    ['the same span', span, { ...span }, true],
    ['another start', span, { ...span, startMs: 19_999.9 }, false],
    ['another end', span, { ...span, endMs: 40_000.1 }, false],
    ['no span beside one', span, null, false],
    ['no span twice', null, null, false],
  ])('tells %s', (_, a, b, expected) => {
    expect(isSamePicture(a, b)).toBe(expected);
  });
});
