import type { FileAppender, FileTree } from './file-tree';

/** Files in memory: for what the browser's storage has no room for, and for tests. */
export class MemoryTree implements FileTree {
  readonly kind = 'memory';
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>[]>();

  folders(): Promise<string[]> {
    const tops = Array.from(this.#files.keys(), (path) => path.split('/')[0]!);
    return Promise.resolve([...new Set(tops)]);
  }

  size(path: string): Promise<number | null> {
    const chunks = this.#files.get(path);
    return Promise.resolve(chunks ? byteLength(chunks) : null);
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const chunks = this.#files.get(path);
    return Promise.resolve(chunks ? joined(chunks) : null);
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    yield* await Promise.resolve(this.#files.get(path) ?? []);
  }

  append(path: string, offset: number): Promise<FileAppender> {
    const kept = joined(this.#files.get(path) ?? []).slice(0, offset);
    const chunks = kept.length > 0 ? [kept] : [];
    this.#files.set(path, chunks);
    return Promise.resolve({
      write: (chunk) => {
        // Whoever gave it may use its buffer again.
        chunks.push(chunk.slice());
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#files.set(path, [bytes.slice()]);
    return Promise.resolve();
  }

  rename(path: string, to: string): Promise<void> {
    const chunks = this.#files.get(path);
    if (!chunks) return Promise.reject(new Error(`There is no file ${path}.`));
    this.#files.delete(path);
    this.#files.set(to, chunks);
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

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength(chunks));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
