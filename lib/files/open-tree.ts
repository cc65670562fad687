import { CacheTree } from './cache-tree';
import type { FileTree } from './file-tree';
import { MemoryTree } from './memory-tree';
import { OpfsTree } from './opfs-tree';

/** Cache Storage where the library's files are in browsers without private files. */
const CACHE_NAME = 'framesift-files-v1';

/** Private files where the browser has them, else Cache Storage, else memory for this visit. */
export async function openFileTree(): Promise<FileTree> {
  const opfs = await openPrivateFiles();
  if (opfs) return opfs;
  if ('caches' in globalThis) {
    const cache = await caches.open(CACHE_NAME).catch(() => null);
    if (cache) return new CacheTree(cache, self.location.origin);
  }
  return new MemoryTree();
}

/**
 * The browser's private files; null where it has none. They are there and refuse in some private windows, and where site
 * data are blocked.
 *
 * @param folder a folder of theirs, which is made where it is not there
 */
export async function openPrivateFiles(folder?: string): Promise<OpfsTree | null> {
  if (!('navigator' in globalThis) || !('storage' in navigator) || !('getDirectory' in navigator.storage)) {
    return null;
  }
  try {
    const root = await navigator.storage.getDirectory();
    return new OpfsTree(
      folder === undefined ? root : await root.getDirectoryHandle(folder, { create: true }),
    );
  } catch {
    return null;
  }
}
