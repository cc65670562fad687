import { readFileSync } from 'node:fs';
import type { Browser } from '@playwright/test';

/** Resident bytes of the browser's largest renderer, from /proc; 0 where there is none. */
export async function residentBytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return Math.max(
      0,
      ...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentOf(id)),
    );
  } finally {
    await session.detach();
  }
}

function residentOf(processId: number): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${processId}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
