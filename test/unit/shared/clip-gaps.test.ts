import { describe, expect, it } from 'vitest';
import { formatGaps, parseGaps } from '@/lib/shared/clip-gaps';

describe('gaps of a clip', () => {
  it('come back as they were written, in rising order', () => {
    const late = { startMs: 4000, endMs: 5000.5, reason: 'Damaged.' };
    const early = { startMs: 0, endMs: 1000, reason: 'Missing.' };
    expect(parseGaps(formatGaps([late, early]))).toEqual([early, late]);
  });
  it('are no text where there are none', () => {
    expect(formatGaps([])).toBeNull();
    expect(parseGaps(null)).toEqual([]);
  });
  it.each(['', 'no JSON', '{}', '[{"startMs":"0"}]'])('are none in %j', (text) => {
    expect(parseGaps(text)).toEqual([]);
  });
});
