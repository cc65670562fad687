import type { FileTree } from '@/lib/files/file-tree';
import { untar } from './untar';

/**
 * [Note: Quota of open files] Chromium counts at least 1 MiB of the quota for every file that has grown through an
 * access handle, rounded up to a power of two, for as long as the handle is open. PGlite's OPFS pool holds the handles
 * of all files open: unpacked by PGlite itself, 340 files of 9 MB together took 360 MB of quota on a first visit.
 * Here each file is written and closed before PGlite opens it, and counts what it holds.
 */

/** Files written at a time. */
const WRITERS = 8;

/** Names of PGlite 0.5's file system (src/fs/opfs-ahp.ts): what maps paths to files, and the folder of the files. */
const STATE_FILE = 'state.txt';
const DATA_FOLDER = 'data';

/** POSIX modes as initdb sets them. */
const FOLDER_MODE = 0o40700;
const FILE_MODE = 0o100600;

interface FileNode {
  type: 'file';
  lastModified: number;
  mode: number;
  backingFilename: string;
}
interface FolderNode {
  type: 'directory';
  lastModified: number;
  mode: number;
  children: Record<string, FileNode | FolderNode>;
}

/**
 * Lays a data directory (a tar, plain or gzipped) out in `folder` as PGlite's OPFS file system keeps it.
 *
 * @throws FramesiftError `storage-full` when there is no room; what was written is left behind
 */
export async function unpackDatabase(archive: Blob, folder: FileTree): Promise<void> {
  const lastModified = Date.now();
  const newFolder = (): FolderNode => ({ type: 'directory', lastModified, mode: FOLDER_MODE, children: {} });
  const root = newFolder();
  const folderAt = (parts: readonly string[]): FolderNode => {
    let node = root;
    for (const part of parts) {
      const child = (node.children[part] ??= newFolder());
      if (child.type !== 'directory') throw new TypeError(`${parts.join('/')} is a file and a folder.`);
      node = child;
    }
    return node;
  };
  const files: { backingFilename: string; bytes: Uint8Array<ArrayBuffer> }[] = [];
  for (const { path, bytes } of await untar(archive)) {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (bytes === null) {
      folderAt(parts);
      continue;
    }
    const name = parts.pop();
    if (name === undefined) continue;
    const backingFilename = `prepared-${files.length.toString(16).padStart(8, '0')}`;
    folderAt(parts).children[name] = { type: 'file', lastModified, mode: FILE_MODE, backingFilename };
    files.push({ backingFilename, bytes });
  }
  const queue = files.values();
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      for (const { backingFilename, bytes } of queue)
        await folder.write(`${DATA_FOLDER}/${backingFilename}`, bytes, 'quickly');
    }),
  );
  // Last: PGlite takes the directory for new while it is not there.
  const state = new TextEncoder().encode(JSON.stringify({ root, pool: [] }));
  await folder.write(STATE_FILE, state, 'quickly');
}
