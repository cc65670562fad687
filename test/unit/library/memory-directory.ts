/**
 * The origin's private file system in memory: as much of FileSystemDirectoryHandle as the library uses. Access handles,
 * which only workers have, are there on demand; streams always.
 */
class MemoryFile {
  content = new Uint8Array(0);
  createSyncAccessHandle: (() => Promise<MemoryAccess>) | undefined;
  #isOpen = false;

  constructor(
    readonly name: string,
    hasAccess: boolean,
  ) {
    if (hasAccess) this.createSyncAccessHandle = () => this.#access();
  }

  getFile() {
    return Promise.resolve(new File([this.content], this.name));
  }
  createWritable() {
    const parts: Blob[] = [];
    return Promise.resolve({
      write: (bytes: BlobPart) => Promise.resolve(void parts.push(new Blob([bytes]))),
      close: async () => {
        this.content = new Uint8Array(await new Blob(parts).arrayBuffer());
      },
    });
  }

  #access(): Promise<MemoryAccess> {
    if (this.#isOpen) return Promise.reject(new DOMException('It is open.', 'NoModificationAllowedError'));
    this.#isOpen = true;
    return Promise.resolve({
      getSize: () => this.content.length,
      truncate: (bytes: number) => {
        const kept = new Uint8Array(bytes);
        kept.set(this.content.subarray(0, bytes));
        this.content = kept;
      },
      read: (into: Uint8Array, { at }: { at: number }) => {
        const part = this.content.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (bytes: Uint8Array, { at }: { at: number }) => {
        const grown = new Uint8Array(Math.max(this.content.length, at + bytes.length));
        grown.set(this.content);
        grown.set(bytes, at);
        this.content = grown;
        return bytes.length;
      },
      close: () => {
        this.#isOpen = false;
      },
    });
  }
}

interface MemoryAccess {
  getSize(): number;
  truncate(bytes: number): void;
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  close(): void;
}

export class MemoryDirectory {
  readonly entries = new Map<string, MemoryDirectory | MemoryFile>();
  readonly #hasAccess: boolean;

  constructor({ hasAccess = false } = {}) {
    this.#hasAccess = hasAccess;
  }

  getDirectoryHandle(name: string, options: { create?: boolean } = {}) {
    const make = () => new MemoryDirectory({ hasAccess: this.#hasAccess });
    return this.#get(name, options.create ? make : undefined);
  }
  getFileHandle(name: string, options: { create?: boolean } = {}) {
    return this.#get(name, options.create ? () => new MemoryFile(name, this.#hasAccess) : undefined);
  }
  removeEntry(name: string) {
    return this.entries.delete(name) ? Promise.resolve() : notFound();
  }
  async *keys() {
    await Promise.resolve();
    yield* [...this.entries.keys()];
  }

  /** Paths of all files below, sorted. */
  paths(prefix = ''): string[] {
    return [...this.entries]
      .flatMap(([name, entry]) =>
        entry instanceof MemoryDirectory ? entry.paths(`${prefix}${name}/`) : [prefix + name],
      )
      .sort();
  }

  asHandle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  #get(name: string, create?: () => MemoryDirectory | MemoryFile) {
    const found = this.entries.get(name) ?? create?.();
    if (!found) return notFound();
    this.entries.set(name, found);
    return Promise.resolve(found);
  }
}

function notFound(): Promise<never> {
  return Promise.reject(new DOMException('No such entry.', 'NotFoundError'));
}
