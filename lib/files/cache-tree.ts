import { asStorageError } from './storage-errors';
import {
  filesAmong,
  foldersAmong,
  piecesOf,
  readerOfBlob,
  type FileAppender,
  type FileTree,
  type PartReader,
} from './file-tree';

/** The Cache API keys by address; nothing is ever fetched from this one. */
const FOLDER = '/__framesift-files/';

/**
 * Files as responses in Cache Storage, for browsers that have no private files or refuse them. A file can only be written
 * whole: what is appended is in memory until it is closed.
 */
export class CacheTree implements FileTree {
  readonly kind = 'cache';
  readonly #cache: Cache;
  readonly #origin: string;

  /** @param origin of the page, in whose name the files are kept */
  constructor(cache: Cache, origin: string) {
    this.#cache = cache;
    this.#origin = origin;
  }

  async folders(path?: string): Promise<string[]> {
    return foldersAmong(await this.#paths(), path);
  }

  async files(path?: string): Promise<string[]> {
    return filesAmong(await this.#paths(), path);
  }

  async has(path: string): Promise<boolean> {
    return (await this.#cache.match(this.#address(path))) !== undefined;
  }

  async size(path: string): Promise<number | null> {
    return (await this.blob(path))?.size ?? null;
  }

  async read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#cache.match(this.#address(path));
    return response ? new Uint8Array(await response.arrayBuffer()) : null;
  }

  async blob(path: string): Promise<Blob | null> {
    const response = await this.#cache.match(this.#address(path));
    return response ? response.blob() : null;
  }

  async *stream(path: string): AsyncIterable<Uint8Array> {
    const blob = await this.blob(path);
    if (blob) yield* piecesOf(blob);
  }

  async openReader(path: string): Promise<PartReader | null> {
    const blob = await this.blob(path);
    return blob && readerOfBlob(blob);
  }

  async append(path: string, offset: number): Promise<FileAppender> {
    const kept = await this.blob(path);
    const parts: Blob[] = kept ? [kept.slice(0, offset)] : [];
    return {
      write: (chunk) => {
        parts.push(new Blob([chunk]));
        return Promise.resolve();
      },
      close: () => this.#put(path, new Blob(parts)),
    };
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.#put(path, new Blob([bytes]));
  }

  async copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void> {
    await this.#put(path, from);
    onBytes?.(from.size);
  }

  edit(): Promise<null> {
    return Promise.resolve(null);
  }

  async rename(path: string, to: string): Promise<void> {
    const blob = await this.blob(path);
    if (!blob) throw new Error(`There is no file ${path}.`);
    await this.#put(to, blob);
    await this.#cache.delete(this.#address(path));
  }

  async remove(path: string): Promise<void> {
    if (await this.#cache.delete(this.#address(path))) return;
    for (const file of await this.files(path)) await this.#cache.delete(this.#address(file));
  }

  async #put(path: string, body: Blob): Promise<void> {
    try {
      await this.#cache.put(this.#address(path), new Response(body));
    } catch (error) {
      throw asStorageError(error);
    }
  }

  async #paths(): Promise<string[]> {
    const paths: string[] = [];
    for (const { url } of await this.#cache.keys()) {
      const { pathname } = new URL(url);
      if (!pathname.startsWith(FOLDER)) continue;
      paths.push(pathname.slice(FOLDER.length).split('/').map(decodeURIComponent).join('/'));
    }
    return paths;
  }

  #address(path: string): string {
    return new URL(FOLDER + path.split('/').map(encodeURIComponent).join('/'), this.#origin).href;
  }
}
