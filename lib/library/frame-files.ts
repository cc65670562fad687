import { toFramesiftError } from '@/lib/shared/errors';
import type { EditedFile } from './embedding-file';
import { assertEventId, badInput } from './validate';

/**
 * The files of the library: `frames/<event_id>/frame_001.webp` for each picture and `clips/<event_id>/<name>` for a copy
 * of the clip, at the very paths that the tables hold, and `vectors/<event_id>/…` of embedding-file.ts.
 */
export interface ClipFiles {
  readonly kind: 'opfs' | 'cache' | 'memory';
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The file in memory, so that it outlives a change on disk; null when there is none. */
  read(path: string): Promise<Blob | null>;
  has(path: string): Promise<boolean>;
  /**
   * Opens a file for writing in place, which is made where there is none, and closes it after `work`. Null where this
   * browser cannot write in place.
   */
  edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null>;
  /** All bytes of a file in memory; null when there is none. */
  readWhole(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Removes files; what is not there is skipped. */
  remove(paths: readonly string[]): Promise<void>;
  /** Removes the pictures and the clip of an event. */
  removeEvent(eventId: string): Promise<void>;
  /** Ids of the events that have files. */
  listEventIds(): Promise<string[]>;
  /**
   * Copies a clip into the library and returns its path, or null when the browser has too little room.
   * `onProgress` is told the bytes copied so far.
   */
  storeClipFile(
    eventId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null>;
  /** The copied clip, read from disk as needed; null when there is none. */
  readClipFile(path: string): Promise<File | null>;
}

/** The folders that hold one folder for each event. */
const EVENT_FOLDERS = ['frames', 'clips', 'vectors'] as const;

/** Share of the quota that copying a clip leaves free, so that pictures and vectors still find room. */
const HEADROOM = 0.2;

/** Bytes copied at a time: large enough for speed, small enough for memory and progress. */
const COPY_CHUNK_BYTES = 4 * 1024 * 1024;

/** How often a write tries again while another tab has the same file open, and how long it waits between. */
const BUSY_TRIES = 20;
const BUSY_WAIT_MS = 25;

/** Characters of a clip's own name that are kept in its path. */
const SAFE_NAME_LENGTH = 100;

const CACHE_NAME = 'framesift-files-v1';

/** OPFS where the browser has it, else the Cache API, else memory for this visit. */
export async function openClipFiles(): Promise<ClipFiles> {
  // Each is there and refuses in some private windows, and where site data are blocked.
  if ('getDirectory' in navigator.storage) {
    const root = await navigator.storage.getDirectory().catch(() => null);
    if (root) return new OpfsFiles(root);
  }
  if ('caches' in globalThis) {
    const cache = await caches.open(CACHE_NAME).catch(() => null);
    if (cache) return new CacheFiles(cache);
  }
  return new MemoryFiles();
}

/**
 * A clip's own name as a file name: letters and digits of any language, `.`, `-` and `_`; never empty,
 * never starting with a dot, its extension kept.
 */
export function safeFileName(name: string): string {
  const cleaned = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '_')
    .replace(/^[._]+/, '')
    .replace(/\.+$/, '');
  if (cleaned === '') return 'clip';
  const characters = Array.from(cleaned);
  if (characters.length <= SAFE_NAME_LENGTH) return cleaned;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(cleaned)?.[0] ?? '';
  return characters.slice(0, SAFE_NAME_LENGTH - extension.length).join('') + extension;
}

/** `image/webp` or `image/jpeg`, told from the first bytes. */
export function pictureType(bytes: Uint8Array): 'image/webp' | 'image/jpeg' {
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? 'image/jpeg' : 'image/webp';
}

/** True when `bytes` more still leave the headroom free. True as well where the browser gives no estimate. */
async function hasRoomFor(bytes: number): Promise<boolean> {
  const { usage, quota } = await navigator.storage.estimate();
  if (usage === undefined || quota === undefined) return true;
  return usage + bytes <= quota * (1 - HEADROOM);
}

/** A path of ours in its parts. Rows may come from elsewhere, so a path is checked before it is followed. */
function pathParts(path: string): [folder: string, eventId: string, name: string] {
  const parts = path.split('/');
  const [folder, eventId, name] = parts;
  const isOurs =
    parts.length === 3 &&
    (EVENT_FOLDERS as readonly string[]).includes(folder!) &&
    name !== '' &&
    !name!.startsWith('.') &&
    !name!.includes('\\');
  if (!isOurs) throw badInput(`${JSON.stringify(path)} is not the path of a file in the library.`);
  assertEventId(eventId!);
  return [folder!, eventId!, name!];
}

function clipPath(eventId: string, file: File): string {
  assertEventId(eventId);
  return `clips/${eventId}/${safeFileName(file.name)}`;
}

function isDomException(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isDomException(error, 'NotFoundError')) return null;
    throw error;
  }
}

