import { describe, expect, it } from 'vitest';
import { Mutex, withTimeout } from '@/lib/shared/async';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import {
  formatBytes,
  formatMoment,
  formatRemaining,
  formatTime,
  isolateName,
  plural,
} from '@/lib/shared/format';
import { cosine, meanDirection, normaliseRows } from '@/lib/shared/vectors';

describe('format', () => {
  it.each([
    [0, '0:00'],
    [999, '0:00'],
    [7_500, '0:07'],
    [61_000, '1:01'],
    [3_723_000, '1:02:03'],
    [-5, '0:00'],
  ])('%d ms is %s', (milliseconds, text) => expect(formatTime(milliseconds)).toBe(text));

  it('shows tenths without rounding into the next second', () => {
    expect(formatTime(7_999, { tenths: true })).toBe('0:07.9');
    expect(formatTime(59_999, { tenths: true })).toBe('0:59.9');
  });

  it.each([
    ['a moment', { timestampMs: 7_500, span: null }, '0:07.5'],
    ['a frame', { timestampMs: 7_500, span: { startMs: 7_467, endMs: 7_500.4 } }, '0:07.5'],
    [
      'a picture that stands still',
      { timestampMs: 20_500, span: { startMs: 20_000, endMs: 40_000 } },
      '0:20–0:40',
    ],
    [
      'one between frames of 29.97 a second',
      { timestampMs: 20_500, span: { startMs: 19_986.6, endMs: 40_006.6 } },
      '0:20–0:40',
    ],
  ])('shows %s', (_, moment, text) => expect(formatMoment(moment)).toBe(text));

  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1_400, '1.4 kB'],
    [14_000_000, '14 MB'],
    [2.5e12, '2.5 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [100, '1 s left'],
    [59_000, '59 s left'],
    [61_000, '2 min left'],
    [5_400_000, '1 h 30 min left'],
  ])('%d ms are %s', (milliseconds, text) => expect(formatRemaining(milliseconds)).toBe(text));

  it('counts', () => {
    expect([plural(1, 'frame'), plural(0, 'frame'), plural(1200, 'frame')]).toEqual([
      '1 frame',
      '0 frames',
      '1,200 frames',
    ]);
  });
});

describe('isolateName', () => {
  it.each([
    ['holiday.mp4', 'holiday.mp4'],
    ['a \u202egpj.\u202c.mp4', '\u2068a \u202egpj.\u202c.mp4\u2069'],
    ['סרט.mp4', '\u2068סרט.mp4\u2069'],
    ['ends\u2069 early\u202e.mp4', '\u2068ends early\u202e.mp4\u2069'],
    ['動画 <b>&amp;.mp4', '動画 <b>&amp;.mp4'],
  ])('%j', (name, expected) => expect(isolateName(name)).toBe(expected));
});

describe('vectors', () => {
  it('scales rows to unit length and names those it cannot', () => {
    const rows = new Float32Array([3, 4, 0, 0, NaN, 1, 0, -2]);
    expect(normaliseRows(rows, 2)).toEqual([1, 2]);
    expect(Array.from(rows.subarray(0, 2))).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect(Array.from(rows.subarray(6))).toEqual([0, -1]);
  });

  it('averages directions', () => {
    expect(Array.from(meanDirection(new Float32Array([1, 0, 0, 1]), 2))).toEqual([
      Math.fround(Math.SQRT1_2),
      Math.fround(Math.SQRT1_2),
    ]);
  });

  it('gives NaN for the cosine of a zero embedding', () => {
    expect(cosine(new Float32Array([0, 0]), new Float32Array([1, 0]))).toBeNaN();
  });
});

describe('withTimeout', () => {
  it('passes on what comes in time', async () => {
    await expect(withTimeout(Promise.resolve(7), 1000, 'It')).resolves.toBe(7);
    await expect(withTimeout(Promise.reject(new Error('no')), 1000, 'It')).rejects.toThrow('no');
  });

  it('rejects as transient what does not', async () => {
    const never = new Promise<void>(() => undefined);
    await expect(withTimeout(never, 5, 'The thing')).rejects.toMatchObject({
      code: 'timed-out',
      transient: true,
    });
  });
});

describe('Mutex', () => {
  it('runs one at a time, in order, and goes on after a failure', async () => {
    const mutex = new Mutex();
    const log: string[] = [];
    const section = (name: string, fails = false) =>
      mutex.run(async () => {
        log.push(`${name}+`);
        await Promise.resolve();
        log.push(`${name}-`);
        if (fails) throw new Error(name);
      });
    await Promise.allSettled([section('a'), section('b', true), section('c')]);
    expect(log).toEqual(['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
  });
});

describe('toFramesiftError', () => {
  it('keeps one, and recognises cancelling and a full disk', () => {
    const own = new FramesiftError('bad-input', 'No.');
    expect(toFramesiftError(own)).toBe(own);
    expect(toFramesiftError(new DOMException('', 'AbortError')).code).toBe('cancelled');
    expect(toFramesiftError(new DOMException('', 'QuotaExceededError')).code).toBe('storage-full');
  });

  it('makes a sentence of a bare number', () => {
    expect(toFramesiftError(123456).message).toBe(
      'Something unexpected went wrong. Try again; if it fails again, reload the page. Details: code 123456.',
    );
  });
});
