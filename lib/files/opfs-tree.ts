import { FramesiftError } from '@/lib/shared/errors';
import {
  piecesOf,
  readerOfBlob,
  splitPath,
  type EditedFile,
  type FileAppender,
  type FileTree,
  type PartReader,
  type WriteMode,
} from './file-tree';
import { asStorageError, isDomException, shortWrite } from './storage-errors';

/** What a worker sees of a file and the `dom` types leave out. */
interface SyncAccessHandle extends EditedFile {
  flush(): void;
  close(): void;
}
type OpfsFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle?(options?: { mode: 'read-only' }): Promise<SyncAccessHandle>;
  /** In every browser with private files, and in no standard yet (whatwg/fs #10). */
  move?(name: string): Promise<void>;
};

/**
 * Files in the browser's private file system (OPFS), in a worker: only there a file can be written piece by piece in its
 * place, so that what has arrived survives the end of the tab. Without access handles files are written by streams, which
 * write a file anew.
 */
export class OpfsTree implements FileTree {
  readonly kind = 'opfs';
  readonly #root: FileSystemDirectoryHandle;
  /** This browser has streams alone. */
  #hasStreamsAlone = false;
  /** Folders that were used last, by their paths: to open one is a question to another process for each of its parts. */
  readonly #opened = new Map<string, FileSystemDirectoryHandle>();

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async folders(path?: string): Promise<string[]> {
    const directory = await this.#directory(path?.split('/') ?? [], false);
    const names: string[] = [];
    if (!directory) return names;
    for await (const [name, handle] of directory) if (handle.kind === 'directory') names.push(name);
    return names;
  }

  async files(path?: string): Promise<string[]> {
    const directory = await this.#directory(path?.split('/') ?? [], false);
    return directory ? filesBelow(directory, path === undefined ? '' : `${path}/`) : [];
  }

