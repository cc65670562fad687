import { joinBytes } from '@/lib/shared/bytes';
import {
  filesAmong,
  foldersAmong,
  piecesOf,
  readerOfBlob,
  type EditedFile,
  type FileAppender,
  type FileTree,
  type PartReader,
} from './file-tree';

/** Pieces that are appended to, or a file of the person's, which stays readable for this visit and is not copied. */
type Content = Uint8Array<ArrayBuffer>[] | Blob;

/** Files in memory: for what the browser's storage has no room for or refuses to keep, and for tests. */
export class MemoryTree implements FileTree {
  readonly kind = 'memory';
  readonly #files = new Map<string, Content>();

  folders(path?: string): Promise<string[]> {
    return Promise.resolve(foldersAmong(this.#files.keys(), path));
  }

  files(path?: string): Promise<string[]> {
    return Promise.resolve(filesAmong(this.#files.keys(), path));
  }

  has(path: string): Promise<boolean> {
    return Promise.resolve(this.#files.has(path));
  }

  size(path: string): Promise<number | null> {
    const content = this.#files.get(path);
    if (!content) return Promise.resolve(null);
    return Promise.resolve(content instanceof Blob ? content.size : byteLength(content));
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const content = this.#files.get(path);
    return content ? await bytesOf(content) : null;
  }

  blob(path: string): Promise<Blob | null> {
    const content = this.#files.get(path);
    if (!content) return Promise.resolve(null);
    return Promise.resolve(content instanceof Blob ? content : new Blob(content));
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    const content = this.#files.get(path) ?? [];
    yield* content instanceof Blob ? piecesOf(content) : content;
  }

  async openReader(path: string): Promise<PartReader | null> {
    const blob = await this.blob(path);
    return blob && readerOfBlob(blob);
  }

  async append(path: string, offset: number): Promise<FileAppender> {
    const kept = (await bytesOf(this.#files.get(path) ?? [])).slice(0, offset);
    const chunks = kept.length > 0 ? [kept] : [];
    this.#files.set(path, chunks);
    return {
      write: (chunk) => {
        // Whoever gave it may use its buffer again.
        chunks.push(chunk.slice());
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#files.set(path, [bytes.slice()]);
    return Promise.resolve();
  }

  copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void> {
    this.#files.set(path, from);
    onBytes?.(from.size);
    return Promise.resolve();
  }

  async edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T }> {
    let bytes = await bytesOf(this.#files.get(path) ?? []);
    const resize = (length: number) => {
      const next = new Uint8Array(length);
      next.set(bytes.subarray(0, length));
      bytes = next;
    };
    const result = work({
      getSize: () => bytes.length,
      read: (into, { at }) => {
        const part = bytes.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (chunk, { at }) => {
        if (at + chunk.length > bytes.length) resize(at + chunk.length);
        bytes.set(chunk, at);
        return chunk.length;
      },
      truncate: resize,
    });
    this.#files.set(path, [bytes]);
    return { result };
  }

  rename(path: string, to: string): Promise<void> {
    const content = this.#files.get(path);
    if (!content) return Promise.reject(new Error(`There is no file ${path}.`));
    this.#files.delete(path);
    this.#files.set(to, content);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    for (const key of this.#files.keys()) {
      if (key === path || key.startsWith(`${path}/`)) this.#files.delete(key);
    }
    return Promise.resolve();
  }
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

async function bytesOf(content: Content): Promise<Uint8Array<ArrayBuffer>> {
  if (content instanceof Blob) return new Uint8Array(await content.arrayBuffer());
  return joinBytes(content);
}
