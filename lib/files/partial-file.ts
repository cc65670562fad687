import { z } from '@/lib/shared/zod';
import type { FileAppender, FileTree } from './file-tree';

const noteSchema = z.object({
  /** Address that the first byte came from. */
  from: z.string(),
  /** The server's strong ETag of it, null where it gave none. */
  etag: z.string().nullable(),
  totalBytes: z.number().int().nonnegative().nullable(),
});

/** What is remembered of a file that has not arrived whole. */
export type PartialNote = z.infer<typeof noteSchema>;

/** What a file that has not arrived whole is called, and the note on where to go on with it. */
export const PARTIAL_SUFFIX = '.part';
export const NOTE_SUFFIX = '.part.json';

const encode = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A file that is arriving. */
export class PartialFile {
  readonly #tree: FileTree;
  readonly #target: string;
  #bytes: number;
  #note: PartialNote | null;
  #appender: FileAppender | undefined;

  private constructor(tree: FileTree, target: string, bytes: number, note: PartialNote | null) {
    this.#tree = tree;
    this.#target = target;
    this.#bytes = bytes;
    this.#note = note;
  }

  static async open(tree: FileTree, target: string): Promise<PartialFile> {
    const bytes = (await tree.size(target + PARTIAL_SUFFIX)) ?? 0;
    const json = await tree.read(target + NOTE_SUFFIX);
    let note: PartialNote | null = null;
    try {
      if (json) note = noteSchema.parse(JSON.parse(decode(json)));
    } catch {
      // A note that was cut short tells nothing.
    }
    return new PartialFile(tree, target, bytes, note);
  }

  /** Bytes that are here. */
  get bytes(): number {
    return this.#bytes;
  }

  get note(): PartialNote | null {
    return this.#note;
  }

  /** What is here, from the beginning. Not while it is being appended to. */
  async *stream(): AsyncIterable<Uint8Array<ArrayBuffer>> {
    let left = this.#bytes;
    for await (const chunk of this.#tree.stream(this.#target + PARTIAL_SUFFIX)) {
      const part = (left < chunk.length ? chunk.subarray(0, left) : chunk) as Uint8Array<ArrayBuffer>;
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }

  /** Throws away what is here and remembers where the bytes to come are from. */
  async restart(note: PartialNote | null): Promise<void> {
    await this.close();
    this.#bytes = 0;
    this.#note = note;
    await this.#tree.remove(this.#target + PARTIAL_SUFFIX);
    if (note) await this.#tree.write(this.#target + NOTE_SUFFIX, encode(note));
    else await this.#tree.remove(this.#target + NOTE_SUFFIX);
  }

  async append(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#appender ??= await this.#tree.append(this.#target + PARTIAL_SUFFIX, this.#bytes);
    await this.#appender.write(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * Ends writing. `bytes` can be fewer afterwards: Chromium takes what goes beyond its quota without a word,
   * and cuts it off when the file is closed.
   */
  async close(): Promise<void> {
    const appender = this.#appender;
    this.#appender = undefined;
    if (!appender) return;
    await appender.close();
    const kept = (await this.#tree.size(this.#target + PARTIAL_SUFFIX)) ?? 0;
    this.#bytes = Math.min(this.#bytes, kept);
  }

  /** Forgets the file and everything of it. */
  async discard(): Promise<void> {
    await this.restart(null);
  }
}
