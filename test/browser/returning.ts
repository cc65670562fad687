import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  expect,
  test as base,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { FramesiftPage } from './framesift-page';

export { expect };

/** What a returning visitor's library holds: the sample clip, read at the page's own rate, or nothing. */
export type Library = 'sample' | 'empty';

/** Folders of browser profiles, each made when it is first asked for. */
type Profiles = (library: Library) => Promise<string>;

/**
 * Pages of a visitor who has been here before. A first visit makes a database and reading the sample takes longer than
 * most tests, so both are done once, and every test has a browser of its own with a copy of that visitor's profile.
 */
export const test = base.extend<{ library: Library }, { profiles: Profiles }>({
  library: ['sample', { option: true }],
  profiles: [
    async ({ playwright, launchOptions }, use, { project }) => {
      const folder = await mkdtemp(join(tmpdir(), 'framesift-profiles-'));
      const made = new Map<Library, Promise<string>>();
      const make = async (library: Library): Promise<string> => {
        const path = join(folder, library);
        const context = await playwright.chromium.launchPersistentContext(path, {
          ...launchOptions,
          ...contextOptions(project.use.baseURL),
        });
        const framesift = await openFirstPage(context);
        if (library === 'sample') await framesift.readSample();
        await framesift.page.evaluate(() => localStorage.clear());
        await context.close();
        return path;
      };
      await use((library) => {
        const path = made.get(library) ?? make(library);
        made.set(library, path);
        return path;
      });
      await rm(folder, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  context: async ({ playwright, launchOptions, baseURL, library, profiles }, use) => {
    const path = await mkdtemp(join(tmpdir(), 'framesift-profile-'));
    await cp(await profiles(library), path, { recursive: true });
    const options = { ...launchOptions, ...contextOptions(baseURL) };
    const context = await playwright.chromium.launchPersistentContext(path, options);
    await use(context);
    await context.close();
    await rm(path, { recursive: true, force: true });
  },
  page: async ({ context }, use) => use(context.pages()[0] ?? (await context.newPage())),
});

/** The same with nothing in the library, for a file whose other tests begin with the sample. */
export const withoutClips = test.extend<{ library: Library }>({ library: 'empty' });

/** Opens the page with the sample clip before it, read to its end. */
export async function openWithSample(page: Page): Promise<FramesiftPage> {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.clipSummary).toContainText('frames in the library');
  return framesift;
}

const contextOptions = (baseURL: string | undefined): BrowserContextOptions => ({
  ...(baseURL === undefined ? {} : { baseURL }),
  serviceWorkers: 'block',
  viewport: { width: 1280, height: 720 },
  acceptDownloads: true,
});

async function openFirstPage(context: BrowserContext): Promise<FramesiftPage> {
  const framesift = new FramesiftPage(context.pages()[0] ?? (await context.newPage()));
  await framesift.open();
  return framesift;
}
