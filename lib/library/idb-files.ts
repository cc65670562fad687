import { isSafePath } from '@/lib/files/file-tree';
import type { TarFile } from '@/lib/shared/tar';
import { z } from '@/lib/shared/zod';
import { badInput } from './validate';

/*
 * PGlite's databases in IndexedDB, seen from outside. Emscripten's file system keeps a record for each file and folder, by
 * path, and what is in a file as `contents`.
 */

const PREFIX = '/pglite/';
const FILES = 'FILE_DATA';

/** As Emscripten's file system makes its databases. */
const VERSION = 21;
const BY_TIME = 'timestamp';

/** In an archive: every file and folder with what Emscripten keeps of it. PostgreSQL needs folders that are empty, too. */
export const RECORDS_FILE = 'indexed-db-records.json';

const records = z.array(z.object({ path: z.string(), mode: z.int(), timeMs: z.number() })).max(1_000_000);
type Records = z.infer<typeof records>;

/** Bits of a mode that say what it is of, and those of a folder and a file. */
const KIND_BITS = 0o170000;
const FOLDER = 0o040000;
const FILE = 0o100000;

/** So much is read before it is written at once. */
const BATCH_BYTES = 8 * 1024 * 1024;

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

/** The files of a database, by the paths that PostgreSQL knows them by, and a list of all records at the end. */
export async function* filesInIndexedDb(name: string): AsyncGenerator<TarFile, void, undefined> {
  if (!(await librariesInIndexedDb())?.includes(name)) return;
  const database = await answerOf(indexedDB.open(PREFIX + name));
  try {
    if (!database.objectStoreNames.contains(FILES)) return;
    const list: Records = [];
    for (const path of await answerOf(database.transaction(FILES).objectStore(FILES).getAllKeys())) {
      const record = await answerOf(
        database.transaction(FILES).objectStore(FILES).get(path) as IDBRequest<
          Partial<FileRecord> | undefined
        >,
      );
      if (!record || typeof path !== 'string') continue;
      const { contents, mode, timestamp } = record;
      if (contents) yield { path: path.replace(PREFIX, ''), content: new Blob([contents]) };
      if (mode === undefined || !timestamp) continue;
      list.push({ path: path.slice(`${PREFIX}${name}/`.length), mode, timeMs: timestamp.getTime() });
    }
    yield { path: `${name}/${RECORDS_FILE}`, content: new Blob([JSON.stringify(list)]) };
  } finally {
    database.close();
  }
}

/** What Emscripten keeps of a file or a folder. */
interface FileRecord {
  timestamp: Date;
  mode: number;
  contents?: Uint8Array<ArrayBuffer>;
}

/**
 * The records of an archived database.
 *
 * @param files by path below the database's folder
 * @throws FramesiftError `bad-input` where the list is damaged, or names a file that is not there
 */
export async function readRecords(files: ReadonlyMap<string, Blob>): Promise<Records> {
  const text = await files.get(RECORDS_FILE)?.text();
  const result = records.safeParse(text === undefined ? null : parseJson(text));
  const isWhole =
    result.success &&
    result.data.every(
      ({ path, mode }) =>
        isSafePath(path) &&
        ((mode & KIND_BITS) === FOLDER || ((mode & KIND_BITS) === FILE && files.has(path))),
    );
  if (isWhole) return result.data;
  throw badInput('This copy of a library is damaged: its list of files does not fit. Use another copy.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Makes a database of files and their records. Whoever calls it deletes what a failure leaves. */
export async function writeToIndexedDb(
  name: string,
  list: Records,
  files: ReadonlyMap<string, Blob>,
): Promise<void> {
  const opening = indexedDB.open(PREFIX + name, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(FILES).createIndex(BY_TIME, BY_TIME, { unique: false });
  };
  const database = await answerOf(opening);
  try {
    let batch: [path: string, record: FileRecord][] = [];
    let bytes = 0;
    const write = async () => {
      const transaction = database.transaction(FILES, 'readwrite');
      for (const [path, record] of batch) transaction.objectStore(FILES).put(record, path);
      batch = [];
      bytes = 0;
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB took nothing.'));
      });
    };
    for (const { path, mode, timeMs } of list) {
      const content = (mode & KIND_BITS) === FILE ? files.get(path) : undefined;
      const record: FileRecord = { timestamp: new Date(timeMs), mode };
      if (content) record.contents = new Uint8Array(await content.arrayBuffer());
      batch.push([`${PREFIX}${name}/${path}`, record]);
      bytes += content?.size ?? 0;
      if (bytes > BATCH_BYTES) await write();
    }
    await write();
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
