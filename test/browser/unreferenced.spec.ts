import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { withTimeout } from '@/lib/shared/async';
import { openModulePage } from '@/scripts/host/module-page';
import type { UnreferencedPage } from '@/scripts/bench/page/unreferenced';

declare const unreferenced: UnreferencedPage;

/*
 * Pictures that nothing refers to are decoded only where they are wanted (decision 037). What is wanted must not change:
 * every clip of the fixtures is decoded in both ways, and times and bytes are compared.
 */

const fixtures = join(import.meta.dirname, '../fixtures');
const folders = ['clips/inputs', 'clips/reports', 'colours', '../../public/sample'];
const CLIP = /\.(?:mp4|mov|mkv|webm|ts|avi|flv)$/;
const clips = folders.flatMap((folder) =>
  readdirSync(join(fixtures, folder))
    .filter((name) => CLIP.test(name))
    .map((name) => join(fixtures, folder, name)),
);

/** Every second or third picture of most fixtures, so that there is something to leave out. */
const INTERVAL_MS = 110;
const MOST_FRAMES = 40;

/** So long may one clip take in both ways; some of the fixtures are made to stall readers. */
const CLIP_TIMEOUT_MS = 20_000;

test('leaving out pictures that nothing refers to changes no picture that is wanted', async ({ browser }) => {
  const page = await openModulePage(browser, 'scripts/bench/page/unreferenced');
  await page.waitForFunction('globalThis.unreferenced !== undefined');
  await page.setContent('<input type="file" id="clip">');
  let frames = 0;
  let leftOut = 0;
  for (const path of clips) {
    await page.setInputFiles('#clip', path);
    const comparing = page.evaluate(
      async ([intervalMs, mostFrames]) => {
        const file = document.querySelector<HTMLInputElement>('#clip')!.files![0]!;
        try {
          return await unreferenced.compare(file, intervalMs, true, mostFrames);
        } catch (error) {
          return error instanceof Error ? error.message : String(error);
        }
      },
      [INTERVAL_MS, MOST_FRAMES] as const,
    );
    const compared = await withTimeout(comparing, CLIP_TIMEOUT_MS, path);
    // What is no clip, or in a codec that this browser lacks, is refused in both ways.
    if (typeof compared === 'string') continue;
    expect(compared.wanted.results, path).toEqual(compared.all.results);
    frames += compared.all.results.length;
    leftOut += compared.all.packets - compared.wanted.packets;
  }
  await page.close();
  expect(frames).toBeGreaterThan(1000);
  expect(leftOut).toBeGreaterThan(100);
});
