import type { FileTree } from '@/lib/files/file-tree';
import { FramesiftError, property } from '@/lib/shared/errors';
import { removeFromIndexedDb } from './idb-files';

/**
 * [Note: A first open that is cut off] A tab that is closed while PostgreSQL's files are being made leaves
 * half of them in OPFS, which no later open can use; so does one that is closed while a saved library comes back, in
 * IndexedDB, too. A file beside them says that they are being made; whoever finds it takes away what is there and begins
 * again.
 */
const markerOf = (library: string) => `${library}.making`;

/** Where PGlite keeps which of its files has which path; see unpack-database.ts. */
export const STATE_FILE = 'state.txt';

/** Whether the library's files are there, whole. What a first open that was cut off has left is removed. */
export async function hasLibraryFiles(files: FileTree, library: string): Promise<boolean> {
  if (await files.has(markerOf(library))) {
    await files.remove(library);
    await removeFromIndexedDb(library);
    await endFirstOpen(files, library);
  }
  return (await files.folders()).includes(library);
}

export function beginFirstOpen(files: FileTree, library: string): Promise<void> {
  return files.write(markerOf(library), new Uint8Array(0), 'quickly');
}

export function endFirstOpen(files: FileTree, library: string): Promise<void> {
  return files.remove(markerOf(library));
}

/**
 * Refuses a library that PGlite would take for a new one: PGlite 0.5.16 writes an empty list of files over one that it
 * cannot read, and so loses all of them.
 *
 * @throws FramesiftError `storage-unavailable`
 */
export async function assertFileList(files: FileTree, library: string): Promise<void> {
  const bytes = await files.read(`${library}/${STATE_FILE}`);
  if (bytes && isFileList(new TextDecoder().decode(bytes))) return;
  throw new FramesiftError(
    'storage-unavailable',
    'The library’s files in this browser are damaged, so it cannot be opened. Save a copy, then start anew; a backup brings your clips back.',
  );
}

/** A tree of files in JSON and, on further lines, what has changed since; PostgreSQL's own are in either. */
function isFileList(text: string): boolean {
  const [tree = ''] = text.split('\n', 1);
  try {
    return property(JSON.parse(tree), 'root') !== undefined && text.includes('PG_VERSION');
  } catch {
    return false;
  }
}
