import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { FramesiftPage } from './framesift-page';

/**
 * Bytes of script, gzipped, that a first visit fetches for the page's own thread before anybody touches it. 131 kB of them are
 * React's and Next's. Issue 21 asks for 200 kB at most; a commit that raises this number says why.
 */
const MAX_SCRIPT_BYTES = 190_000;

/** React, Next, its start and the page itself: fewer means that the scripts were not found. */
const FEWEST_SCRIPTS = 4;

test('a first visit fetches no more script than its budget before the first interaction', async ({
  page,
  request,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const addresses = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ initiatorType }) => initiatorType === 'script' || initiatorType === 'link')
      .map(({ name }) => name)
      .filter((name) => new URL(name).pathname.endsWith('.js')),
  );
  const sizes = await Promise.all(
    Array.from(new Set(addresses), async (address) => {
      const script = await (await request.get(address)).body();
      return { address, bytes: gzipSync(script, { level: 9 }).length };
    }),
  );
  expect(sizes.length).toBeGreaterThanOrEqual(FEWEST_SCRIPTS);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(total, JSON.stringify(sizes, null, 2)).toBeLessThanOrEqual(MAX_SCRIPT_BYTES);
});
