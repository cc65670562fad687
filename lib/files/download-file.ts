import { throwIfCancelled } from '@/lib/shared/async';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import {
  acceptBody,
  Connection,
  contentRange,
  declaredLength,
  RetryLater,
  strongEtag,
  unavailable,
} from './connection';
import type { ExpectedFile, StoredFile } from '@/lib/shared/file-facts';
import { problemWithKind, SNIFFED_BYTES } from './file-kind';
import { saysOf, type FileSource } from './file-source';
import type { PartialFile, PartialNote } from './partial-file';
import { StreamingSha256 } from './sha256';

/** Where files that arrive are kept until they are whole and checked. Paths are those of the expected files. */
export interface DownloadStore {
  /** Bytes of a file that have arrived, when it has not arrived whole. */
  partialBytes(path: string): Promise<number>;
  /** Opens what has arrived of a file, to go on with it. */
  openPartial(path: string): Promise<PartialFile>;
  /** Makes a partial file, which is checked and closed, a file. */
  commit(path: string, facts: StoredFile): Promise<void>;
}

/** Where a file goes. */
export interface DownloadTarget {
  store: DownloadStore;
  /** Takes over when the store is full; null where there is nothing to fall back on. */
  spare: DownloadStore | null;
}

export interface DownloadOptions {
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
  /** Bytes of the file that are here. Falls only when a server makes it begin anew. */
  onBytes?: (loadedBytes: number) => void;
  /** A server that sends nothing for so long is given up and asked again. */
  stallTimeoutMs?: number;
  /** Attempts without a new byte until a source is given up. */
  maxAttempts?: number;
  /** The wait before the second attempt; doubles with each that brings nothing. */
  retryDelayMs?: number;
}

const MAX_ATTEMPTS = 6;
const RETRY_DELAY_MS = 500;
/** A server may ask for a longer wait, but not for ever. */
const MAX_RETRY_DELAY_MS = 30_000;

/**
 * Fetches one file into a store: goes on from what an earlier try left, asks again when the
 * connection is cut or stalls, and checks the whole before it counts.
 *
 * @param sources tried one after another
 * @throws FramesiftError `file-unavailable` | `storage-full` | `cancelled`; what has arrived and may be
 *   right is kept for the next try
 */
export async function downloadFile(
  sources: readonly FileSource[],
  file: ExpectedFile,
  target: DownloadTarget,
  options: DownloadOptions = {},
): Promise<StoredFile> {
  const failures: FramesiftError[] = [];
  for (const source of sources) {
    const download = await FileDownload.open(source, file, target, options);
    try {
      return await download.run();
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // Another source would fill the same disk, and a person who cancels means all of them.
      if (isCancelled(error) || error.code !== 'file-unavailable') throw error;
      failures.push(error);
    } finally {
      await download.close();
    }
  }
  if (failures.length === 1) throw failures[0]!;
  throw new FramesiftError(
    'file-unavailable',
    failures.map(({ message }) => message).join(' ') || `There is no place to fetch ${file.path} from.`,
    { transient: failures.some(({ transient }) => transient), cause: failures[0] },
  );
}

/** One file from one source. */
class FileDownload {
  readonly #source: FileSource;
  readonly #file: ExpectedFile;
  readonly #target: DownloadTarget;
  readonly #options: DownloadOptions;
  #partial: PartialFile;
  #store: DownloadStore;
  /** Of exactly the bytes in the partial file. */
  #digest: StreamingSha256;
  /** Whether some of the bytes came over another connection than the last ones. */
  #isPatched = false;
  /** The digest, once the whole is verified. */
  #verified = '';

  private constructor(
    source: FileSource,
    file: ExpectedFile,
    target: DownloadTarget,
    options: DownloadOptions,
    store: DownloadStore,
    partial: PartialFile,
  ) {
    this.#source = source;
    this.#file = file;
    this.#target = target;
    this.#options = options;
    this.#store = store;
    this.#partial = partial;
    this.#digest = new StreamingSha256();
  }

  static async open(
    source: FileSource,
    file: ExpectedFile,
    target: DownloadTarget,
    options: DownloadOptions,
  ): Promise<FileDownload> {
    const { store, spare } = target;
    // What an earlier source left in memory is gone on with there.
    const inSpare = spare !== null && (await spare.partialBytes(file.path)) > 0;
    const chosen = inSpare ? spare : store;
    const partial = await chosen.openPartial(file.path);
    const download = new FileDownload(source, file, target, options, chosen, partial);
    await download.#takeUp();
    return download;
  }

