import type { KeptLibrary } from '@/lib/ports/library';
import type { FileTree } from '@/lib/files/file-tree';
import { openFileTree } from '@/lib/files/open-tree';
import { FramesiftError } from '@/lib/shared/errors';
import { withTabLock } from '@/lib/shared/locks';
import { writeTar, type TarFile } from '@/lib/shared/tar';
import { detectStore } from './client';
import type { OtherLibraries } from './clip-database';
import { currentLibrary, setCurrentLibrary } from './current-library';
import { filesInIndexedDb, librariesInIndexedDb, removeFromIndexedDb } from './idb-files';
import { DATABASE_NAME, gatewayNames, isLibraryName, isOfThisVersion } from './stores';

/** A worker that was ended gives its lock back a moment later. */
const LOCK_TRIES = 50;
const LOCK_WAIT_MS = 100;

/**
 * The libraries in a tree of files and in IndexedDB, see [Note: Kept libraries].
 *
 * @param parts.withoutOtherTabs does work while no tab has the library open; throws where one has
 */
export function librariesIn({
  openFiles,
  withoutOtherTabs,
}: {
  openFiles: () => Promise<FileTree>;
  withoutOtherTabs: (work: () => Promise<void>) => Promise<void>;
}): OtherLibraries {
  const list = async (): Promise<KeptLibrary[]> => {
    const files = await openFiles();
    const current = await currentLibrary(files);
    const names = new Set([...(await files.folders()), ...(await librariesInIndexedDb())]);
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
        const taken = [await currentLibrary(files), ...kept.map((library) => library.name)];
        await setCurrentLibrary(files, name ?? freeName(taken));
      }),
    remove: async (name) => {
      if (!(await list()).some((library) => library.name === name)) throw unknownLibrary(name);
      await (await openFiles()).remove(name);
      await removeFromIndexedDb(name);
    },
    archive: async (name) => {
      if (name !== null && !isLibraryName(name)) throw unknownLibrary(name);
      const files = await openFiles();
      const library = name ?? (await currentLibrary(files));
      const archive = await writeTar(filesOf(library, files), new Date(), 'application/x-tar');
      return { name: library, archive };
    },
  };
}

/** The libraries of this browser. */
export const browserLibraries = librariesIn({
  openFiles: openFileTree,
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

async function* filesOf(library: string, files: FileTree): AsyncGenerator<TarFile, void, undefined> {
  yield* filesBelow(library);
  yield* filesInIndexedDb(library);
  yield* filesBelow('frames');
  // A clip's own name may be longer than an archive's paths.
  yield* filesBelow('clips', (path) => `${path.slice(0, path.lastIndexOf('/'))}/file`);

  async function* filesBelow(folder: string, pathOf = (path: string) => path): AsyncGenerator<TarFile> {
    for (const path of await files.files(folder)) {
      const content = await files.blob(path);
      if (content) yield { path: pathOf(path), content };
    }
  }
}

function unknownLibrary(name: string): FramesiftError {
  return new FramesiftError('bad-input', `This browser keeps no library ${name} beside the one at work.`);
}
