/** What a fake file system is like; one object for all of its folders. */
export interface FakeDisk {
  freeBytes: number;
  /** Files have `move`. */
  canMove: boolean;
  /** Files have access handles, which only workers see. Streams are always there. */
  hasAccess: boolean;
  /** A file that is too large is cut when it is closed, as Chromium does, and not by its write. */
  cutsOnClose: boolean;
  /** Access handles that are open, and the most that were at once. */
  openHandles: number;
  mostOpenHandles: number;
  /** Called before each write of a file and each removal; may throw. */
  onWrite?: (path: string) => void;
}

/**
 * The browser's private file system in memory, as much of it as OpfsTree uses: one writer a file or several readers, names
 * that do not exist, and a quota.
 */
export class FakeDirectory {
  readonly kind = 'directory';
  readonly entries = new Map<string, FakeDirectory | FakeFile>();
  readonly disk: FakeDisk;
  readonly path: string;
  /** It has been removed: its handle leads nowhere. */
  isGone = false;

  constructor(disk: Partial<FakeDisk> = {}, path = '') {
    this.path = path;
    // The same object for folders below.
    this.disk = path === '' ? { ...WHOLE_DISK, ...disk } : (disk as FakeDisk);
  }

  getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeDirectory> {
    const found = this.entries.get(name);
    if (found instanceof FakeDirectory) return Promise.resolve(found);
    if (!create || found) return Promise.reject(new DOMException(name, 'NotFoundError'));
    const made = new FakeDirectory(this.disk, `${this.path}${name}/`);
    this.entries.set(name, made);
    return Promise.resolve(made);
  }

  getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    const found = this.entries.get(name);
    if (found instanceof FakeFile) return Promise.resolve(found);
    if (!create || found || this.isGone) return Promise.reject(new DOMException(name, 'NotFoundError'));
    const made = new FakeFile(this, name);
    this.entries.set(name, made);
    return Promise.resolve(made);
  }

  async removeEntry(name: string): Promise<void> {
    const entry = this.entries.get(name);
    if (!entry) throw new DOMException(name, 'NotFoundError');
    this.disk.onWrite?.(this.path + name);
    if (entry instanceof FakeFile) this.disk.freeBytes += entry.bytes.length;
    else {
      for (const inner of entry.entries.keys()) await entry.removeEntry(inner);
      entry.isGone = true;
    }
    this.entries.delete(name);
  }

  /** All files below, by path. */
  files(): Map<string, FakeFile> {
    const files = new Map<string, FakeFile>();
    for (const [name, entry] of this.entries) {
      if (entry instanceof FakeFile) files.set(name, entry);
      else for (const [path, file] of entry.files()) files.set(`${name}/${path}`, file);
    }
    return files;
  }

  /** Paths of all files below, sorted. */
  paths(): string[] {
    return [...this.files().keys()].sort();
  }

  find(matches: (path: string) => boolean): FakeFile | undefined {
    return [...this.files()].find(([path]) => matches(path))?.[1];
  }

  async *[Symbol.asyncIterator](): AsyncIterator<[string, FakeDirectory | FakeFile]> {
    yield* await Promise.resolve([...this.entries]);
  }

  asHandle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }
}

const WHOLE_DISK: FakeDisk = {
  freeBytes: Infinity,
  canMove: true,
  hasAccess: true,
  cutsOnClose: false,
  openHandles: 0,
  mostOpenHandles: 0,
};

export class FakeFile {
  readonly kind = 'file';
  bytes = new Uint8Array(0);
  #name: string;
  #writers = 0;
  #readers = 0;
  readonly #parent: FakeDirectory;
  readonly move: ((name: string) => Promise<void>) | undefined;
  readonly createSyncAccessHandle: ((options?: { mode: 'read-only' }) => Promise<FakeAccess>) | undefined;

  constructor(parent: FakeDirectory, name: string) {
    this.#parent = parent;
    this.#name = name;
    this.move = parent.disk.canMove ? (to) => this.#move(to) : undefined;
    this.createSyncAccessHandle = parent.disk.hasAccess
      ? (options) => this.#access(options?.mode === 'read-only')
      : undefined;
  }

  getFile(): Promise<File> {
    return Promise.resolve(new File([this.bytes], this.#name));
  }

  createWritable({ keepExistingData = false } = {}) {
    let next = keepExistingData ? this.bytes.slice() : new Uint8Array(0);
    const resize = (length: number) => {
      const resized = new Uint8Array(length);
      resized.set(next.subarray(0, length));
      next = resized;
      return Promise.resolve();
    };
    return Promise.resolve({
      truncate: resize,
      write: async ({ position, data }: { position: number; data: Uint8Array }) => {
        this.#noteWrite();
        const grown = Math.max(next.length, position + data.length);
        if (grown - this.bytes.length > this.#parent.disk.freeBytes) {
          throw new DOMException('full', 'QuotaExceededError');
        }
        await resize(grown);
        next.set(data, position);
      },
      close: () => {
        this.#parent.disk.freeBytes += this.bytes.length - next.length;
        this.bytes = next;
        return Promise.resolve();
      },
    });
  }

  #access(isReader: boolean): Promise<FakeAccess> {
    if (this.#writers > 0 || (!isReader && this.#readers > 0)) {
      return Promise.reject(new DOMException('open', 'NoModificationAllowedError'));
    }
    if (isReader) this.#readers += 1;
    else this.#writers += 1;
    const { disk } = this.#parent;
    disk.openHandles += 1;
    disk.mostOpenHandles = Math.max(disk.mostOpenHandles, disk.openHandles);
    return Promise.resolve({
      getSize: () => this.bytes.length,
      truncate: (length) => {
        disk.freeBytes += this.bytes.length - length;
        const next = new Uint8Array(length);
        next.set(this.bytes.subarray(0, length));
        this.bytes = next;
      },
      read: (into, { at }) => {
        const part = this.bytes.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (chunk, { at }) => {
        this.#noteWrite();
        // What still fits is written, and the count tells.
        const grown = Math.max(0, at + chunk.length - this.bytes.length);
        const excess = disk.cutsOnClose ? 0 : Math.max(0, grown - disk.freeBytes);
        const fitting = chunk.subarray(0, chunk.length - excess);
        const next = new Uint8Array(Math.max(this.bytes.length, at + fitting.length));
        next.set(this.bytes);
        next.set(fitting, at);
        disk.freeBytes -= next.length - this.bytes.length;
        this.bytes = next;
        return fitting.length;
      },
      flush: () => undefined,
      close: () => {
        disk.openHandles -= 1;
        if (isReader) this.#readers -= 1;
        else this.#writers -= 1;
        if (disk.freeBytes >= 0) return;
        this.bytes = this.bytes.slice(0, disk.freeBytes);
        disk.freeBytes = 0;
      },
    });
  }

  #noteWrite(): void {
    this.#parent.disk.onWrite?.(this.#parent.path + this.#name);
  }

  #move(name: string): Promise<void> {
    this.#parent.entries.delete(this.#name);
    this.#name = name;
    this.#parent.entries.set(name, this);
    return Promise.resolve();
  }
}

interface FakeAccess {
  getSize(): number;
  truncate(bytes: number): void;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
