/**
 * A tree of files: what a place must be able to do to keep models and a library. The browser's private files, its Cache
 * Storage, plain memory and a folder on a disk each implement it, so that everything above is written and tested once.
 *
 * Paths are relative, in `a/b/c` form, and come checked by their owner: a tree follows them as they are. Every method that
 * writes throws FramesiftError `storage-full` when there is no room left.
 */
export interface FileTree {
  readonly kind: 'opfs' | 'cache' | 'memory' | 'disk';
  /** Names of the folders in a folder, or at the top without one; none where there is no such folder. */
  folders(path?: string): Promise<string[]>;
  /** Paths of all files below a folder, or of all without one, in no particular order. */
  files(path?: string): Promise<string[]>;
  /** Whether there is such a file. */
  has(path: string): Promise<boolean>;
  /** Bytes; null when there is no such file. */
  size(path: string): Promise<number | null>;
  /** The whole file in memory; null when there is none. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The file in its place, read as needed; null when there is none. Reading fails when it is changed meanwhile. */
  blob(path: string): Promise<Blob | null>;
  /** The file in chunks, from its beginning; nothing when there is none. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** Opens a file to read parts of it; null when there is none. */
  openReader(path: string): Promise<PartReader | null>;
  /** Opens a file for writing from `offset` on, creating it if need be; what lies behind is cut off. */
  append(path: string, offset: number): Promise<FileAppender>;
  /**
   * Writes a small file whole.
   *
   * @param mode `safely`: what was there stays when that fails, and what is there survives a power cut. `quickly`: in its
   *   place and without waiting for the disk, for files that may be lost one by one
   */
  write(path: string, bytes: Uint8Array<ArrayBuffer>, mode?: WriteMode): Promise<void>;
  /**
   * Copies a large file in. One that fails leaves nothing.
   *
   * @param onBytes is told the bytes copied so far
   */
  copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void>;
  /**
   * Opens a file for reading and writing in place, which is made where there is none, and closes it after `work`. Null
   * where this place can only write files anew.
   */
  edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null>;
  /** Moves a file to another name in the same folder, over what was there. */
  rename(path: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it; what is not there is skipped. */
  remove(path: string): Promise<void>;
}

export type WriteMode = 'safely' | 'quickly';

/** A file that is being written. */
export interface FileAppender {
  /** Either all of the chunk is in the file afterwards, or an error is thrown. */
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Must be called; what was written may be lost without it. A full disk can lose some of it even so. */
  close(): Promise<void>;
}

/** A file of which parts are read. */
export interface PartReader {
  /** Bytes from `start` on, fewer at the file's end; valid until the next call. */
  read(start: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;
  /** Must be called: nobody can write to the file until then. */
  close(): void;
}

/** What may be done with a file that is open for writing in place; an access handle has it. */
export interface EditedFile {
  getSize(): number;
  /** Bytes that were read; fewer at the file's end. */
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  /** Bytes that were written; fewer when the disk is full. */
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(bytes: number): void;
}

/** Bytes copied at a time: large enough for speed, small enough for memory and progress. */
export const COPY_CHUNK_BYTES = 4 * 1024 * 1024;

/** A blob in pieces. Its own stream is not asynchronously iterable in every browser yet. */
export async function* piecesOf(blob: Blob): AsyncIterable<Uint8Array<ArrayBuffer>> {
  for (let offset = 0; offset < blob.size; offset += COPY_CHUNK_BYTES) {
    yield new Uint8Array(await blob.slice(offset, offset + COPY_CHUNK_BYTES).arrayBuffer());
  }
}

/** Reads parts of a blob. */
export function readerOfBlob(blob: Blob): PartReader {
  return {
    read: async (start, bytes) => new Uint8Array(await blob.slice(start, start + bytes).arrayBuffer()),
    close: () => undefined,
  };
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

/** Of the paths of files, the names of the folders in `folder`, each once. */
export function foldersAmong(paths: Iterable<string>, folder: string | undefined): string[] {
  const start = folder === undefined ? '' : `${folder}/`;
  const names = new Set<string>();
  for (const path of paths) {
    const end = path.startsWith(start) ? path.indexOf('/', start.length) : -1;
    if (end > 0) names.add(path.slice(start.length, end));
  }
  return [...names];
}

/** Of the paths of files, those below `folder`. */
export function filesAmong(paths: Iterable<string>, folder: string | undefined): string[] {
  return [...paths].filter((path) => folder === undefined || path.startsWith(`${folder}/`));
}
