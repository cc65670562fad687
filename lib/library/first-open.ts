import type { FileTree } from '@/lib/files/file-tree';
import { DATABASE_NAME } from './stores';

/**
 * [Note: A first open that is cut off] A tab that is closed while PostgreSQL's files are being made leaves
 * half of them in OPFS, which no later open can use. A file beside them says that they are being made;
 * whoever finds it takes away what is there and begins again.
 */
const MARKER = `${DATABASE_NAME}.making`;

/** Whether the library's files are there, whole. What a first open that was cut off has left is removed. */
export async function hasLibraryFiles(files: FileTree): Promise<boolean> {
  if (await files.has(MARKER)) {
    await files.remove(DATABASE_NAME);
    await endFirstOpen(files);
  }
  return (await files.folders()).includes(DATABASE_NAME);
}

export function beginFirstOpen(files: FileTree): Promise<void> {
  return files.write(MARKER, new Uint8Array(0), 'quickly');
}

export function endFirstOpen(files: FileTree): Promise<void> {
  return files.remove(MARKER);
}
