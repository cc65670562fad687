import type { KeptLibrary } from '@/lib/ports/library';
import { isSafePath, splitPath, type FileTree } from '@/lib/files/file-tree';
import { openFileTree } from '@/lib/files/open-tree';
import { FramesiftError } from '@/lib/shared/errors';
import { withTabLock } from '@/lib/shared/locks';
import { readTar, writeTar, type TarFile } from '@/lib/shared/tar';
import { detectStore, type DatabaseConnection } from './client';
import type { OtherLibraries } from './clip-database';
import { CLIP_FOLDERS, safeFileName } from './clip-files';
import {
  beginOwnFiles,
  currentLibrary,
  filesOfLibrary,
  hasOwnFiles,
  librariesWithOwnFiles,
  removeOwnFiles,
  setCurrentLibrary,
} from './current-library';
import { beginFirstOpen, endFirstOpen, STATE_FILE } from './first-open';
import {
  filesInIndexedDb,
  librariesInIndexedDb,
  readRecords,
  RECORDS_FILE,
  removeFromIndexedDb,
  writeToIndexedDb,
} from './idb-files';
import { DATABASE_NAME, gatewayNames, isLibraryName, isOfThisVersion, type StoreKind } from './stores';
import { badInput } from './validate';

/** A worker that was ended gives its lock back a moment later. */
const LOCK_TRIES = 50;
const LOCK_WAIT_MS = 100;

/**
 * The libraries in a tree of files and in IndexedDB, see [Note: Kept libraries].
 *
 * @param parts.store where this browser keeps PostgreSQL's files
 * @param parts.withoutOtherTabs does work while no tab has the library open; throws where one has
 */
export function librariesIn({
  openFiles,
  store,
  withoutOtherTabs,
}: {
  openFiles: () => Promise<FileTree>;
  store: () => Promise<DatabaseConnection['store']>;
  withoutOtherTabs: (work: () => Promise<void>) => Promise<void>;
}): OtherLibraries {
  const list = async (): Promise<KeptLibrary[]> => {
    const files = await openFiles();
    const current = await currentLibrary(files);
    const names = new Set([...(await files.folders()), ...((await librariesInIndexedDb()) ?? [])]);
    return [...names]
      .filter((name) => isLibraryName(name) && name !== current)
      .sort()
      .map((name) => ({ name, canBeOpened: isOfThisVersion(name) }));
  };
  return {
    list,
    choose: (name) =>
      withoutOtherTabs(async () => {
        const files = await openFiles();
        const kept = await list();
        if (name !== null && !kept.some((library) => library.name === name && library.canBeOpened)) {
          throw unknownLibrary(name);
        }
        if (name !== null) return setCurrentLibrary(files, name);
        const begun = await nextName(files);
        await beginOwnFiles(files, begun);
        await setCurrentLibrary(files, begun);
      }),
    remove: async (name) => {
      if (!(await list()).some((library) => library.name === name)) throw unknownLibrary(name);
      const files = await openFiles();
      await files.remove(name);
      await removeFromIndexedDb(name);
      await sweep();
    },
    sweep,
    shareFiles: async () => {
      const sharing = await namesSharing();
      return sharing.length > 1 && sharing.includes(await currentLibrary(await openFiles()));
    },
    archive: async (name) => {
      if (name !== null && !isLibraryName(name)) throw unknownLibrary(name);
      const files = await openFiles();
      const library = name ?? (await currentLibrary(files));
      const archive = await writeTar(filesOf(library, files), new Date(), 'application/x-tar');
      return { name: library, archive };
    },
    bringBack: async (archive) => {
      const archived = await readLibraryArchive(archive);
      const files = await openFiles();
      if (archived.store !== (await store())) throw archivedElsewhere();
      const records = archived.store === 'idb' ? await readRecords(archived.database) : null;
      const name = await nextName(files);
      // A page that is closed in the middle leaves an empty library, not half of one.
      await beginFirstOpen(files, name);
      try {
        // The database first: a folder of files without one is swept.
        if (records) await writeToIndexedDb(name, records, archived.database);
        else for (const [path, content] of archived.database) await files.copy(`${name}/${path}`, content);
        await beginOwnFiles(files, name);
        const own = await filesOfLibrary(files, name);
        for (const [path, content] of archived.files) await own.copy(path, content);
        await endFirstOpen(files, name);
      } catch (error) {
        await files.remove(name).catch(() => undefined);
        await removeFromIndexedDb(name).catch(() => undefined);
        await removeOwnFiles(files, name).catch(() => undefined);
        await endFirstOpen(files, name).catch(() => undefined);
        throw error;
      }
    },
  };

  /** Names of the libraries whose files lie at the top, in folders that they share. */
  async function namesSharing(): Promise<string[]> {
    const files = await openFiles();
    const sharing: string[] = [];
    for (const name of [await currentLibrary(files), ...(await list()).map((library) => library.name)]) {
      if (!(await hasOwnFiles(files, name))) sharing.push(name);
    }
    return sharing;
  }

  /** Removes the files of libraries that are gone. */
  async function sweep(): Promise<void> {
    // A library that is not seen must not lose its files.
    if ((await librariesInIndexedDb()) === null) return;
    const files = await openFiles();
    const names = [await currentLibrary(files), ...(await list()).map((library) => library.name)];
    for (const name of await librariesWithOwnFiles(files)) {
      if (!names.includes(name)) await removeOwnFiles(files, name);
    }
    if ((await namesSharing()).length > 0) return;
    for (const folder of CLIP_FOLDERS) await files.remove(folder);
  }

  async function nextName(files: FileTree): Promise<string> {
    return freeName([await currentLibrary(files), ...(await list()).map((library) => library.name)]);
  }
}

