import { throwIfCancelled } from '@/lib/shared/async';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { looksLikeWebPage, problemWithKind } from './file-kind';
import type { ExpectedFile } from './model-files';
import type { StoredFile } from './manifest';
import type { ModelIdentity, ModelStore, PartialFile, PartialNote } from './model-store';
import { StreamingSha256 } from './sha256';
import { THIS_SITE, type FileSource } from './sources';

/** Where a file goes. */
export interface DownloadTarget {
  model: ModelIdentity;
  store: ModelStore;
  /** Takes over when the store is full; null where there is nothing to fall back on. */
  spare: ModelStore | null;
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

const STALL_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 6;
const RETRY_DELAY_MS = 500;
/** A server may ask for a longer wait, but not for ever. */
const MAX_RETRY_DELAY_MS = 30_000;

/** Bytes looked at to tell a web page or a pointer file from a model. */
const SNIFFED_BYTES = 512;

/**
 * Fetches one file of a model into a store: goes on from what an earlier try left, asks again when the
 * connection is cut or stalls, and checks the whole before it becomes a file of the model.
 *
 * @param sources tried one after another
 * @throws FramesiftError `model-unavailable` | `storage-full` | `cancelled`; what has arrived and may be
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
      if (isCancelled(error) || error.code !== 'model-unavailable') throw error;
      failures.push(error);
    } finally {
      await download.close();
    }
  }
  if (failures.length === 1) throw failures[0]!;
  throw new FramesiftError(
    'model-unavailable',
    failures.map(({ message }) => message).join(' ') ||
      `There is no place to fetch the model’s ${file.path} from.`,
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
  #store: ModelStore;
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
    store: ModelStore,
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
    const { model, store, spare } = target;
    // What an earlier source left in memory is gone on with there.
    const inSpare = spare !== null && (await spare.partialBytes(model.id, file.path)) > 0;
    const chosen = inSpare ? spare : store;
    const partial = await chosen.openPartial(model.id, file.path);
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
      const problem = toFramesiftError(error, 'The model could not be stored.');
      if (problem.code !== 'storage-full') throw problem;
      await this.#moveToSpare(problem);
    }
    this.#digest = new StreamingSha256();
    this.#isPatched = false;
    this.#options.onBytes?.(0);
  }

  /** One request: appends what comes until it ends. Throws a transient error when that was not all. */
  async #receive(): Promise<void> {
    const connection = new Connection(this.#options);
    const offset = this.#partial.bytes;
    let declaredBytes: number | null = null;
    try {
      // No If-Range: it would need the leave of a cross-origin server (a CORS preflight), which the Hub's
      // storage does not give. The ETag of the answer is compared instead.
      const response = await connection.open(this.#source, offset > 0 ? { Range: `bytes=${offset}-` } : {});
      const body = await this.#accept(response, offset);
      if (response.status === 200) declaredBytes = declaredLength(response);
      if (body) for await (const chunk of connection.chunks(body)) await this.#append(chunk);
    } catch (error) {
      throw this.#describe(error, connection.isStalled);
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
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      throw new RetryLater(this.#says(`is busy or broken (HTTP ${status})`), retryAfterMs(response));
    }
    if (status === 404 || status === 410) {
      throw this.#unavailable(`does not have ${this.#file.path} (HTTP ${status})`);
    }
    if (!response.ok || !response.body) {
      throw this.#unavailable(`does not hand out ${this.#file.path} (HTTP ${status})`);
    }
    if (looksLikeWebPage(response.headers.get('content-type'))) {
      throw this.#unavailable(`gives a web page instead of ${this.#file.path}`);
    }
    const etag = strongEtag(response);
    if (status === 206) {
      const range = contentRange(response);
      const isOther =
        (range !== null && range.start !== offset) ||
        (this.#file.sha256 === null && (etag === null || etag !== this.#partial.note?.etag));
      if (isOther) {
        await this.#restart(null);
        throw new RetryLater(this.#says(`has another version of ${this.#file.path} now`), 0);
      }
      this.#isPatched = true;
      return response.body;
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
    return response.body;
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
      const problem = toFramesiftError(error, 'The model could not be stored.');
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
      new FramesiftError('storage-full', `There was no room for all of the model’s ${path}.`),
      written,
    );
  }

  /**
   * Goes on in memory with a file that the store has no room for, and makes room there.
   *
   * @throws RetryLater when the store has kept fewer bytes than were written
   */
  async #moveToSpare(reason: FramesiftError, written = this.#partial.bytes): Promise<void> {
    const { spare, model } = this.#target;
    const full = this.#partial;
    await full.close();
    if (!spare || this.#store === spare) throw reason;
    const partial = await spare.openPartial(model.id, this.#file.path);
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
      await this.#store.commit(this.#target.model, this.#file.path, facts);
    } catch (error) {
      const problem = toFramesiftError(error, 'The model could not be stored.');
      if (problem.code !== 'storage-full') throw problem;
      // The last few bytes of a full disk: even the manifest may not fit.
      await this.#moveToSpare(problem);
      await this.#store.commit(this.#target.model, this.#file.path, facts);
    }
    return facts;
  }

  #describe(error: unknown, isStalled: boolean): FramesiftError {
    throwIfCancelled(this.#options.signal);
    if (error instanceof FramesiftError) return error;
    if (isStalled) {
      return this.#unavailable(`stopped sending ${this.#file.path}`, { transient: true, cause: error });
    }
    return this.#unavailable(
      this.#source.label === THIS_SITE
        ? `could not be reached, or broke off while sending ${this.#file.path}. Check the connection, then try again`
        : `could not be reached, or broke off while sending ${this.#file.path}. Check the connection; that server must also allow this page to read from it (CORS), and this site’s policy must allow its address`,
      { transient: true, cause: error },
    );
  }

  #says(problem: string): string {
    const { label } = this.#source;
    return `${label === THIS_SITE ? 'This site' : label} ${problem}.`;
  }

  #unavailable(problem: string, options: { transient?: boolean; cause?: unknown } = {}): FramesiftError {
    return new FramesiftError('model-unavailable', this.#says(problem), options);
  }
}

/** A transient answer that may say when to come back. */
class RetryLater extends FramesiftError {
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super('model-unavailable', message, { transient: true });
    this.delayMs = delayMs;
  }
}

/** One request with a limit on how long it may be silent. */
class Connection {
  readonly #fetch: typeof globalThis.fetch;
  readonly #controller = new AbortController();
  readonly #stallTimeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStalled = false;

