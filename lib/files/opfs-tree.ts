import { FramesiftError } from '@/lib/shared/errors';
import { splitPath, type FileAppender, type FileTree } from './file-tree';

/** What a worker sees of a file and the `dom` types leave out. */
interface SyncAccessHandle {
  truncate(bytes: number): void;
  getSize(): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  flush(): void;
  close(): void;
}
type OpfsFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
  /** In every browser with private files, and in no standard yet (whatwg/fs #10). */
  move?(name: string): Promise<void>;
};

/** Bytes copied at a time where a file cannot be renamed. */
const COPY_CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Files in the browser's private file system (OPFS), in a worker: only there a file can be written piece by
 * piece in its place, so that what has arrived survives the end of the tab.
 */
export class OpfsTree implements FileTree {
  readonly kind = 'opfs';
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async folders(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, handle] of this.#root) if (handle.kind === 'directory') names.push(name);
    return names;
  }

  async size(path: string): Promise<number | null> {
    return (await this.#file(path))?.size ?? null;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const file = await this.#file(path);
    return file && new Uint8Array(await file.arrayBuffer());
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    const file = await this.#file(path);
    // By slices: reading a File's stream is not asynchronously iterable in every browser yet.
    for (let offset = 0; file && offset < file.size; offset += COPY_CHUNK_BYTES) {
      yield new Uint8Array(await file.slice(offset, offset + COPY_CHUNK_BYTES).arrayBuffer());
    }
  }

  async append(path: string, offset: number): Promise<FileAppender> {
    const handle = (await this.#handle(path, true)) as OpfsFileHandle;
    const access = await open(handle, path);
    let position = offset;
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
          // A full disk shows as a short write in some browsers, as an exception in others.
          if (written < chunk.length) throw shortWrite();
          position += written;
        }),
      close: () =>
        inPromise(() => {
          try {
            access.flush();
          } finally {
            access.close();
          }
        }),
    };
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    // Written beside it first: a full disk must not cut short what was there.
    const draft = `${path}.new`;
    try {
      const appender = await this.append(draft, 0);
      try {
        await appender.write(bytes);
      } finally {
        await appender.close();
      }
      // Chromium cuts off what goes beyond its quota when a file is closed.
      if ((await this.size(draft)) !== bytes.length) throw shortWrite();
    } catch (error) {
      await this.remove(draft);
      throw asStorageError(error);
    }
    await this.rename(draft, path);
  }

  async rename(path: string, to: string): Promise<void> {
    const handle = (await this.#handle(path, false)) as OpfsFileHandle | null;
    if (!handle) throw new FramesiftError('internal', `There is no stored file ${path}.`);
    await this.remove(to);
    if (handle.move) {
      await handle.move(splitPath(to).name);
      return;
    }
    const appender = await this.append(to, 0);
    try {
      for await (const chunk of this.stream(path)) await appender.write(chunk as Uint8Array<ArrayBuffer>);
    } finally {
      await appender.close();
    }
    await this.remove(path);
  }

  async remove(path: string): Promise<void> {
    const { folders, name } = splitPath(path);
    const directory = await this.#directory(folders, false);
    if (directory) await orNull(directory.removeEntry(name, { recursive: true }));
  }

  async #file(path: string): Promise<File | null> {
    const handle = await this.#handle(path, false);
    return handle && orNull(handle.getFile());
  }

  async #handle(path: string, create: boolean): Promise<FileSystemFileHandle | null> {
    const { folders, name } = splitPath(path);
    const directory = await this.#directory(folders, create);
    if (!directory) return null;
    try {
      return await directory.getFileHandle(name, { create });
    } catch (error) {
      if (!create && isDomException(error, 'NotFoundError')) return null;
      throw asStorageError(error);
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
}

/** How often opening a file is tried while another worker of this site has it, and the wait between. */
const BUSY_TRIES = 20;
const BUSY_WAIT_MS = 50;

async function open(handle: OpfsFileHandle, path: string): Promise<SyncAccessHandle> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handle.createSyncAccessHandle();
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

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isDomException(error, 'NotFoundError')) return null;
    throw asStorageError(error);
  }
}

function shortWrite(): DOMException {
  return new DOMException('Short write.', 'QuotaExceededError');
}

function isDomException(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

function asStorageError(error: unknown): unknown {
  // Chromium throws it as a class of its own since 140, which has the same name.
  if (!(error instanceof Error) || error.name !== 'QuotaExceededError') return error;
  return new FramesiftError(
    'storage-full',
    'The browser has no space left for this site. Remove a model or a clip, or free disk space, then try again.',
    { cause: error },
  );
}