  async has(path: string): Promise<boolean> {
    return (await this.#handle(path, false)) !== null;
  }

  async size(path: string): Promise<number | null> {
    return (await this.blob(path))?.size ?? null;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const file = await this.blob(path);
        return file && new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        // Somebody has written to it since it was opened.
        if (!isDomException(error, 'NotReadableError') || attempt === BUSY_TRIES) throw error;
      }
    }
  }

  async blob(path: string): Promise<File | null> {
    const handle = await this.#handle(path, false);
    return handle && orNull(handle.getFile());
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    const file = await this.blob(path);
    if (file) yield* piecesOf(file);
  }

  async openReader(path: string): Promise<PartReader | null> {
    const handle = await this.#handle(path, false);
    if (!handle) return null;
    if (!handle.createSyncAccessHandle) return readerOfBlob(await handle.getFile());
    // Others may read as well.
    const access = await openAccess(handle, path, { mode: 'read-only' });
    let scratch = new Uint8Array(0);
    return {
      read: (start, bytes) => {
        if (scratch.length < bytes) scratch = new Uint8Array(bytes);
        const into = scratch.subarray(0, bytes);
        return into.subarray(0, access.read(into, { at: start }));
      },
      close: () => access.close(),
    };
  }

  async append(path: string, offset: number): Promise<FileAppender> {
    return this.#openWriter((await this.#handle(path, true))!, path, offset, 'safely');
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>, mode: WriteMode = 'safely'): Promise<void> {
    if (mode === 'quickly') {
      await this.#writeWhole(path, bytes, mode);
      return;
    }
    // Written beside it first: a full disk must not cut short what was there.
    const draft = `${path}.new`;
    try {
      await this.#writeWhole(draft, bytes, mode);
    } catch (error) {
      await this.remove(draft);
      throw asStorageError(error);
    }
    await this.rename(draft, path);
  }

  async copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void> {
    try {
      const handle = (await this.#handle(path, true))!;
      const writer = await this.#openWriter(handle, path, 0, 'quickly');
      try {
        let copiedBytes = 0;
        for await (const piece of piecesOf(from)) {
          await writer.write(piece);
          copiedBytes += piece.length;
          onBytes?.(copiedBytes);
        }
      } finally {
        await writer.close();
      }
      if ((await handle.getFile()).size !== from.size) throw shortWrite();
    } catch (error) {
      await this.remove(path).catch(() => undefined);
      throw asStorageError(error);
    }
  }

  async edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null> {
    if (this.#hasStreamsAlone) return null;
    const handle = (await this.#handle(path, true))!;
    if (!handle.createSyncAccessHandle) {
      this.#hasStreamsAlone = true;
      if ((await this.size(path)) === 0) await this.remove(path);
      return null;
    }
    const access = await openAccess(handle, path);
    try {
      return { result: work(access) };
    } catch (error) {
      throw asStorageError(error);
    } finally {
      access.close();
    }
  }

  async rename(path: string, to: string): Promise<void> {
    const handle = await this.#handle(path, false);
    if (!handle) throw new FramesiftError('internal', `There is no stored file ${path}.`);
    await this.remove(to);
    if (handle.move) {
      await handle.move(splitPath(to).name);
      return;
    }
    await this.copy(to, await handle.getFile());
    await this.remove(path);
  }

  async remove(path: string): Promise<void> {
    const { folders, name } = splitPath(path);
    const directory = await this.#directory(folders, false);
    if (directory) await orNull(directory.removeEntry(name, { recursive: true }));
  }

  async #writeWhole(path: string, bytes: Uint8Array<ArrayBuffer>, mode: WriteMode): Promise<void> {
    const handle = (await this.#handle(path, true))!;
    const writer = await this.#openWriter(handle, path, 0, mode);
    try {
      await writer.write(bytes);
    } finally {
      await writer.close();
    }
    // Chromium cuts off what goes beyond its quota when a file is closed.
    if ((await handle.getFile()).size !== bytes.length) throw asStorageError(shortWrite());
  }

  /**
   * An access handle where the browser has them (Safari before 26 has nothing else), else a stream.
   *
   * @param mode `quickly` does not flush: that waits for the disk. A closed file survives the end of the tab and of the
   *   browser without it; only a power cut may take it
   */
  async #openWriter(
    handle: OpfsFileHandle,
    path: string,
    offset: number,
    mode: WriteMode,
  ): Promise<FileAppender> {
    let position = offset;
    if (!handle.createSyncAccessHandle) {
      const stream = await handle.createWritable({ keepExistingData: offset > 0 });
      await stream.truncate(offset);
      return {
        write: async (chunk) => {
          try {
            await stream.write({ type: 'write', position, data: chunk });
            position += chunk.length;
          } catch (error) {
            throw asStorageError(error);
          }
        },
        close: () => asStorageErrors(stream.close()),
      };
    }
    const access = await openAccess(handle, path);
    try {
      if (access.getSize() > offset) access.truncate(offset);
    } catch (error) {
      access.close();
      throw asStorageError(error);
    }
    return {
      write: (chunk) =>
        inPromise(() => {
          const written = access.write(chunk, { at: position });
          if (written < chunk.length) throw shortWrite();
          position += written;
        }),
      close: () =>
        inPromise(() => {
          try {
            if (mode === 'safely') access.flush();
          } finally {
            access.close();
          }
        }),
    };
  }

  async #handle(path: string, create: boolean): Promise<OpfsFileHandle | null> {
    const { folders, name } = splitPath(path);
    for (;;) {
      const isKept = this.#opened.has(folders.join('/'));
      const directory = await this.#keptDirectory(folders, create);
      if (!directory) return null;
      try {
        return await directory.getFileHandle(name, { create });
      } catch (error) {
        const isGone = isDomException(error, 'NotFoundError');
        if (isGone) this.#opened.delete(folders.join('/'));
        if (!create && isGone) return null;
        // Its folder has been removed since it was opened, by this tab or another one.
        if (!isKept || !isGone) throw asStorageError(error);
      }
    }
  }

  async #directory(folders: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle | null> {
    let directory = this.#root;
    for (const folder of folders) {
      try {
        directory = await directory.getDirectoryHandle(folder, { create });
      } catch (error) {
        if (!create && isDomException(error, 'NotFoundError')) return null;
        throw asStorageError(error);
      }
    }
    return directory;
  }

  async #keptDirectory(
    folders: readonly string[],
    create: boolean,
  ): Promise<FileSystemDirectoryHandle | null> {
    const path = folders.join('/');
    const kept = this.#opened.get(path);
    if (kept) return kept;
    const directory = await this.#directory(folders, create);
    if (!directory) return null;
    if (this.#opened.size >= KEPT_FOLDERS) this.#opened.delete(this.#opened.keys().next().value!);
    this.#opened.set(path, directory);
    return directory;
  }
}

/** A clip has three. */
const KEPT_FOLDERS = 8;

async function filesBelow(directory: FileSystemDirectoryHandle, start: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const [name, handle] of directory) {
    if (handle.kind === 'file') paths.push(start + name);
    else paths.push(...(await filesBelow(handle, `${start}${name}/`)));
  }
  return paths;
}

/** How often opening a file is tried while another worker of this site has it, and the wait between. */
const BUSY_TRIES = 40;
const BUSY_WAIT_MS = 25;

/** One access handle may be open on a file, or several that only read; who writes a picture is done in a moment. */
async function openAccess(
  handle: OpfsFileHandle,
  path: string,
  options?: { mode: 'read-only' },
): Promise<SyncAccessHandle> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handle.createSyncAccessHandle!(options);
    } catch (error) {
      if (!isDomException(error, 'NoModificationAllowedError')) throw asStorageError(error);
      if (attempt === BUSY_TRIES) {
        throw new FramesiftError(
          'storage-unavailable',
          `The file ${path} is in use in another tab of this site. Close that tab, then try again.`,
          { transient: true, cause: error },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
    }
  }
}

/** Synchronous work as a promise, what it throws as the errors of this place. */
async function inPromise(work: () => void): Promise<void> {
  try {
    work();
    await Promise.resolve();
  } catch (error) {
    throw asStorageError(error);
  }
}

async function asStorageErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asStorageError(error);
  }
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isDomException(error, 'NotFoundError')) return null;
    throw asStorageError(error);
  }
}
