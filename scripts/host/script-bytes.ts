import { gzipSync } from 'node:zlib';
import type { Page } from '@playwright/test';

export interface FetchedScript {
  address: string;
  /** Gzipped at the best level: what a host sends at most. */
  bytes: number;
}

/** The scripts that a page's own thread has fetched by now; those of its workers are not among them. */
export async function fetchedScripts(page: Page): Promise<FetchedScript[]> {
  const addresses = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter(({ initiatorType }) => initiatorType === 'script' || initiatorType === 'link')
      .map(({ name }) => name)
      .filter((name) => new URL(name).pathname.endsWith('.js')),
  );
  return Promise.all(
    Array.from(new Set(addresses), async (address) => {
      const script = await (await page.request.get(address)).body();
      return { address, bytes: gzipSync(script, { level: 9 }).length };
    }),
  );
}
