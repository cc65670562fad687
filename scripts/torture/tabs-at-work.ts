import type { Page } from '@playwright/test';
import type {} from '../host/served-page';

/** How a tab that owns the library ends. */
export const TAB_ENDS = ['closed', 'crashed', 'frozen'] as const;
export type TabEnd = (typeof TAB_ENDS)[number];

/** Ends a tab; resolves when the browser has been told to. */
export async function endTab(page: Page, way: TabEnd): Promise<void> {
  if (way === 'closed') {
    await page.close();
    return;
  }
  if (way === 'frozen') {
    // Headless Chromium freezes no page that is shown; this is what the page does when it hears of it.
    await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
    return;
  }
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  // Never answered: nobody is left to.
  void session.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** What came of clips that were added one after another, whether or not those before were answered. */
export interface AddedClips {
  asked: number;
  /** Ids of those that were answered. */
  made: string[];
  failures: string[];
  /** The longest time between an answer and the next, and from the call to the answer of the clip that waited longest. */
  longestGapMs: number;
  longestWaitMs: number;
}

/** Has a page add a clip without a file every 50 ms, until the function it gives is called. */
export async function keepAddingClips(page: Page): Promise<() => Promise<AddedClips>> {
  const adding = await page.evaluateHandle(() => {
    const answers: { id: string; askedMs: number; answeredMs: number }[] = [];
    const failures: string[] = [];
    const calls: Promise<void>[] = [];
    const add = () => {
      const askedMs = performance.now();
      const call = window.framesift.createClip({ description: 'meanwhile' });
      calls.push(
        call.then(
          ({ id }) => void answers.push({ id, askedMs, answeredMs: performance.now() }),
          (error: unknown) => void failures.push(String(error)),
        ),
      );
    };
    const timer = setInterval(add, 50);
    return {
      stop: async () => {
        clearInterval(timer);
        await Promise.all(calls);
        const gaps = answers.map(
          ({ answeredMs }, i) => answeredMs - (answers[i - 1]?.answeredMs ?? answeredMs),
        );
        return {
          asked: calls.length,
          made: answers.map(({ id }) => id),
          failures,
          longestGapMs: Math.max(0, ...gaps),
          longestWaitMs: Math.max(0, ...answers.map(({ askedMs, answeredMs }) => answeredMs - askedMs)),
        };
      },
    };
  });
  return () => adding.evaluate(({ stop }) => stop());
}
