import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { FramesiftPage } from './framesift-page';

/**
 * Pages of a visitor whose library holds the sample clip, read at the page's own rate. Reading it costs more than most
 * tests, so it is read once. For tests that leave the library as it is; what they keep in `localStorage` goes.
 */
export const test = base.extend<object, { sampleLibrary: BrowserContext }>({
  sampleLibrary: [
    async ({ browser }, use, { project }) => {
      const context = await browser.newContext({ baseURL: project.use.baseURL!, serviceWorkers: 'block' });
      const framesift = new FramesiftPage(await context.newPage());
      await framesift.open();
      await framesift.readSample();
      await framesift.page.evaluate(() => localStorage.clear());
      await framesift.page.close();
      await use(context);
      await context.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  context: ({ sampleLibrary }, use) => use(sampleLibrary),
  page: async ({ context }, use) => {
    const page = await context.newPage();
    await use(page);
    if (!page.isClosed()) await page.evaluate(() => localStorage.clear()).catch(() => undefined);
    await page.close();
  },
});

export { expect };

/** Opens the page with the sample clip before it, read to its end. */
export async function openWithSample(page: Page): Promise<FramesiftPage> {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.clipSummary).toContainText('frames in the library');
  return framesift;
}
