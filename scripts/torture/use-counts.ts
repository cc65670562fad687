import type { BrowserContext, Page } from '@playwright/test';
import { memoryNow } from '../host/memory';
import type {} from '../host/served-page';

/** What must not grow however long the page is used. */
export interface UseCounts {
  /** Of all processes of the browser, the page's garbage collected; null where the system does not tell. */
  memoryBytes: number | null;
  /** Made and not revoked. */
  objectUrls: number;
  workers: number;
  elements: number;
  /** Private files besides the database's own. */
  files: number;
  /** Rows of all tables that a clip has rows in. */
  rows: number;
}

/** Has pages of this context count their object URLs from now on. */
export async function countObjectUrls(context: BrowserContext): Promise<void> {
  // tsx names functions by a helper of its own, which a function that runs in a page lacks.
  await context.addInitScript('globalThis.__name = (named) => named');
  await context.addInitScript(() => {
    const open = new Set<string>();
    const create = URL.createObjectURL.bind(URL);
    const revoke = URL.revokeObjectURL.bind(URL);
    URL.createObjectURL = (object) => {
      const url = create(object);
      open.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      open.delete(url);
      revoke(url);
    };
    Object.assign(window, { countOpenUrls: () => open.size });
  });
}

/** Counts now. The page's context must have been given to `countObjectUrls` before the page was opened. */
export async function countUse(page: Page): Promise<UseCounts> {
  const workers = page.workers().length;
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const counts = await page.evaluate(async () => {
    let files = 0;
    const walk = async (directory: FileSystemDirectoryHandle): Promise<void> => {
      for await (const handle of directory.values()) {
        if (handle.kind === 'directory') await walk(handle);
        else files += 1;
      }
    };
    const root = await navigator.storage.getDirectory();
    for (const room of ['frames', 'clips', 'vectors']) {
      const directory = await root.getDirectoryHandle(room).catch(() => null);
      if (directory) await walk(directory);
    }
    const [row] = await window.framesift.query(
      `select (select count(*) from events) + (select count(*) from event_frames)
         + (select count(*) from frame_embeddings) + (select count(*) from embedding_sets) as rows`,
    );
    return {
      objectUrls: (window as unknown as { countOpenUrls: () => number }).countOpenUrls(),
      elements: document.querySelectorAll('*').length,
      files,
      rows: Number(row!.rows),
    };
  });
  const browser = page.context().browser();
  return { ...counts, workers, memoryBytes: browser && (await memoryNow(browser)) };
}
