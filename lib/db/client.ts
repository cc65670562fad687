import type { PGlite, Transaction } from '@electric-sql/pglite';
import { LeaderChangedError, PGliteWorker } from '@electric-sql/pglite/worker';
import { drizzle } from 'drizzle-orm/pglite';
import {
  causesOf,
  explainFailure,
  FramesiftError,
  isA,
  property,
  toFramesiftError,
} from '@/lib/shared/errors';
import type { Database } from './database';
import { hasLocks } from '@/lib/shared/locks';
import { migrateDatabase } from './migrate';
import type { OpenFailedMessage } from './pglite-server';
import { fetchPreparedDatabase } from './prepared-database';
import * as schema from './schema';
import { DATABASE_NAME, dataDirectory, type StoreKind } from './stores';

/** A way to the one database of this browser. */
export interface DatabaseConnection {
  readonly db: Database;
  readonly store: StoreKind | 'memory';
  /** Runs one statement in a read-only transaction. */
  queryReadOnly(text: string, params: unknown[]): Promise<Record<string, unknown>[]>;
  /** Settles as `work` does, or rejects with LeaderChangedError as soon as another tab takes the lead. */
  untilHandOver<T>(work: Promise<T>): Promise<T>;
  /** Gives up this way; if this tab leads, another one takes over. */
  close(): Promise<void>;
}

/** What the connection needs of PGlite; its worker client and PGlite itself both have it. */
interface PgliteClient {
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  /** PGliteWorker alone has it. */
  onLeaderChange?(callback: () => void): () => void;
}

/** A connection over a PGlite that is open: in a browser `connectBrowser` makes it, in tests PGlite in memory. */
export function connectionOver(client: PgliteClient, store: DatabaseConnection['store']): DatabaseConnection {
  return {
    // Drizzle's types ask for the class PGlite, its code only for query() and transaction().
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    db: drizzle(client as PGlite, { schema }),
    store,
    queryReadOnly: (text, params) =>
      client.transaction(async (tx) => {
        await tx.exec('SET TRANSACTION READ ONLY');
        const { rows } = await tx.query<Record<string, unknown>>(text, params);
        return rows;
      }),
    untilHandOver: (work) => untilLeaderChange(client, work),
    close: () => client.close(),
  };
}

/**
 * [Note: Calls across a change of leader] PGliteWorker rejects the message that is under way, and then
 * its own `finally` blocks send "release the lock" to a leader that is not there yet and wait for ever. So
 * the whole piece of work is given up at once instead of waiting for its end.
 */
async function untilLeaderChange<T>(client: PgliteClient, work: Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const change = new Promise<never>((_, reject) => {
    stop = client.onLeaderChange?.(() => reject(new LeaderChangedError()));
  });
  try {
    return await Promise.race([work, change]);
  } finally {
    stop?.();
  }
}

/** How often the schema is brought up to date anew when the leading tab closes in the middle of it. */
const MIGRATE_TRIES = 3;

/** Migrates, one tab at a time. */
async function migrateAlone(connection: DatabaseConnection): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await navigator.locks.request(`${DATABASE_NAME}-migrate`, () =>
        connection.untilHandOver(migrateDatabase(connection.db)),
      );
      return;
    } catch (error) {
      if (connectionFault(error) !== 'handed-over' || attempt === MIGRATE_TRIES) throw error;
    }
  }
}

/**
 * Opens the database of this browser through a worker of `spawn` (workers/pglite.worker.ts) and brings
 * its schema up to date. One worker among all tabs owns the files (PGlite on two would corrupt them,
 * pglite #709); the others wait for its end and meanwhile send it their queries.
 *
 * Runs in a worker itself: PGliteWorker uses Web Locks, BroadcastChannel and Worker, nothing of a window.
 */
export async function connectBrowser(spawn: () => Worker): Promise<DatabaseConnection> {
  // Browsers without Web Locks, and pages that are no secure context, where there are none either.
  if (!('locks' in navigator) || !('storage' in navigator)) {
    throw new FramesiftError(
      'storage-unavailable',
      'The library needs a secure page: open Framesift over https or on localhost, in an up-to-date browser.',
    );
  }
  const store = await detectStore();
  if (store === 'memory') return connectInMemory();
  const worker = spawn();
  const failure = openFailure(worker);
  const client = new PGliteWorker(worker, {
    dataDir: dataDirectory(store),
    // PGlite's own id holds the script's address: two builds of this page, open in two tabs while a new one
    // is deployed, would each elect a leader and write to one directory.
    id: DATABASE_NAME + ':' + store,
  });
  try {
    await Promise.race([client.waitReady, failure]);
    const connection = connectionOver(client, store);
    await Promise.race([migrateAlone(connection), failure]);
    return connection;
  } catch (error) {
    await client.close();
    throw toStorageError(error);
  }
}

