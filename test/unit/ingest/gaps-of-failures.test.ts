import { describe, expect, it } from 'vitest';
import { gapsOfFailures } from '@/lib/ingest/gaps-of-failures';

const requests = Array.from({ length: 10 }, (_, i) => ({ frameIndex: i, timestampMs: 500 + 1000 * i }));
const failed = (frameIndex: number, span: { startMs: number; endMs: number } | null = null) => ({
  ...requests[frameIndex]!,
  reason: 'damaged',
  span,
});

describe('gapsOfFailures', () => {
  it('joins moments that follow each other into one stretch', () => {
    expect(gapsOfFailures([failed(2), failed(3), failed(7)], requests, 10_000)).toEqual([
      { startMs: 2000, endMs: 4000, reason: 'damaged' },
      { startMs: 7000, endMs: 8000, reason: 'damaged' },
    ]);
  });

  it('reaches to the ends of the clip', () => {
    expect(gapsOfFailures([failed(0), failed(9)], requests, 9_800)).toEqual([
      { startMs: 0, endMs: 1000, reason: 'damaged' },
      { startMs: 9000, endMs: 9800, reason: 'damaged' },
    ]);
  });

  it('takes the stretch that the decoder knows', () => {
    expect(gapsOfFailures([failed(2, { startMs: 2200, endMs: 3300 })], requests, 10_000)).toEqual([
      { startMs: 2200, endMs: 3300, reason: 'damaged' },
    ]);
  });

  it('has none without failures', () => {
    expect(gapsOfFailures([], requests, 10_000)).toEqual([]);
  });
});
