import type { Browser, BrowserContext } from '@playwright/test';
import { openReady } from '../host/served-page';
import { forgetClips, readAsPerson } from './framesift-job';
import { peakMemoryWhile } from '../host/memory';

export interface GrowthFigures {
  frames: number;
  seconds: number;
  /** Of all of the browser's processes; null where the system does not tell. */
  peakBytes: number | null;
}

/** Reads a clip in a page of its own, and watches the browser's memory meanwhile. */
export async function measureGrowth(
  context: BrowserContext,
  browser: Browser,
  address: string,
  clip: string,
  timeoutMs: number,
): Promise<GrowthFigures> {
  const page = await context.newPage();
  try {
    await openReady(page, `${address}/?provider=wasm&embed=every`);
    await forgetClips(page);
    const { result, peakBytes } = await peakMemoryWhile(browser, () =>
      Promise.all([
        page.evaluate(readAsPerson, { timeoutMs }),
        page.getByTestId('file-input').setInputFiles(clip),
      ]),
    );
    const [row] = await page.evaluate(() =>
      window.framesift.query('select count(*)::int as frames from frame_embeddings'),
    );
    await forgetClips(page);
    return { frames: Number(row?.frames), seconds: result[0], peakBytes };
  } finally {
    await page.close();
  }
}
