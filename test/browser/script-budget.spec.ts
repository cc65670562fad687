import { expect, test } from '@playwright/test';
import { fetchedScripts } from '@/scripts/host/script-bytes';
import { FramesiftPage } from './framesift-page';

/**
 * Bytes of script, gzipped, that a first visit fetches for the page's own thread before anybody touches it. 131 kB of them are
 * React's and Next's. Issue 21 asks for 200 kB at most; a commit that raises this number says why.
 */
const MAX_SCRIPT_BYTES = 192_000;

/** React, Next, its start and the page itself: fewer means that the scripts were not found. */
const FEWEST_SCRIPTS = 4;

test('a first visit fetches no more script than its budget before the first interaction (#21)', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const scripts = await fetchedScripts(page);
  expect(scripts.length).toBeGreaterThanOrEqual(FEWEST_SCRIPTS);
  const total = scripts.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(total, JSON.stringify(scripts, null, 2)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
});
