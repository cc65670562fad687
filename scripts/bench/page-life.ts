import type { BrowserContext, Page } from '@playwright/test';
import { openReady } from '../host/served-page';
import { fetchedScripts } from '../host/script-bytes';
import { readAsPerson, forgetClips } from './framesift-job';

/** What the page's own thread did while a clip was read and a person typed. */
export interface PageLife {
  /** Milliseconds of each task of 50 and more, by Long Tasks. */
  longTasks: number[];
  /** Milliseconds from each key to the start of its handlers, by Event Timing. */
  keyDelays: number[];
  /** The same to the next picture on screen; a browser counts in steps of 8 ms. */
  keyDurations: number[];
  /** Keys that were typed. */
  keys: number;
}

/** What is typed over and over while the clip is read. */
const TYPED = 'a red car on a wet street';
const KEY_EVERY_MS = 80;

/** Entries that a page notes down of itself. */
interface Noted {
  longTasks: number[];
  keys: { delay: number; duration: number }[];
}

declare const noted: Noted;

/** In the page: notes long tasks and keys from now on. */
function note(): void {
  const all: Noted = { longTasks: [], keys: [] };
  Object.assign(globalThis, { noted: all });
  new PerformanceObserver((list) => {
    all.longTasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: 'longtask' });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as PerformanceEventTiming[]) {
      if (entry.name !== 'keydown') continue;
      all.keys.push({ delay: entry.processingStart - entry.startTime, duration: entry.duration });
    }
    // Event Timing tells of no key that took less than 16 ms; those count as that.
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
}

/** Reads a clip in a page of its own while a person types questions. */
export async function measurePageLife(
  context: BrowserContext,
  address: string,
  clip: string,
  timeoutMs: number,
): Promise<PageLife> {
  const page = await context.newPage();
  try {
    await openReady(page, `${address}/?provider=wasm&embed=every`);
    await forgetClips(page);
    await page.evaluate(note);
    let isReading = true;
    const reading = page.evaluate(readAsPerson, { timeoutMs }).finally(() => (isReading = false));
    await page.getByTestId('file-input').setInputFiles(clip);
    const box = page.getByRole('textbox', { name: 'What are you looking for?' });
    await box.waitFor({ timeout: timeoutMs });
    const keys = await typeWhile(page, () => isReading);
    await reading;
    const { longTasks, keys: slow } = await page.evaluate(() => noted);
    await forgetClips(page);
    return {
      longTasks,
      keyDelays: slow.map(({ delay }) => delay),
      keyDurations: slow.map(({ duration }) => duration),
      keys,
    };
  } finally {
    await page.close();
  }

  async function typeWhile(typedOn: Page, mayGoOn: () => boolean): Promise<number> {
    const box = typedOn.getByRole('textbox', { name: 'What are you looking for?' });
    let keys = 0;
    while (mayGoOn()) {
      await box.fill('');
      await box.focus();
      for (const key of TYPED) {
        if (!mayGoOn()) break;
        await typedOn.keyboard.press(key === ' ' ? 'Space' : key, { delay: 0 });
        keys += 1;
        await typedOn.waitForTimeout(KEY_EVERY_MS);
      }
    }
    return keys;
  }
}

/** Scripts that a first visit fetches before anybody touches the page. */
export async function measureFirstScripts(
  context: BrowserContext,
  address: string,
): Promise<{ scripts: number; bytes: number }> {
  const browser = context.browser();
  if (!browser) throw new Error('The browser is gone.');
  const visitor = await browser.newContext({ serviceWorkers: 'block' });
  try {
    const page = await visitor.newPage();
    await openReady(page, address);
    const scripts = await fetchedScripts(page);
    return { scripts: scripts.length, bytes: scripts.reduce((sum, { bytes }) => sum + bytes, 0) };
  } finally {
    await visitor.close();
  }
}
