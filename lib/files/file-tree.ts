/**
 * A small tree of files: what a place must be able to do to keep models. The browser's private files, a
 * folder on a disk and plain memory each implement it, so that everything above is written and tested once.
 *
 * Paths are relative, in `a/b/c` form, and come checked (`isSafePath`). Every method that writes throws
 * FramesiftError `storage-full` when there is no room left.
 */
export interface FileTree {
  readonly kind: 'opfs' | 'memory' | 'disk';
  /** Names of the folders at the top. */
  folders(): Promise<string[]>;
  /** Null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** The whole file in memory; null when there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The file in chunks, from its beginning; nothing when there is none. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** Opens a file for writing from `offset` on, creating it if need be; what lies behind is cut off. */
  append(path: string, offset: number): Promise<FileAppender>;
  /** Writes a small file whole; what was there stays when that fails. */
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Moves a file to another name in the same folder, over what was there. */
  rename(path: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it; what is not there is skipped. */
  remove(path: string): Promise<void>;
}

/** A file that is being written. */
export interface FileAppender {
  /** Either all of the chunk is in the file afterwards, or an error is thrown. */
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Must be called; what was written may be lost without it. A full disk can lose some of it even so. */
  close(): Promise<void>;
}

/** Longest path of a model's file, and deepest: real ones have two levels and some 40 characters. */
const MAX_PATH_LENGTH = 200;

/** True for a path that stays below the folder that it is relative to, on every file system. */
export function isSafePath(path: string): boolean {
  return (
    path.length <= MAX_PATH_LENGTH &&
    path.split('/').every((part) => /^[\w@+-][\w .@+-]*$/.test(part) && !part.endsWith('.'))
  );
}

/** A path in its folders and its name. */
export function splitPath(path: string): { folders: string[]; name: string } {
  const folders = path.split('/');
  const name = folders.pop()!;
  return { folders, name };
}
