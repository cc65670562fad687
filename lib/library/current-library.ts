import type { FileTree } from '@/lib/files/file-tree';
import { DATABASE_NAME, isOfThisVersion } from './stores';

/**
 * [Note: Kept libraries] A small file names the library at work. Starting anew names another one, so that a library which
 * cannot be opened is left as it is until a person deletes it. Those of other versions of PostgreSQL have names of their
 * own (stores.ts) and are kept in the same way. All share the folders of pictures and clips, which are not swept while
 * there is more than one.
 */
const CHOICE_FILE = 'framesift-library.txt';

/** Name of the library at work. */
export async function currentLibrary(files: FileTree): Promise<string> {
  const bytes = await files.read(CHOICE_FILE);
  const name = bytes ? new TextDecoder().decode(bytes) : '';
  return isOfThisVersion(name) ? name : DATABASE_NAME;
}

/** Makes a library the one at work from the next open on. */
export function setCurrentLibrary(files: FileTree, name: string): Promise<void> {
  return files.write(CHOICE_FILE, new TextEncoder().encode(name));
}