  constructor({ fetch = globalThis.fetch, signal, stallTimeoutMs = STALL_TIMEOUT_MS }: DownloadOptions) {
    this.#fetch = fetch;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  async open({ url }: FileSource, headers: Record<string, string>): Promise<Response> {
    this.#heard();
    return (0, this.#fetch)(url, {
      headers,
      signal: this.#controller.signal,
      // The store keeps the file; the browser's cache need not keep it too.
      cache: 'no-store',
    });
  }

  async *chunks(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array<ArrayBuffer>> {
    const reader = body.getReader();
    for (;;) {
      this.#heard();
      const { done, value } = await reader.read();
      // A slow disk is no silent server.
      clearTimeout(this.#timer);
      if (done) return;
      yield value as Uint8Array<ArrayBuffer>;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    // Ends a body that was not read to its end; one that was is not touched by it.
    this.#controller.abort();
  }

  readonly #abort = () => this.#controller.abort();

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isStalled = true;
      this.#controller.abort();
    }, this.#stallTimeoutMs);
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

function strongEtag(response: Response): string | null {
  const etag = response.headers.get('etag');
  return etag === null || etag.startsWith('W/') ? null : etag;
}

/** Length of the whole file as declared; null when it is unknown, or counts compressed bytes. */
function declaredLength(response: Response): number | null {
  if (response.headers.has('content-encoding')) return null;
  const declared = response.headers.get('content-length');
  return declared === null ? null : Number(declared);
}

function contentRange(response: Response): { start: number } | null {
  const match = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  return match ? { start: Number(match[1]) } : null;
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
