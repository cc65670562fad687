/**
 * The origin's private file system in memory: as much of FileSystemDirectoryHandle as the library uses,
 * with streams in place of access handles, which only workers have.
 */
class MemoryFile {
  content = new Blob([]);
  constructor(readonly name: string) {}
  getFile() {
    return Promise.resolve(new File([this.content], this.name));
  }
  createWritable() {
    const parts: Blob[] = [];
    return Promise.resolve({
      write: (bytes: BlobPart) => Promise.resolve(void parts.push(new Blob([bytes]))),
      close: () => Promise.resolve(void (this.content = new Blob(parts))),
    });
  }
}

export class MemoryDirectory {
  readonly entries = new Map<string, MemoryDirectory | MemoryFile>();

  getDirectoryHandle(name: string, options: { create?: boolean } = {}) {
    return this.#get(name, options.create ? () => new MemoryDirectory() : undefined);
  }
  getFileHandle(name: string, options: { create?: boolean } = {}) {
    return this.#get(name, options.create ? () => new MemoryFile(name) : undefined);
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