  async run(): Promise<StoredFile> {
    const { maxAttempts = MAX_ATTEMPTS, retryDelayMs = RETRY_DELAY_MS, signal } = this.#options;
    let fruitless = 0;
    let furthest = this.#partial.bytes;
    let isSecondChance = false;
    for (;;) {
      throwIfCancelled(signal);
      let error: FramesiftError;
      try {
        if (this.#partial.bytes !== this.#file.bytes) await this.#receive();
        const problem = this.#verify();
        if (problem === null) return await this.#commit();
        const wasPatched = this.#isPatched;
        await this.#restart(null);
        // Pieces of two versions of a file make neither; the whole at once is given a chance.
        if (!wasPatched || isSecondChance) throw problem;
        isSecondChance = true;
        continue;
      } catch (thrown) {
        error = toFramesiftError(thrown);
        if (!error.transient || isCancelled(error)) throw error;
      }
      if (this.#partial.bytes > furthest) fruitless = 0;
      furthest = Math.max(furthest, this.#partial.bytes);
      fruitless += 1;
      if (fruitless >= maxAttempts) throw error;
      const asked = error instanceof RetryLater ? error.delayMs : 0;
      await pause(Math.min(Math.max(asked, retryDelayMs * 2 ** (fruitless - 1)), MAX_RETRY_DELAY_MS), signal);
    }
  }

  async close(): Promise<void> {
    await this.#partial.close();
  }

  /** Reads what is here already, and throws it away when it cannot be part of what is wanted. */
  async #takeUp(): Promise<void> {
    const { note, bytes } = this.#partial;
    // Without a digest to check the whole by, only bytes of the same version from the same place go together.
    const isUsable =
      this.#file.sha256 !== null || (note !== null && note.from === this.#source.url && note.etag !== null);
    if (bytes > 0 && (!isUsable || (this.#file.bytes !== null && bytes > this.#file.bytes))) {
      await this.#restart(null);
      return;
    }
    for await (const chunk of this.#partial.stream()) this.#digest.update(chunk);
    this.#isPatched = bytes > 0;
    this.#options.onBytes?.(bytes);
  }

  async #restart(note: PartialNote | null): Promise<void> {
    try {
      await this.#partial.restart(note);
    } catch (error) {
      const problem = toFramesiftError(error, 'The file could not be stored.');
      if (problem.code !== 'storage-full') throw problem;
      await this.#moveToSpare(problem);
    }
    this.#digest = new StreamingSha256();
    this.#isPatched = false;
    this.#options.onBytes?.(0);
  }

  /** One request: appends what comes until it ends. Throws a transient error when that was not all. */
  async #receive(): Promise<void> {
    // The store keeps the file; the browser's cache need not keep it too.
    const connection = new Connection(this.#source, { ...this.#options, cache: 'no-store' });
    const offset = this.#partial.bytes;
    let declaredBytes: number | null = null;
    try {
      // No If-Range: it would need the leave of a cross-origin server (a CORS preflight), which the Hub's
      // storage does not give. The ETag of the answer is compared instead.
      const response = await connection.open({
        headers: offset > 0 ? { Range: `bytes=${offset}-` } : {},
      });
      const body = await this.#accept(response, offset);
      if (response.status === 200) declaredBytes = declaredLength(response);
      if (body) for await (const chunk of connection.chunks(body)) await this.#append(chunk);
    } catch (error) {
      throw connection.describe(error, this.#file.path);
    } finally {
      connection.close();
      await this.#endWriting();
    }
    const expected = this.#file.bytes ?? this.#partial.note?.totalBytes ?? null;
    if (expected !== null && this.#partial.bytes < expected) {
      // All that it said it has: asking again brings the same.
      const isAll = declaredBytes === this.#partial.bytes;
      throw this.#unavailable(
        `${isAll ? 'has' : 'sent'} only ${this.#partial.bytes} of the ${expected} bytes of ${this.#file.path}`,
        { transient: !isAll },
      );
    }
  }

  /** Looks at an answer before a byte of it is used. */
  async #accept(response: Response, offset: number): Promise<ReadableStream<Uint8Array> | null> {
    const { status } = response;
    if (status === 416 && offset > 0) {
      // Nothing behind what is here: the server's file is no longer than that.
      if (this.#file.bytes === null) return null;
      throw this.#unavailable(`has only ${offset} of the ${this.#file.bytes} bytes of ${this.#file.path}`);
    }
    const body = acceptBody(this.#source, this.#file.path, response);
    const etag = strongEtag(response);
    if (status === 206) {
      const range = contentRange(response);
      const isOther =
        (range !== null && range.start !== offset) ||
        (this.#file.sha256 === null && (etag === null || etag !== this.#partial.note?.etag));
      if (isOther) {
        await this.#restart(null);
        throw new RetryLater(saysOf(this.#source, `has another version of ${this.#file.path} now`), 0);
      }
      this.#isPatched = true;
      return body;
    }
    const declaredBytes = declaredLength(response);
    if (this.#file.bytes !== null && declaredBytes !== null && declaredBytes > this.#file.bytes) {
      throw this.#unavailable(
        `has ${declaredBytes} bytes where ${this.#file.path} should have ${this.#file.bytes}`,
      );
    }
    // The whole file: the server does not do ranges, or this is the first request.
    await this.#restart({
      from: this.#source.url,
      etag,
      totalBytes: this.#file.bytes ?? declaredBytes,
    });
    return body;
  }

  async #append(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#partial.bytes === 0) {
      const problem = problemWithKind(this.#file.path, chunk.subarray(0, SNIFFED_BYTES));
      if (problem) throw this.#unavailable(problem);
    }
    if (this.#file.bytes !== null && this.#partial.bytes + chunk.length > this.#file.bytes) {
      await this.#restart(null);
      throw this.#unavailable(`sent more than the ${this.#file.bytes} bytes of ${this.#file.path}`);
    }
    try {
      await this.#partial.append(chunk);
    } catch (error) {
      const problem = toFramesiftError(error, 'The file could not be stored.');
      if (problem.code !== 'storage-full') throw problem;
      await this.#moveToSpare(problem);
      await this.#partial.append(chunk);
    }
    this.#digest.update(chunk);
    this.#options.onBytes?.(this.#partial.bytes);
  }

  /** Closes the file; what a full disk has not kept of it is fetched again. */
  async #endWriting(): Promise<void> {
    const written = this.#partial.bytes;
    await this.#partial.close();
    if (this.#partial.bytes === written) return;
    const { path } = this.#file;
    await this.#moveToSpare(
      new FramesiftError(
        'storage-full',
        `There was no room for all of ${path}. Delete a clip or a model, or free disk space, then try again.`,
      ),
      written,
    );
  }

  /**
   * Goes on in memory with a file that the store has no room for, and makes room there.
   *
   * @throws RetryLater when the store has kept fewer bytes than were written
   */
  async #moveToSpare(reason: FramesiftError, written = this.#partial.bytes): Promise<void> {
    const { spare } = this.#target;
    const full = this.#partial;
    await full.close();
    if (!spare || this.#store === spare) throw reason;
    const partial = await spare.openPartial(this.#file.path);
    await partial.restart(full.note);
    for await (const chunk of full.stream()) await partial.append(chunk);
    await partial.close();
    await full.discard().catch(() => undefined);
    this.#partial = partial;
    this.#store = spare;
    if (partial.bytes === written) return;
    this.#digest = new StreamingSha256();
    for await (const chunk of partial.stream()) this.#digest.update(chunk);
    throw new RetryLater(reason.message, 0);
  }

  /** Null when the file is the right one. */
  #verify(): FramesiftError | null {
    const { path, bytes, sha256 } = this.#file;
    if (bytes !== null && this.#partial.bytes !== bytes) {
      return this.#unavailable(`sent ${this.#partial.bytes} bytes where ${path} should have ${bytes}`);
    }
    const actual = this.#digest.hex();
    if (sha256 === null || actual === sha256) {
      this.#verified = actual;
      return null;
    }
    return this.#unavailable(
      `sent another file than ${path}: its SHA-256 is ${actual.slice(0, 12)}… and not ${sha256.slice(0, 12)}…. It was thrown away`,
    );
  }

  async #commit(): Promise<StoredFile> {
    const facts: StoredFile = {
      bytes: this.#partial.bytes,
      sha256: this.#verified,
      checked: this.#file.sha256 === null ? 'length' : 'sha256',
      from: this.#source.url,
    };
    try {
      await this.#store.commit(this.#file.path, facts);
    } catch (error) {
      const problem = toFramesiftError(error, 'The file could not be stored.');
      if (problem.code !== 'storage-full') throw problem;
      // The last few bytes of a full disk: even the manifest may not fit.
      await this.#moveToSpare(problem);
      await this.#store.commit(this.#file.path, facts);
    }
    return facts;
  }

  #unavailable(problem: string, options: { transient?: boolean; cause?: unknown } = {}): FramesiftError {
    return unavailable(this.#source, problem, options);
  }
}

/** Waits, or throws `cancelled` at once when it is. */
async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, delayMs);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
  throwIfCancelled(signal);
}
