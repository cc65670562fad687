import type { PGliteOptions } from '@electric-sql/pglite';
import { OpfsAhpFS } from '@electric-sql/pglite/opfs-ahp';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { DurablePGlite } from './durable-pglite';
import { beginFirstOpen, endFirstOpen, hasLibraryFiles } from './first-open';
import { fetchPreparedDatabase } from './prepared-database';
import { DATABASE_NAME, dataDirectory, type StoreKind } from './stores';
import { unpackDatabase } from './unpack-database';

/**
 * How long a new owner waits for the access handles of the last one. Its lock and its files are given
 * back by two different parts of the browser when a tab closes, in no promised order.
 */
const HANDLES_WAIT_MS = 10_000;
const HANDLES_POLL_MS = 50;

/** Files that PGlite's file system has ready where initdb makes some 970. */
const INITDB_POOL_SIZE = 1000;

/** Once the state file is free, the other files of a dying worker are a moment behind. */
const HANDLES_SETTLE_MS = 250;

/** A PGlite that is open, and how to give up its files also when it does not answer any more. */
export interface OpenedPGlite {
  pg: DurablePGlite;
  letGo(): Promise<void>;
}

/** Opens the database of this browser in this worker. Only the owner may: two corrupt it (pglite #709). */
export async function openPglite(store: StoreKind | 'memory'): Promise<OpenedPGlite> {
  if (store === 'opfs-ahp') return openOnOpfs();
  if (store === 'idb') return opened({ dataDir: dataDirectory(store) });
  const prepared = await fetchPreparedDatabase();
  return opened(prepared ? { loadDataDir: prepared } : {});
}

async function openOnOpfs(): Promise<OpenedPGlite> {
  await waitForAccessHandles();
  const root = await navigator.storage.getDirectory();
  const files = new OpfsTree(root);
  if (await hasLibraryFiles(files)) return openedOnOpfs();
  const prepared = await fetchPreparedDatabase();
  await beginFirstOpen(files);
  if (prepared) {
    const folder = await root.getDirectoryHandle(DATABASE_NAME, { create: true });
    await unpackDatabase(prepared, new OpfsTree(folder));
  }
  const library = await openedOnOpfs({ initialPoolSize: INITDB_POOL_SIZE });
  await library.pg.syncToFs();
  await endFirstOpen(files);
  return library;
}

async function openedOnOpfs(options?: { initialPoolSize: number }): Promise<OpenedPGlite> {
  const fs = new OpfsAhpFS(DATABASE_NAME, options);
  const { pg } = await opened({ fs });
  return { pg, letGo: () => fs.closeFs() };
}

async function opened(options: PGliteOptions): Promise<OpenedPGlite> {
  // Durable: `relaxedDurability` lost everything on a quick reload.
  const pg = new DurablePGlite({ ...options, relaxedDurability: false });
  await pg.waitReady;
  return { pg, letGo: () => pg.close() };
}

interface SyncAccessFileHandle {
  createSyncAccessHandle(): Promise<{ close(): void }>;
}

/** Waits until the files that PGlite is about to open are free; it does not do so itself. */
async function waitForAccessHandles(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  let stateFile: SyncAccessFileHandle;
  try {
    const directory = await root.getDirectoryHandle(DATABASE_NAME);
    stateFile = (await directory.getFileHandle('state.txt')) as unknown as SyncAccessFileHandle;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return; // The first open of all.
    throw error;
  }
  const deadline = performance.now() + HANDLES_WAIT_MS;
  for (let waited = false; ; waited = true) {
    try {
      (await stateFile.createSyncAccessHandle()).close();
      if (waited) await sleep(HANDLES_SETTLE_MS);
      return;
    } catch (error) {
      const isTaken = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isTaken || performance.now() > deadline) throw error;
      await sleep(HANDLES_POLL_MS);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