/** What a worker sees of a file and the `dom` types leave out. */
interface SyncAccessHandle extends EditedFile {
  close(): void;
}
type OpfsFileHandle = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncAccessHandle> };

/** Appends chunks to one file. `close` makes them stay; without it the file may be left cut short. */
interface FileWriter {
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** Files in the origin's private file system. */
export class OpfsFiles implements ClipFiles {
  readonly kind = 'opfs';
  readonly #root: FileSystemDirectoryHandle;
  /** This browser has streams alone, which write a file anew. */
  #cannotEdit = false;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const writer = await this.#openWriter(path);
    try {
      await writer.append(bytes);
    } finally {
      await writer.close();
    }
  }

  async read(path: string): Promise<Blob | null> {
    const file = await this.#file(path);
    if (!file) return null;
    const bytes = new Uint8Array(await file.arrayBuffer());
    return new Blob([bytes], { type: pictureType(bytes) });
  }

  async has(path: string): Promise<boolean> {
    return (await this.#handle(path)) !== null;
  }

  async edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null> {
    if (this.#cannotEdit) return null;
    const handle = await this.#handleToWrite(path);
    if (!handle.createSyncAccessHandle) {
      this.#cannotEdit = true;
      await this.remove([path]);
      return null;
    }
    const access = await openExclusively(() => handle.createSyncAccessHandle!());
    try {
      return { result: work(access) };
    } finally {
      access.close();
    }
  }

  async readWhole(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const file = await this.#file(path);
        return file && new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        // The owner of the library has appended to it since it was opened.
        if (!isDomException(error, 'NotReadableError') || attempt === BUSY_TRIES) throw error;
      }
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const [folder, eventId, name] = pathParts(path);
      const directory = await this.#directory(folder, eventId);
      if (directory) await orNull(directory.removeEntry(name));
    }
  }

  async removeEvent(eventId: string): Promise<void> {
    assertEventId(eventId);
    for (const folder of EVENT_FOLDERS) {
      const directory = await orNull(this.#root.getDirectoryHandle(folder));
      if (directory) await orNull(directory.removeEntry(eventId, { recursive: true }));
    }
  }

  async listEventIds(): Promise<string[]> {
    const ids = new Set<string>();
    for (const folder of EVENT_FOLDERS) {
      const directory = await orNull(this.#root.getDirectoryHandle(folder));
      if (!directory) continue;
      for await (const name of directory.keys()) ids.add(name);
    }
    return [...ids];
  }

  async storeClipFile(
    eventId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const path = clipPath(eventId, file);
    if (!(await hasRoomFor(file.size))) return null;
    try {
      const writer = await this.#openWriter(path);
      try {
        for (let copied = 0; copied < file.size;) {
          const chunk = new Uint8Array(await file.slice(copied, copied + COPY_CHUNK_BYTES).arrayBuffer());
          await writer.append(chunk);
          copied += chunk.length;
          onProgress?.(copied);
        }
      } finally {
        await writer.close();
      }
      return path;
    } catch (error) {
      await this.remove([path]).catch(() => undefined);
      if (toFramesiftError(error).code === 'storage-full') return null;
      throw error;
    }
  }

  async readClipFile(path: string): Promise<File | null> {
    return this.#file(path);
  }

  async #file(path: string): Promise<File | null> {
    const handle = await this.#handle(path);
    return handle ? orNull(handle.getFile()) : null;
  }

  async #handle(path: string): Promise<FileSystemFileHandle | null> {
    const [folder, eventId, name] = pathParts(path);
    const directory = await this.#directory(folder, eventId);
    return directory ? orNull(directory.getFileHandle(name)) : null;
  }

  async #directory(folder: string, eventId: string): Promise<FileSystemDirectoryHandle | null> {
    const parent = await orNull(this.#root.getDirectoryHandle(folder));
    return parent ? orNull(parent.getDirectoryHandle(eventId)) : null;
  }

  async #handleToWrite(path: string): Promise<OpfsFileHandle> {
    const [folder, eventId, name] = pathParts(path);
    const parent = await this.#root.getDirectoryHandle(folder, { create: true });
    const directory = await parent.getDirectoryHandle(eventId, { create: true });
    return await directory.getFileHandle(name, { create: true });
  }

  /** An access handle where the browser has them (Safari before 26 has nothing else), else a stream. */
  async #openWriter(path: string): Promise<FileWriter> {
    const handle = await this.#handleToWrite(path);
    if (!handle.createSyncAccessHandle) {
      const stream = await handle.createWritable();
      return { append: (bytes) => stream.write(bytes), close: () => stream.close() };
    }
    const access = await openExclusively(() => handle.createSyncAccessHandle!());
    access.truncate(0);
    let written = 0;
    return {
      append: (bytes) => {
        const count = access.write(bytes, { at: written });
        written += count;
        // A full disk shows as a short write in some browsers, as an exception in others.
        return count === bytes.length
          ? Promise.resolve()
          : Promise.reject(new DOMException('The file was cut short.', 'QuotaExceededError'));
      },
      // No flush(): it waits for the disk, once a picture. Without it a closed file survives the end of the
      // tab and of the browser; only a power cut may take it.
      close: () => {
        access.close();
        return Promise.resolve();
      },
    };
  }
}

