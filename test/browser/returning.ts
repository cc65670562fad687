import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  expect,
  test as base,
  type BrowserContext,
  type BrowserContextOptions,
  type LaunchOptions,
  type Page,
  type PlaywrightWorkerArgs,
} from '@playwright/test';
import { FramesiftPage } from './framesift-page';

export { expect };

/** What a returning visitor's library holds: the sample clip, read at the page's own rate, or nothing. */
export type Library = 'sample' | 'empty';

/**
 * Whether a test has a browser of its own, or one that it shares with the tests before and after it: those that ask,
 * and leave the library as it was.
 */
export type BrowserUse = 'own' | 'shared';

/** Folders of browser profiles, each made when it is first asked for. */
type Profiles = (library: Library) => Promise<string>;

/** The browser that tests share, started when it is first asked for and after a test that failed. */
interface SharedBrowser {
  context(): Promise<BrowserContext>;
  close(): Promise<void>;
}

/**
 * So long after the last new code does Chromium keep what it compiled of a WebAssembly module; of scripts it does so on the
 * second visit. Every test would compile all of it again.
 */
const CODE_CACHE_MS = 2_500;

/**
 * Pages of a visitor who has been here before. A first visit makes a database and reading the sample takes longer than
 * most tests, so both are done once, and every test has a browser of its own with a copy of that visitor's profile.
 */
export const test = base.extend<
  { library: Library; browserUse: BrowserUse },
  { profiles: Profiles; sharedBrowser: SharedBrowser }
>({
  library: ['sample', { option: true }],
  browserUse: ['own', { option: true }],
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
        await framesift.page.waitForTimeout(CODE_CACHE_MS);
        await framesift.open();
        await framesift.page.waitForTimeout(CODE_CACHE_MS);
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
  sharedBrowser: [
    async ({ playwright, launchOptions, profiles }, use, { project }) => {
      let shared: Promise<OwnedContext> | undefined;
      const browser: SharedBrowser = {
        context: async () => {
          shared ??= profiles('sample').then((profile) =>
            openCopy(playwright, profile, { ...launchOptions, ...contextOptions(project.use.baseURL) }),
          );
          return (await shared).context;
        },
        close: async () => {
          const closing = shared;
          shared = undefined;
          await (await closing)?.close();
        },
      };
      await use(browser);
      await browser.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  context: async (
    { playwright, launchOptions, baseURL, library, browserUse, profiles, sharedBrowser },
    use,
    { status, expectedStatus },
  ) => {
    if (browserUse === 'shared') {
      await use(await sharedBrowser.context());
      if (status !== expectedStatus) await sharedBrowser.close();
      return;
    }
    const options = { ...launchOptions, ...contextOptions(baseURL) };
    const owned = await openCopy(playwright, await profiles(library), options);
    await use(owned.context);
    await owned.close();
  },
  page: async ({ context, browserUse }, use) => {
    if (browserUse === 'own') {
      await use(context.pages()[0] ?? (await context.newPage()));
      return;
    }
    const page = await context.newPage();
    await use(page);
    await page.evaluate(() => localStorage.clear());
    await page.close();
  },
});

/** For tests that ask and leave the library as it was: they share a browser, which saves most of a start. */
export const askingTest = test.extend<{ browserUse: BrowserUse }>({ browserUse: 'shared' });

/** The same with nothing in the library, for a file whose other tests begin with the sample. */
export const withoutClips = test.extend<{ library: Library }>({ library: 'empty' });

/** Opens the page with the sample clip before it, read to its end. */
export async function openWithSample(page: Page): Promise<FramesiftPage> {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await expect(framesift.clipSummary).toContainText('frames in the library');
  return framesift;
}

interface OwnedContext {
  context: BrowserContext;
  close(): Promise<void>;
}

/** A browser with a copy of a visitor's profile, which goes when it is closed. */
export async function openCopy(
  { chromium }: PlaywrightWorkerArgs['playwright'],
  profile: string,
  options: BrowserContextOptions & LaunchOptions,
): Promise<OwnedContext> {
  const path = await mkdtemp(join(tmpdir(), 'framesift-profile-'));
  // Some thousand small files: a process of its own copies them in a third of the time.
  await promisify(execFile)('cp', ['-a', `${profile}/.`, path]);
  const context = await chromium.launchPersistentContext(path, options);
  return {
    context,
    close: async () => {
      await context.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** What every page is opened with. */
export const contextOptions = (baseURL: string | undefined): BrowserContextOptions => ({
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