/** The libraries of this browser. */
export const browserLibraries = librariesIn({
  openFiles: openFileTree,
  store: detectStore,
  withoutOtherTabs: async (work) => {
    const store = await detectStore();
    // What is kept in memory is this tab's alone.
    if (store === 'memory') return;
    for (let attempt = 1; attempt <= LOCK_TRIES; attempt += 1) {
      const isDone = await withTabLock(gatewayNames(store).lock, async (isHeld) => {
        if (isHeld) await work();
        return isHeld;
      });
      if (isDone) return;
      await new Promise((resolve) => setTimeout(resolve, LOCK_WAIT_MS));
    }
    throw new FramesiftError(
      'storage-unavailable',
      'Another tab of Framesift has the library open. Close the other tabs, then try again.',
      { transient: true },
    );
  },
});

/** A name that no library has. */
function freeName(taken: readonly string[]): string {
  for (let n = 2; ; n += 1) {
    const name = `${DATABASE_NAME}.${n}`;
    if (!taken.includes(name)) return name;
  }
}

/** A clip's own name may be longer than an archive's paths, so it lies beside the copy. */
const CLIP_CONTENT = 'file';
const CLIP_NAME = 'name';

async function* filesOf(library: string, files: FileTree): AsyncGenerator<TarFile, void, undefined> {
  // Its name comes first: an archive is known by it.
  yield* filesBelow(files, library);
  yield* filesInIndexedDb(library);
  const own = await filesOfLibrary(files, library);
  yield* filesBelow(own, 'frames');
  for await (const { path, content } of filesBelow(own, 'clips')) {
    const { folders, name } = splitPath(path);
    yield { path: [...folders, CLIP_CONTENT].join('/'), content };
    yield { path: [...folders, CLIP_NAME].join('/'), content: new Blob([name]) };
  }
}

async function* filesBelow(files: FileTree, folder: string): AsyncGenerator<TarFile, void, undefined> {
  for (const path of await files.files(folder)) {
    const content = await files.blob(path);
    if (content) yield { path, content };
  }
}

/**
 * The files of an archive that `filesOf` made, by their paths below the library's folder and below that of its files.
 *
 * @throws FramesiftError `bad-input` for any other archive, and for a library that this page or browser could not open
 */
async function readLibraryArchive(
  archive: Blob,
): Promise<{ store: StoreKind; database: Map<string, Blob>; files: Map<string, Blob> }> {
  const entries = await readTar(archive).catch((cause: unknown) => {
    throw new FramesiftError(
      'bad-input',
      'This copy of a library is cut off or damaged, so nothing of it was brought in. Fetch the whole file.',
      { cause },
    );
  });
  const [first = ''] = entries.keys();
  const library = first.split('/', 1)[0]!;
  if (!isOfThisVersion(library)) {
    throw badInput(
      `This copy is of a library that another version of Framesift made (${library}). That version can open it.`,
    );
  }
  const store = storeOf(library, entries);
  const database = new Map<string, Blob>();
  const files = new Map<string, Blob>();
  for (const [path, content] of entries) {
    if (!isSafePath(path))
      throw badInput(`This copy of a library has a file with a path that none has: ${JSON.stringify(path)}.`);
    const { folders, name } = splitPath(path);
    if (path.startsWith(`${library}/`)) database.set(path.slice(library.length + 1), content);
    else if (folders[0] === 'frames') files.set(path, content);
    else if (folders[0] === 'clips' && name === CLIP_CONTENT) {
      const ownName = await entries.get([...folders, CLIP_NAME].join('/'))?.text();
      // Without its name, as in archives of before, the row that names it would not find it.
      if (ownName !== undefined) files.set([...folders, safeFileName(ownName)].join('/'), content);
    }
  }
  return { store, database, files };
}

/** Where the browser of an archive kept PostgreSQL's files, by the list that it has of them. */
function storeOf(library: string, entries: ReadonlyMap<string, Blob>): StoreKind {
  if (entries.has(`${library}/${STATE_FILE}`)) return 'opfs-ahp';
  if (entries.has(`${library}/${RECORDS_FILE}`)) return 'idb';
  throw archivedElsewhere();
}

function archivedElsewhere(): FramesiftError {
  return badInput(
    'This copy of a library can only be opened where it was kept: in a browser that keeps it in the same way.',
  );
}

function unknownLibrary(name: string): FramesiftError {
  return badInput(`This browser keeps no library ${name} beside the one at work.`);
}