/** One access handle may be open on a file; another tab that writes the same picture is done in a moment. */
export async function openExclusively<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (!isDomException(error, 'NoModificationAllowedError') || attempt === BUSY_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
    }
  }
}

/** Files as responses in the Cache API, for browsers that have no OPFS or refuse it. */
class CacheFiles implements ClipFiles {
  readonly kind = 'cache';
  readonly #cache: Cache;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  async write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const body = new Blob([bytes], { type: pictureType(bytes) });
    await this.#cache.put(cacheUrl(path), new Response(body));
  }

  async read(path: string): Promise<Blob | null> {
    const response = await this.#cache.match(cacheUrl(path));
    return response ? response.blob() : null;
  }

  /** Vectors come from the database here. */
  edit(): Promise<null> {
    return Promise.resolve(null);
  }

  readWhole(): Promise<null> {
    return Promise.resolve(null);
  }

  async has(path: string): Promise<boolean> {
    return (await this.#cache.match(cacheUrl(path))) !== undefined;
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#cache.delete(cacheUrl(path));
  }

  async removeEvent(eventId: string): Promise<void> {
    assertEventId(eventId);
    for (const request of await this.#cache.keys()) {
      if (cachedPath(request)?.[1] === eventId) await this.#cache.delete(request);
    }
  }

  async listEventIds(): Promise<string[]> {
    const ids = (await this.#cache.keys()).map((request) => cachedPath(request)?.[1]);
    return [...new Set(ids.filter((id) => id !== undefined))];
  }

  async storeClipFile(
    eventId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const path = clipPath(eventId, file);
    if (!(await hasRoomFor(file.size))) return null;
    try {
      await this.#cache.put(cacheUrl(path), new Response(file));
    } catch (error) {
      if (toFramesiftError(error).code === 'storage-full') return null;
      throw error;
    }
    onProgress?.(file.size);
    return path;
  }

  async readClipFile(path: string): Promise<File | null> {
    const blob = await this.read(path);
    return blob && new File([blob], pathParts(path)[2], { type: blob.type });
  }
}

/** Files of this visit, for a browser that keeps nothing for this site. */
export class MemoryFiles implements ClipFiles {
  readonly kind = 'memory';
  readonly #files = new Map<string, Blob>();

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#files.set(pathParts(path).join('/'), new Blob([bytes], { type: pictureType(bytes) }));
    return Promise.resolve();
  }

  read(path: string): Promise<Blob | null> {
    return Promise.resolve(this.#files.get(path) ?? null);
  }

  /** Vectors come from the database here. */
  edit(): Promise<null> {
    return Promise.resolve(null);
  }

  readWhole(): Promise<null> {
    return Promise.resolve(null);
  }

  has(path: string): Promise<boolean> {
    return Promise.resolve(this.#files.has(path));
  }

  remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#files.delete(path);
    return Promise.resolve();
  }

  removeEvent(eventId: string): Promise<void> {
    assertEventId(eventId);
    return this.remove(Array.from(this.#files.keys()).filter((path) => pathParts(path)[1] === eventId));
  }

  listEventIds(): Promise<string[]> {
    return Promise.resolve([...new Set(Array.from(this.#files.keys(), (path) => pathParts(path)[1]))]);
  }

  /** The file that was chosen stays readable for this visit, so that it is not copied. */
  storeClipFile(
    eventId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const path = clipPath(eventId, file);
    this.#files.set(path, file);
    onProgress?.(file.size);
    return Promise.resolve(path);
  }

  readClipFile(path: string): Promise<File | null> {
    const file = this.#files.get(path);
    return Promise.resolve(file instanceof File ? file : null);
  }
}

/** The Cache API keys by URL; nothing is ever fetched from this one. */
const CACHE_FOLDER = '/__framesift-files/';

function cacheUrl(path: string): string {
  const parts = pathParts(path).map(encodeURIComponent).join('/');
  return new URL(CACHE_FOLDER + parts, self.location.origin).href;
}

function cachedPath(request: Request): string[] | undefined {
  const { pathname } = new URL(request.url);
  return pathname.startsWith(CACHE_FOLDER) ? pathname.slice(CACHE_FOLDER.length).split('/') : undefined;
}
