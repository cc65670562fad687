import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepMeasurement, readMeasurement } from '@/lib/shared/measurements';

const DAY_MS = 24 * 60 * 60 * 1000;

let kept: Map<string, string>;

function be(browser: string): void {
  vi.stubGlobal('navigator', { userAgent: browser });
}

beforeEach(() => {
  kept = new Map();
  const cache = {
    match: (address: string) =>
      Promise.resolve(kept.has(address) ? new Response(kept.get(address)) : undefined),
    put: async (address: string, response: Response) => void kept.set(address, await response.text()),
  };
  vi.stubGlobal('caches', { open: () => Promise.resolve(cache) });
  vi.useFakeTimers({ toFake: ['Date'] });
  be('Browser 1');
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a measurement', () => {
  it('is kept under its name', async () => {
    await keepMeasurement('colours', [1, 2]);
    await keepMeasurement('threads', { threads: 2 });
    expect(await readMeasurement('colours')).toEqual([1, 2]);
    expect(await readMeasurement('threads')).toEqual({ threads: 2 });
    expect(await readMeasurement('speed')).toBeUndefined();
  });

  it('is none of another version of the browser', async () => {
    await keepMeasurement('colours', [1, 2]);
    be('Browser 2');
    expect(await readMeasurement('colours')).toBeUndefined();
  });

  it('is made anew after a month', async () => {
    await keepMeasurement('colours', [1, 2]);
    vi.setSystemTime(Date.now() + 29 * DAY_MS);
    expect(await readMeasurement('colours')).toEqual([1, 2]);
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    expect(await readMeasurement('colours')).toBeUndefined();
  });

  it('is none where what is kept is broken, or nothing can be', async () => {
    await keepMeasurement('colours', [1, 2]);
    for (const address of kept.keys()) kept.set(address, '{');
    expect(await readMeasurement('colours')).toBeUndefined();
    vi.stubGlobal('caches', { open: () => Promise.reject(new DOMException('no', 'SecurityError')) });
    await keepMeasurement('colours', [1, 2]);
    expect(await readMeasurement('colours')).toBeUndefined();
  });
});
