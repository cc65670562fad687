import type { EditedFile, FileAppender, FileTree, PartReader, WriteMode } from './file-tree';

/** A folder of a tree as a tree of its own. */
export class SubTree implements FileTree {
  readonly #tree: FileTree;
  readonly #folder: string;

  /** @param folder a path in `a/b` form; made by the first file that is written */
  constructor(tree: FileTree, folder: string) {
    this.#tree = tree;
    this.#folder = folder;
  }

  get kind(): FileTree['kind'] {
    return this.#tree.kind;
  }

  folders(path?: string): Promise<string[]> {
    return this.#tree.folders(this.#below(path));
  }

  async files(path?: string): Promise<string[]> {
    const paths = await this.#tree.files(this.#below(path));
    return paths.map((found) => found.slice(this.#folder.length + 1));
  }

  has(path: string): Promise<boolean> {
    return this.#tree.has(this.#below(path));
  }

  size(path: string): Promise<number | null> {
    return this.#tree.size(this.#below(path));
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#tree.read(this.#below(path));
  }

  blob(path: string): Promise<Blob | null> {
    return this.#tree.blob(this.#below(path));
  }

  stream(path: string): AsyncIterable<Uint8Array> {
    return this.#tree.stream(this.#below(path));
  }

  openReader(path: string): Promise<PartReader | null> {
    return this.#tree.openReader(this.#below(path));
  }

  append(path: string, offset: number): Promise<FileAppender> {
    return this.#tree.append(this.#below(path), offset);
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>, mode?: WriteMode): Promise<void> {
    return this.#tree.write(this.#below(path), bytes, mode);
  }

  copy(path: string, from: Blob, onBytes?: (copiedBytes: number) => void): Promise<void> {
    return this.#tree.copy(this.#below(path), from, onBytes);
  }

  edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null> {
    return this.#tree.edit(this.#below(path), work);
  }

  rename(path: string, to: string): Promise<void> {
    return this.#tree.rename(this.#below(path), this.#below(to));
  }

  remove(path: string): Promise<void> {
    return this.#tree.remove(this.#below(path));
  }

  #below(path?: string): string {
    return path === undefined ? this.#folder : `${this.#folder}/${path}`;
  }
}
