import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { FramesiftError } from '@/lib/shared/errors';
import {
  piecesOf,
  readerOfBlob,
  type EditedFile,
  type FileAppender,
  type FileTree,
  type PartReader,
} from './file-tree';

/** Files in a folder of this machine's disk, for scripts. */
export class DiskTree implements FileTree {
  readonly kind = 'disk';
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async folders(path?: string): Promise<string[]> {
    const entries = await orNull(readdir(this.#at(path), { withFileTypes: true }));
    return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  }

  async files(path?: string): Promise<string[]> {
    const entries = await orNull(readdir(this.#at(path), { withFileTypes: true, recursive: true }));
    return (entries ?? [])
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join('/'));
  }

  async has(path: string): Promise<boolean> {
    return (await this.size(path)) !== null;
  }

  async size(path: string): Promise<number | null> {
    return (await orNull(stat(this.#at(path))))?.size ?? null;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = await orNull(readFile(this.#at(path)));
    return bytes && new Uint8Array(bytes);
  }

  async blob(path: string): Promise<Blob | null> {
    const bytes = await this.read(path);
    return bytes && new Blob([bytes]);
  }

  async openReader(path: string): Promise<PartReader | null> {
    const blob = await this.blob(path);
    return blob && readerOfBlob(blob);
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    if ((await this.size(path)) === null) return;
    yield* createReadStream(this.#at(path)) as AsyncIterable<Uint8Array>;
  }

  async append(path: string, offset: number): Promise<FileAppender> {
    const target = this.#at(path);
    try {
      await mkdir(dirname(target), { recursive: true });
      const file = await open(target, (await this.size(path)) === null ? 'w' : 'r+');
      await file.truncate(offset);
      let position = offset;
      return {
        write: async (chunk) => {
          try {
            for (let from = 0; from < chunk.length;) {
              const { bytesWritten } = await file.write(chunk, from, chunk.length - from, position);
              from += bytesWritten;
              position += bytesWritten;
            }
          } catch (error) {
            throw asStorageError(error, target);
          }
        },
        close: () => file.close(),
      };
    } catch (error) {
      throw asStorageError(error, target);
    }
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const target = this.#at(path);
    try {
      await mkdir(dirname(target), { recursive: true });
      // Written beside it first: a manifest that is cut short would be worse than an old one.
      await writeFile(`${target}.new`, bytes);
      await rename(`${target}.new`, target);
    } catch (error) {
      throw asStorageError(error, target);
    }
  }

  async copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void> {
    const appender = await this.append(path, 0);
    try {
      let copiedBytes = 0;
      for await (const piece of piecesOf(from)) {
        await appender.write(piece);
        copiedBytes += piece.length;
        onBytes?.(copiedBytes);
      }
    } catch (error) {
      await this.remove(path);
      throw error;
    } finally {
      await appender.close();
    }
  }

  async edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T }> {
    const target = this.#at(path);
    await mkdir(dirname(target), { recursive: true });
    const file = openSync(target, constants.O_RDWR | constants.O_CREAT);
    try {
      const result = work({
        getSize: () => fstatSync(file).size,
        read: (into, { at }) => readSync(file, into, 0, into.length, at),
        write: (bytes, { at }) => writeSync(file, bytes, 0, bytes.length, at),
        truncate: (bytes) => ftruncateSync(file, bytes),
      });
      return { result };
    } catch (error) {
      throw asStorageError(error, target);
    } finally {
      closeSync(file);
    }
  }

  async rename(path: string, to: string): Promise<void> {
    await rename(this.#at(path), this.#at(to));
  }

  async remove(path: string): Promise<void> {
    await rm(this.#at(path), { recursive: true, force: true });
  }

  #at(path = ''): string {
    return join(this.#root, ...path.split('/'));
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function asStorageError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new FramesiftError(
      'storage-full',
      `There is no space left on the disk for ${path}. Free some, then run this again: what has arrived is kept.`,
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new FramesiftError(
      'storage-unavailable',
      `${path} may not be written (${code}). Run this as someone who may.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