/** A library for this visit, in this worker alone: for a browser that keeps nothing for this site. */
async function connectInMemory(): Promise<DatabaseConnection> {
  const { PGlite: Pglite } = await import('@electric-sql/pglite');
  const prepared = await fetchPreparedDatabase();
  const client = await Pglite.create(prepared ? { loadDataDir: prepared } : {});
  const connection = connectionOver(client, 'memory');
  await migrateDatabase(connection.db);
  return connection;
}

/** Rejects when the worker cannot start or cannot open the database; never resolves. */
function openFailure(worker: Worker): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      const message = explainFailure('The library could not be started.', event, 'Reload the page.');
      reject(new FramesiftError('storage-unavailable', message, { cause: event }));
    });
    worker.addEventListener('message', (event: MessageEvent<OpenFailedMessage | { type: string }>) => {
      if (event.data.type !== 'framesift-open-failed') return;
      const { name, message } = event.data as OpenFailedMessage;
      reject(new DOMException(message, name));
    });
  });
  failure.catch(() => undefined); // It may fail long after opening, when nobody waits for it.
  return failure;
}

/**
 * `opfs-ahp` where this browser gives synchronous access handles, else `idb`; `memory` where it is told to keep
 * nothing for this site. Only a refusal counts: falling back on any passing trouble would show a person an empty
 * library.
 */
async function detectStore(): Promise<DatabaseConnection['store']> {
  if (!(await hasLocks())) return 'memory';
  if (await hasAccessHandles()) return 'opfs-ahp';
  return (await hasIndexedDb()) ? 'idb' : 'memory';
}

async function hasAccessHandles(): Promise<boolean> {
  if (!('getDirectory' in navigator.storage) || !('FileSystemFileHandle' in globalThis)) return false;
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false;
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch (error) {
    // Private windows of Firefox and Safari have the methods and refuse the call.
    if (['SecurityError', 'NotAllowedError', 'UnknownError'].includes(String(property(error, 'name'))))
      return false;
    throw error;
  }
}

function hasIndexedDb(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open('framesift-probe');
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase('framesift-probe');
        resolve(true);
      };
      // A full disk or a busy one is no refusal: opening the library will tell of it.
      request.onerror = () =>
        resolve(!['SecurityError', 'InvalidStateError'].includes(request.error?.name ?? ''));
    } catch {
      resolve(false);
    }
  });
}

/**
 * How the way to the database failed, if it did: `handed-over` when another tab took the lead, which the
 * same connection follows; `broken` when it does not answer any more or PostgreSQL has crashed.
 */
export function connectionFault(error: unknown): 'handed-over' | 'broken' | null {
  for (const cause of causesOf(error)) {
    const message = property(cause, 'message');
    if (property(cause, 'name') === 'InvalidStateError') return 'broken'; // A closed channel.
    // The leader ended our turn, or PostgreSQL trapped in WebAssembly.
    if (
      typeof message === 'string' &&
      /turn of this tab is over|unreachable|out of bounds|PGlite is clos/.test(message)
    )
      return 'broken';
    if (isA(cause, LeaderChangedError)) return 'handed-over';
    if (isA(cause, FramesiftError) && cause.code === 'timed-out') return 'broken';
  }
  return null;
}

/** Any error of the database as one a person can act on; the query's own message stays in `cause`. */
export function toStorageError(error: unknown): FramesiftError {
  const whatHappened = 'The library could not be read or written.';
  const known = toFramesiftError(error, whatHappened);
  if (known.code === 'storage-full' || causesOf(error).includes(known)) return known;
  if (connectionFault(error)) {
    return new FramesiftError(
      'storage-unavailable',
      'Another Framesift tab took over the library. Try again.',
      { transient: true, cause: error },
    );
  }
  if (causesOf(error).some((cause) => property(cause, 'name') === 'NoModificationAllowedError')) {
    return new FramesiftError(
      'storage-unavailable',
      'Another tab still holds the library. Close the other tabs of Framesift, then reload this one.',
      { transient: true, cause: error },
    );
  }
  // Of the innermost cause: Drizzle's own message repeats the query with all its parameters, vectors included.
  return new FramesiftError('storage-unavailable', explainFailure(whatHappened, error), { cause: error });
}
