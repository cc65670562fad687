import type { ClipSummary } from '@/lib/ports/library';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ChangeNotices, NOTICE_INTERVAL_MS } from '@/lib/library/change-notices';

let told: string[];
let frames: number;
let notices: ChangeNotices;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  frames = 0;
  notices = new ChangeNotices(
    () => Promise.resolve({ frameCount: frames } as ClipSummary),
    (clipId, clip) => told.push(`${clipId} ${clip?.frameCount}`),
  );
});
afterEach(() => vi.useRealTimers());

it('tells the first change at once and the last one always, at most four a second', async () => {
  for (frames = 1; frames <= 100; frames += 1) {
    notices.note('a');
    await vi.advanceTimersByTimeAsync(20);
  }
  frames = 100;
  await vi.advanceTimersByTimeAsync(2 * NOTICE_INTERVAL_MS);
  expect(told[0]).toBe('a 1');
  expect(told.at(-1)).toBe('a 100');
  expect(told.length).toBeLessThanOrEqual(10);
});

it('lets no clip wait for another', async () => {
  notices.note('a');
  notices.note('b');
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['a 0', 'b 0']);
});

it('goes on after a row that could not be read', async () => {
  let fails = true;
  const failing = new ChangeNotices(
    () => (fails ? Promise.reject(new Error('closed')) : Promise.resolve(null)),
    (clipId) => told.push(clipId),
  );
  failing.note('a');
  await vi.advanceTimersByTimeAsync(NOTICE_INTERVAL_MS + 1);
  fails = false;
  failing.note('a');
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual(['a']);
});
