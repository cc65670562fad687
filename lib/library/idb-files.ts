import type { TarFile } from '@/lib/shared/tar';

/*
 * PGlite's databases in IndexedDB, seen from outside. Emscripten's file system keeps a record for each file and folder, by
 * path, and what is in a file as `contents`.
 */

const PREFIX = '/pglite/';
const FILES = 'FILE_DATA';

/** Names of databases that PGlite has in IndexedDB; null where the browser does not list them. */
export async function librariesInIndexedDb(): Promise<string[] | null> {
  if (typeof indexedDB === 'undefined') return [];
  if (!('databases' in indexedDB)) return null;
  const databases = await indexedDB.databases().catch(() => null);
  if (!databases) return null;
  return databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
}

/** Deletes a database; one that is not there is skipped. */
export async function removeFromIndexedDb(name: string): Promise<void> {
  if (typeof indexedDB === 'undefined') return;
  const request = indexedDB.deleteDatabase(PREFIX + name);
  await new Promise<void>((resolve, reject) => {
    request.onblocked = () => reject(new Error(`${name} is open in another tab.`));
    request.onerror = () => reject(request.error ?? new Error(`${name} could not be deleted.`));
    request.onsuccess = () => resolve();
  });
}

/** The files of a database, by the paths that PostgreSQL knows them by. */
export async function* filesInIndexedDb(name: string): AsyncGenerator<TarFile, void, undefined> {
  if (!(await librariesInIndexedDb())?.includes(name)) return;
  const database = await answerOf(indexedDB.open(PREFIX + name));
  try {
    if (!database.objectStoreNames.contains(FILES)) return;
    for (const path of await answerOf(database.transaction(FILES).objectStore(FILES).getAllKeys())) {
      const record: unknown = await answerOf(database.transaction(FILES).objectStore(FILES).get(path));
      const contents = (record as { contents?: Uint8Array<ArrayBuffer> } | undefined)?.contents;
      if (contents && typeof path === 'string') {
        yield { path: path.replace(PREFIX, ''), content: new Blob([contents]) };
      }
    }
  } finally {
    database.close();
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB did not answer.'));
  });
}
