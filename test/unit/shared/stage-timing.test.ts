import { afterEach, describe, expect, it, vi } from 'vitest';
import { timed, timedNow } from '@/lib/shared/stage-timing';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a timed stage', () => {
  it('gives what its work gives and leaves one span from its beginning on', async () => {
    const measure = vi.spyOn(performance, 'measure');
    const beforeMs = performance.now();
    await expect(timed('model', () => Promise.resolve(7))).resolves.toBe(7);
    expect(timedNow('pixels', () => 8)).toBe(8);
    expect(measure.mock.calls.map(([name]) => name)).toEqual(['framesift:model', 'framesift:pixels']);
    for (const [, options] of measure.mock.calls) {
      const { start } = options as { start: number };
      expect(start).toBeGreaterThanOrEqual(beforeMs);
      expect(start).toBeLessThanOrEqual(performance.now());
    }
  });

  it('leaves a span of work that fails, too', async () => {
    const measure = vi.spyOn(performance, 'measure');
    await expect(timed('store', () => Promise.reject(new Error('full')))).rejects.toThrow('full');
    expect(measure).toHaveBeenCalledOnce();
  });

  it('keeps nothing in the page', async () => {
    await timed('copy', () => Promise.resolve());
    expect(performance.getEntriesByType('measure')).toEqual([]);
  });
});
