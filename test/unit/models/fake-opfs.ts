export interface FakeDisk {
  freeBytes: number;
  canMove: boolean;
  /** Whether a file that is too large is cut when it is closed, as Chromium does, and not by its write. */
  cutsOnClose?: boolean;
}

/**
 * The part of the browser's private file system that OpfsTree uses, in memory: one writer a file, names
 * that do not exist, and a quota.
 */
export class FakeDirectory {
  readonly kind = 'directory';
  readonly entries = new Map<string, FakeDirectory | FakeFile>();
  readonly disk: FakeDisk;

  constructor(disk: FakeDisk = { freeBytes: Infinity, canMove: true }) {
    this.disk = disk;
  }

  getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeDirectory> {
    const found = this.entries.get(name);
    if (found instanceof FakeDirectory) return Promise.resolve(found);
    if (!create || found) return Promise.reject(new DOMException(name, 'NotFoundError'));
    const made = new FakeDirectory(this.disk);
    this.entries.set(name, made);
    return Promise.resolve(made);
  }

  getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    const found = this.entries.get(name);
    if (found instanceof FakeFile) return Promise.resolve(found);
    if (!create || found) return Promise.reject(new DOMException(name, 'NotFoundError'));
    const made = new FakeFile(this, name);
    this.entries.set(name, made);
    return Promise.resolve(made);
  }

  async removeEntry(name: string): Promise<void> {
    const entry = this.entries.get(name);
    if (!entry) throw new DOMException(name, 'NotFoundError');
    if (entry instanceof FakeFile) this.disk.freeBytes += entry.bytes.length;
    else for (const inner of entry.entries.keys()) await entry.removeEntry(inner);
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

  paths(): string[] {
    return [...this.files().keys()];
  }

  find(matches: (path: string) => boolean): FakeFile | undefined {
    return [...this.files()].find(([path]) => matches(path))?.[1];
  }

  async *[Symbol.asyncIterator](): AsyncIterator<[string, FakeDirectory | FakeFile]> {
    yield* await Promise.resolve(this.entries);
  }

  asHandle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }
}

export class FakeFile {
  readonly kind = 'file';
  bytes = new Uint8Array(0);
  #name: string;
  #isOpen = false;
  readonly #parent: FakeDirectory;
  readonly move: ((name: string) => Promise<void>) | undefined;

  constructor(parent: FakeDirectory, name: string) {
    this.#parent = parent;
    this.#name = name;
    this.move = parent.disk.canMove ? (to) => this.#move(to) : undefined;
  }

  getFile(): Promise<File> {
    return Promise.resolve(new File([this.bytes], this.#name));
  }

  createSyncAccessHandle() {
    if (this.#isOpen) return Promise.reject(new DOMException('open', 'NoModificationAllowedError'));
    this.#isOpen = true;
    return Promise.resolve({
      getSize: () => this.bytes.length,
      truncate: (length: number) => {
        this.#parent.disk.freeBytes += this.bytes.length - length;
        this.bytes = this.bytes.slice(0, length);
      },
      write: (chunk: Uint8Array, { at }: { at: number }) => {
        // What still fits is written, and the count tells.
        const { freeBytes, cutsOnClose } = this.#parent.disk;
        const grown = Math.max(0, at + chunk.length - this.bytes.length);
        const excess = cutsOnClose ? 0 : Math.max(0, grown - freeBytes);
        const fitting = chunk.subarray(0, chunk.length - excess);
        const next = new Uint8Array(Math.max(this.bytes.length, at + fitting.length));
        next.set(this.bytes);
        next.set(fitting, at);
        this.#parent.disk.freeBytes -= next.length - this.bytes.length;
        this.bytes = next;
        return fitting.length;
      },
      flush: () => undefined,
      close: () => {
        this.#isOpen = false;
        const { disk } = this.#parent;
        if (disk.freeBytes >= 0) return;
        this.bytes = this.bytes.slice(0, disk.freeBytes);
        disk.freeBytes = 0;
      },
    });
  }

  #move(name: string): Promise<void> {
    this.#parent.entries.delete(this.#name);
    this.#name = name;
    this.#parent.entries.set(name, this);
    return Promise.resolve();
  }
}
