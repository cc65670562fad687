import type { PGliteOptions } from '@electric-sql/pglite';
import { OpfsAhpFS } from '@electric-sql/pglite/opfs-ahp';
import { compileFile } from '@/lib/files/compile-file';
import { onThisSite } from '@/lib/files/file-source';
import { openFileTree } from '@/lib/files/open-tree';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { causesOf, property } from '@/lib/shared/errors';
import { currentLibrary } from './current-library';
import { DurablePGlite } from './durable-pglite';
import { assertFileList, beginFirstOpen, endFirstOpen, hasLibraryFiles } from './first-open';
import { fetchPreparedDatabase } from './prepared-database';
import { dataDirectory, type StoreKind } from './stores';
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
  /** Whether its files are still where they were: PGlite goes on with files that the browser has deleted. */
  isKept(): Promise<boolean>;
}

/** Opens the database of this browser in this worker. Only the owner may: two corrupt it (pglite #709). */
export async function openPglite(store: StoreKind | 'memory'): Promise<OpenedPGlite> {
  if (store === 'opfs-ahp') return openOnOpfs();
  if (store === 'idb') {
    const files = await openFileTree();
    const name = await currentLibrary(files);
    await hasLibraryFiles(files, name);
    return opened({ dataDir: dataDirectory(store, name) });
  }
  const prepared = await fetchPreparedDatabase();
  return opened(prepared ? { loadDataDir: prepared } : {});
}

async function openOnOpfs(): Promise<OpenedPGlite> {
  const root = await navigator.storage.getDirectory();
  const files = new OpfsTree(root);
  const name = await currentLibrary(files);
  await waitForAccessHandles(name);
  if (await hasLibraryFiles(files, name)) {
    await assertFileList(files, name);
    return openedOnOpfs(name);
  }
  const prepared = await fetchPreparedDatabase();
  await beginFirstOpen(files, name);
  if (prepared) {
    const folder = await root.getDirectoryHandle(name, { create: true });
    // A page that is just ending still has files of these names where the browser has deleted its library.
    await untilFree(() => unpackDatabase(prepared, new OpfsTree(folder)));
  }
  const library = await openedOnOpfs(name, { initialPoolSize: INITDB_POOL_SIZE });
  await library.pg.syncToFs();
  await endFirstOpen(files, name);
  return library;
}

async function openedOnOpfs(name: string, options?: { initialPoolSize: number }): Promise<OpenedPGlite> {
  const fs = new OpfsAhpFS(name, options);
  const { pg } = await opened({ fs });
  return { pg, letGo: () => fs.closeFs(), isKept: () => isFolderThere(name) };
}

async function isFolderThere(name: string): Promise<boolean> {
  try {
    // Asked for anew: a handle from before does not tell of a browser that has deleted everything.
    await (await navigator.storage.getDirectory()).getDirectoryHandle(name);
    return true;
  } catch (error) {
    if (property(error, 'name') === 'NotFoundError') return false;
    throw error;
  }
}

async function opened(options: PGliteOptions): Promise<OpenedPGlite> {
  // Durable: `relaxedDurability` lost everything on a quick reload.
  const pgliteWasmModule = await compilePostgres();
  const pg = new DurablePGlite({
    ...options,
    ...(pgliteWasmModule && { pgliteWasmModule }),
    relaxedDurability: false,
  });
  await pg.waitReady;
  return { pg, letGo: () => pg.close(), isKept: () => Promise.resolve(true) };
}

/** A slow line takes minutes for ten megabytes. */
const COMPILE_TIMEOUT_MS = 300_000;

/**
 * PostgreSQL, compiled; undefined where PGlite has to do so itself. PGlite 0.5.16 compiles a clone of the answer, of which
 * no browser keeps the code: every visit compiled all of it again, a second of processor time.
 */
async function compilePostgres(): Promise<WebAssembly.Module | undefined> {
  const { href } = new URL('../../node_modules/@electric-sql/pglite/dist/pglite.wasm', import.meta.url);
  try {
    return await compileFile(onThisSite(href), { stallTimeoutMs: COMPILE_TIMEOUT_MS });
  } catch {
    return undefined;
  }
}

interface SyncAccessFileHandle {
  createSyncAccessHandle(): Promise<{ close(): void }>;
}

/** Waits until the files that PGlite is about to open are free; it does not do so itself. */
async function waitForAccessHandles(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  let stateFile: SyncAccessFileHandle;
  try {
    const directory = await root.getDirectoryHandle(name);
    stateFile = (await directory.getFileHandle('state.txt')) as unknown as SyncAccessFileHandle;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return; // The first open of all.
    throw error;
  }
  await untilFree(async () => (await stateFile.createSyncAccessHandle()).close());
}

/** Does what opens files as soon as another worker has let go of them. */
async function untilFree(work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + HANDLES_WAIT_MS;
  for (let waited = false; ; waited = true) {
    try {
      await work();
      if (waited) await sleep(HANDLES_SETTLE_MS);
      return;
    } catch (error) {
      const isTaken = causesOf(error).some(
        (cause) => property(cause, 'name') === 'NoModificationAllowedError',
      );
      if (!isTaken || performance.now() > deadline) throw error;
      await sleep(HANDLES_POLL_MS);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
