import { expect, test } from '@playwright/test';
import { FramesiftPage, sample } from './framesift-page';
import { Tap } from './tap';

/* The runtime for graphics cards is stored where it is used. Runs on a software adapter: see playwright.config.ts. */

test.use({ serviceWorkers: 'allow' });

test('a page that runs on WebGPU does so without a network too', async ({ page, context, baseURL }) => {
  const tap = await Tap.open(baseURL!);
  try {
    const framesift = new FramesiftPage(page);
    await framesift.open('', tap.address);
    await expect(framesift.provider).toHaveText('WebGPU');
    await framesift.waitUntilStored();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.clearBrowserCache');
    tap.shut();
    await context.setOffline(true);
    await page.reload();
    await framesift.waitUntilReady();
    await expect(framesift.provider).toHaveText('WebGPU');
    await framesift.readSample('1 every 10 seconds');
    await framesift.ask(sample.questions[0]!.text);
    expect(framesift.problems).toEqual([]);
  } finally {
    await tap.close();
  }
});
