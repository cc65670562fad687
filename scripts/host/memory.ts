import { readFileSync } from 'node:fs';
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

/** Memory of processes in bytes, a page shared by several of them once. */
export interface MemoryByKind {
  all: number;
  /** Nobody else's: heaps, stacks, what JavaScript and WebAssembly have. */
  own: number;
  /** Shared between processes: pictures on their way to the screen, and those that Chromium keeps decoded. */
  shared: number;
  /** Files that are mapped: the browser's program. */
  files: number;
}

export interface BrowserMemory {
  browser: MemoryByKind;
  /** Of the largest process that shows a page. */
  page: MemoryByKind;
}

/** What the processes of a browser have in memory now; null where the system does not tell. */
export async function memoryNow(browser: Browser): Promise<BrowserMemory | null> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const told = processInfo.flatMap(({ id, type }) => {
      const rollup = rollupOf(id);
      return rollup === null ? [] : [{ type, memory: memoryByKind(rollup) }];
    });
    const pages = told.filter(({ type }) => type === 'renderer').map(({ memory }) => memory);
    if (pages.length === 0) return null;
    return {
      browser: told
        .map(({ memory }) => memory)
        .reduce((sum, memory) => ({
          all: sum.all + memory.all,
          own: sum.own + memory.own,
          shared: sum.shared + memory.shared,
          files: sum.files + memory.files,
        })),
      page: pages.reduce((most, memory) => (memory.all > most.all ? memory : most)),
    };
  } finally {
    await session.detach();
  }
}

function memoryOf(processes: readonly number[]): number | null {
  let bytes: number | null = null;
  for (const id of processes) {
    const rollup = rollupOf(id);
    if (rollup !== null) bytes = (bytes ?? 0) + memoryByKind(rollup).all;
  }
  return bytes;
}

/** Null of a process that has just ended, and where the system has no such file. */
function rollupOf(process: number): string | null {
  try {
    return readFileSync(`/proc/${process}/smaps_rollup`, 'utf8');
  } catch {
    return null;
  }
}

/** What a text of `smaps_rollup` gives as proportional set sizes; 0 for each that it does not give. */
export function memoryByKind(rollup: string): MemoryByKind {
  const bytes = (name: string) =>
    1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1] ?? 0);
  return { all: bytes('Pss'), own: bytes('Pss_Anon'), shared: bytes('Pss_Shmem'), files: bytes('Pss_File') };
}
