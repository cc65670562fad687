import type { PGliteOptions } from '@electric-sql/pglite';
import { OpfsAhpFS } from '@electric-sql/pglite/opfs-ahp';
import { describeThrown, property, toFramesiftError } from '@/lib/shared/errors';
import { beginFirstOpen, endFirstOpen, hasLibraryFiles } from './first-open';
import { LeaderPGlite } from './leader-pglite';
import { fetchPreparedDatabase } from './prepared-database';
import { DATABASE_NAME, dataDirectory } from './stores';
import { TabSession, type PgliteCall } from './tab-session';
import { unpackDatabase } from './unpack-database';

/** What the worker posts to its own tab when it was elected leader and could not open the database. */
export interface OpenFailedMessage {
  type: 'framesift-open-failed';
  name: string;
  message: string;
}

/**
 * How long a new leader waits for the access handles of the last one. Its lock and its files are given
 * back by two different parts of the browser when a tab closes, in no promised order.
 */
const HANDLES_WAIT_MS = 10_000;
const HANDLES_POLL_MS = 50;

/** Files that PGlite's file system has ready where initdb makes some 970. */
const INITDB_POOL_SIZE = 1000;

/** Once the state file is free, the other files of a dying worker are a moment behind. */
const HANDLES_SETTLE_MS = 250;

/**
 * The worker side of the database: waits to be elected among all tabs, then opens PGlite and serves them.
 *
 * Speaks the protocol of PGliteWorker, PGlite's own client, in place of PGlite's own `worker()`, which
 * leaves the database locked for good when a tab closes while it waits for its turn (pglite 0.5.16:
 * [Note: Tabs that go away] in tab-session.ts).
 */
export async function servePglite(): Promise<void> {
  postMessage({ type: 'here' });
  const { id, dataDir } = await initMessage();
  postMessage({ type: 'ready', id });

  const broadcast = new BroadcastChannel(`pglite-broadcast:${id}`);
  await holdLock(`pglite-election-lock:${id}`);
  const opening = openAsLeader(dataDir);
  const tabIds = new Set<string>();
  broadcast.onmessage = ({ data }: MessageEvent<{ type: string; id: string }>) => {
    if (data.type !== 'tab-here') return;
    void opening.then((pg) => {
      if (!tabIds.has(data.id)) serveTab(pg, data.id, tabIds);
    });
  };
  // The tabs answer "tab-here"; their calls to the last leader are rejected.
  broadcast.postMessage({ type: 'leader-here', id });
  postMessage({ type: 'leader-now' });
}

function initMessage(): Promise<{ id: string; dataDir: string }> {
  return new Promise((resolve) => {
    addEventListener(
      'message',
      ({ data }: MessageEvent<{ type: 'init'; options: { id: string; dataDir: string } }>) =>
        resolve(data.options),
      { once: true },
    );
  });
}

/** Resolves once the lock is ours; it stays so until this worker ends. */
function holdLock(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}

async function openAsLeader(dataDir: string): Promise<LeaderPGlite> {
  try {
    return dataDir === dataDirectory('opfs-ahp') ? await openOnOpfs() : await opened({ dataDir });
  } catch (error) {
    postMessage({ type: 'framesift-open-failed', ...openFailure(error) } satisfies OpenFailedMessage);
    // Ends the leadership, so that another tab may try; nobody waits for what is returned.
    self.close();
    return new Promise<never>(() => undefined);
  }
}

/** PGlite's file system throws plain objects too, and a full disk is often the cause of another error. */
function openFailure(error: unknown): { name: string; message: string } {
  if (toFramesiftError(error).code === 'storage-full') return { name: 'QuotaExceededError', message: '' };
  const name = property(error, 'name');
  return { name: typeof name === 'string' ? name : 'Error', message: describeThrown(error) ?? '' };
}

async function openOnOpfs(): Promise<LeaderPGlite> {
  await waitForAccessHandles();
  if (await hasLibraryFiles()) return opened({ fs: new OpfsAhpFS(DATABASE_NAME) });
  const prepared = await fetchPreparedDatabase();
  await beginFirstOpen();
  if (prepared) {
    const root = await navigator.storage.getDirectory();
    await unpackDatabase(prepared, await root.getDirectoryHandle(DATABASE_NAME, { create: true }));
  }
  const pg = await opened({ fs: new OpfsAhpFS(DATABASE_NAME, { initialPoolSize: INITDB_POOL_SIZE }) });
  await pg.syncToFs();
  await endFirstOpen();
  return pg;
}

async function opened(options: PGliteOptions): Promise<LeaderPGlite> {
  // Durable: `relaxedDurability` lost everything on a quick reload.
  const pg = new LeaderPGlite({ ...options, relaxedDurability: false });
  await pg.waitReady;
  return pg;
}

function serveTab(pg: LeaderPGlite, tabId: string, tabIds: Set<string>): void {
  tabIds.add(tabId);
  const channel = new BroadcastChannel(`pglite-tab:${tabId}`);
  const session = new TabSession(pg);

  // The tab holds this lock while it lives.
  void navigator.locks.request(`pglite-tab-close:${tabId}`, () => {
    channel.close();
    tabIds.delete(tabId);
    session.close();
  });

  channel.onmessage = ({ data }: MessageEvent<PgliteCall>) => {
    if (data.type !== 'rpc-call') return;
    void session.answer(data).then((answer) => {
      if (!session.closed) channel.postMessage(answer);
    });
  };
  channel.postMessage({ type: 'connected' });
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
