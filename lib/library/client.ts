import type { PGlite, Transaction } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { causesOf, explainFailure, FramesiftError, property, toFramesiftError } from '@/lib/shared/errors';
import { askForPrivateFiles } from '@/lib/shared/browser-storage';
import { hasLocks } from '@/lib/shared/locks';
import { mayUseIndexedDb } from '@/lib/shared/platform';
import type { Database } from './database';
import { migrateDatabase } from './migrate';
import * as schema from './schema';
import type { StoreKind } from './stores';

/** The database of this browser, open in this worker. */
export interface DatabaseConnection {
  readonly db: Database;
  readonly store: StoreKind | 'memory';
  /** Runs one statement in a read-only transaction. */
  queryReadOnly(text: string, params: unknown[]): Promise<Record<string, unknown>[]>;
  /** @throws FramesiftError `storage-unavailable` when the browser has deleted the files that are open here */
  assertKept(): Promise<void>;
  /** Gives up the database and its files, also when it does not answer any more. */
  close(): Promise<void>;
}

/** What the connection needs of PGlite. */
interface PgliteClient {
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What becomes of a database's files; see `OpenedPGlite`. */
interface ConnectionFiles {
  letGo?: () => Promise<void>;
  isKept?: () => Promise<boolean>;
}

/**
 * [Note: Files that the browser deletes] A browser that runs out of space, or a person who clears its data, takes the files
 * of a library also while a page has them open. PostgreSQL goes on with them until the page ends, and all of it is gone
 * then. So every write asks first whether they are there; what was stored can still be read, and saved as a backup.
 */
const DELETED_BY_BROWSER =
  'The browser has deleted this library’s files while the page was open, for want of space or because site data was cleared. What is listed is still in memory: press “Back up” now, reload this page, then restore the backup.';

/** A connection over a PGlite that is open: in a browser `openConnection` makes it, in tests PGlite in memory. */
export function connectionOver(
  client: PgliteClient,
  store: DatabaseConnection['store'],
  { letGo = () => client.close(), isKept = () => Promise.resolve(true) }: ConnectionFiles = {},
): DatabaseConnection {
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
    assertKept: async () => {
      if (!(await isKept())) throw new FramesiftError('storage-unavailable', DELETED_BY_BROWSER);
    },
    close: () => letGo(),
  };
}

/**
 * Opens the database in this worker and brings its schema up to date. Only the owner may (gateway.ts).
 *
 * @param options.asItIs leaves the schema as it is, whichever it is
 */
export async function openConnection(
  store: DatabaseConnection['store'],
  { asItIs }: { asItIs: boolean },
): Promise<DatabaseConnection> {
  // Followers never need PGlite's script.
  const { openPglite } = await import('./open-pglite');
  const opened = await openPglite(store);
  const connection = connectionOver(opened.pg, store, opened);
  try {
    if (!asItIs) await migrateDatabase(connection.db);
    return connection;
  } catch (error) {
    await opened.letGo().catch(() => undefined);
    throw error;
  }
}

/**
 * Where this browser keeps the library: `opfs-ahp` where it gives synchronous access handles, else `idb`; `memory` where
 * it is told to keep nothing for this site. Only a refusal counts: falling back on any passing trouble would show a
 * person an empty library.
 *
 * @throws FramesiftError `storage-unavailable` on a page that is not secure
 */
export async function detectStore(): Promise<DatabaseConnection['store']> {
  if (!globalThis.isSecureContext) {
    throw new FramesiftError(
      'storage-unavailable',
      'The library needs a secure page: open Framesift over https or on localhost.',
    );
  }
  // Without locks two tabs would write one library at once.
  if (!(await hasLocks())) return 'memory';
  if (await hasAccessHandles()) return 'opfs-ahp';
  return (await mayUseIndexedDb()) ? 'idb' : 'memory';
}

async function hasAccessHandles(): Promise<boolean> {
  if (!('FileSystemFileHandle' in globalThis)) return false;
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false;
  return (await askForPrivateFiles()).root !== null;
}

/**
 * Whether the database does not answer any more or has crashed (PostgreSQL trapped in WebAssembly). What helps is to
 * open it anew.
 */
export function isBroken(error: unknown): boolean {
  return causesOf(error).some((cause) => {
    const message = property(cause, 'message');
    return (
      property(cause, 'code') === 'timed-out' ||
      (typeof message === 'string' && /unreachable|out of bounds|PGlite is clos/.test(message))
    );
  });
}

/** Any error of the database as one a person can act on; the query's own message stays in `cause`. */
export function toStorageError(error: unknown): FramesiftError {
  const whatHappened = 'The library could not be read or written.';
  const known = toFramesiftError(error, whatHappened);
  if (known.code === 'storage-full' || causesOf(error).includes(known)) return known;
  if (causesOf(error).some((cause) => property(cause, 'name') === 'NoModificationAllowedError')) {
    return new FramesiftError(
      'storage-unavailable',
      'Another tab still holds the library. Close the other tabs of Framesift, then reload this one.',
      { transient: true, cause: error },
    );
  }
  // Of the innermost cause: Drizzle's own message repeats the query with all its parameters, embeddings included.
  return new FramesiftError('storage-unavailable', explainFailure(whatHappened, error), { cause: error });
}
