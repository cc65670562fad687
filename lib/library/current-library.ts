import type { FileTree } from '@/lib/files/file-tree';
import { SubTree } from '@/lib/files/sub-tree';
import { DATABASE_NAME, isOfThisVersion } from './stores';

/**
 * [Note: Kept libraries] A small file names the library at work. Starting anew names another one, so that a library which
 * cannot be opened is left as it is until a person deletes it. Those of other versions of PostgreSQL have names of their
 * own (stores.ts) and are kept in the same way.
 *
 * [Note: A library's own files] Pictures and copies of clips lie in `frames/` and `clips/`, at the paths that the tables
 * hold. Where two libraries have one clip, as after a backup was restored into a new one, they would share its files, and
 * deleting it in one would take them from the other. So every library but a browser's first has these folders below a
 * folder of its own, which is there from its beginning. Libraries that were begun before that share those at the top,
 * which are not swept while there is more than one.
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

/** The folder of a library that shares its files with no other. */
const OWN_FOLDERS = 'files-of';
const ownFolderOf = (library: string) => `${OWN_FOLDERS}/${library}`;
const OWN_MARK = 'own.txt';

/** Gives a new library a folder of its own for its files. */
export function beginOwnFiles(files: FileTree, library: string): Promise<void> {
  return files.write(`${ownFolderOf(library)}/${OWN_MARK}`, new TextEncoder().encode(library));
}

export function hasOwnFiles(files: FileTree, library: string): Promise<boolean> {
  return files.has(`${ownFolderOf(library)}/${OWN_MARK}`);
}

/** Names of libraries that have a folder of their own, some of which may be gone. */
export function librariesWithOwnFiles(files: FileTree): Promise<string[]> {
  return files.folders(OWN_FOLDERS);
}

export function removeOwnFiles(files: FileTree, library: string): Promise<void> {
  return files.remove(ownFolderOf(library));
}

/** Where a library's pictures, copies of clips and packed embeddings lie. */
export async function filesOfLibrary(files: FileTree, library: string): Promise<FileTree> {
  return (await hasOwnFiles(files, library)) ? new SubTree(files, ownFolderOf(library)) : files;
}

/** `filesOfLibrary` of the one at work. */
export async function filesAtWork(files: FileTree): Promise<FileTree> {
  return filesOfLibrary(files, await currentLibrary(files));
}
