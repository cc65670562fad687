import { existsSync, readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

const SAMPLE_EVERY_MS = 1_000;

/**
 * The most memory that a browser's processes had together while `work` ran, in bytes, sampled once a second: the
 * proportional set size, which counts a page shared by several processes once. Null where the system does not tell
 * (`/proc/PID/smaps_rollup` of Linux).
 */
export async function peakMemoryWhile<T>(
  browser: Browser,
  work: () => Promise<T>,
): Promise<{ result: T; peakBytes: number | null }> {
  const session = await browser.newBrowserCDPSession();
  let peakBytes: number | null = null;
  const over = new AbortController();
  const sampling = (async () => {
    while (!over.signal.aborted) {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      const bytes = memoryOf(processInfo.map(({ id }) => id));
      if (bytes !== null) peakBytes = Math.max(peakBytes ?? 0, bytes);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
    }
  })();
  try {
    const result = await work();
    return { result, peakBytes };
  } finally {
    over.abort();
    await sampling;
    await session.detach();
  }
}

/** What all processes of a browser have in memory now, in bytes; null where the system does not tell. */
export async function memoryNow(browser: Browser): Promise<number | null> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return memoryOf(processInfo.map(({ id }) => id));
  } finally {
    await session.detach();
  }
}

function memoryOf(processes: readonly number[]): number | null {
  let kilobytes: number | null = null;
  for (const id of processes) {
    const path = `/proc/${id}/smaps_rollup`;
    if (!existsSync(path)) continue;
    try {
      kilobytes = (kilobytes ?? 0) + pssOf(readFileSync(path, 'utf8'));
    } catch {
      // A process that has just ended.
    }
  }
  return kilobytes === null ? null : kilobytes * 1024;
}

/** Kilobytes that a text of `smaps_rollup` gives as the proportional set size; 0 where it gives none. */
export function pssOf(rollup: string): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
}
