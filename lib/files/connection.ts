import { throwIfCancelled } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { looksLikeWebPage } from './file-kind';
import { saysOf, THIS_SITE, type FileSource } from './file-source';

export interface ConnectionOptions {
  /** Stands in for the browser's own. */
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
  /** A server that sends nothing for so long, in milliseconds, is given up. */
  stallTimeoutMs?: number;
  /** Whether the browser's cache may answer and keep the file; where a store keeps it, it need not. */
  cache?: RequestCache;
}

const STALL_TIMEOUT_MS = 30_000;

/** One request, with a limit on how long its server may be silent. The one place that fetches. */
export class Connection {
  readonly #source: FileSource;
  readonly #options: ConnectionOptions;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStalled = false;

  constructor(source: FileSource, options: ConnectionOptions) {
    this.#source = source;
    this.#options = options;
    if (options.signal?.aborted) this.#controller.abort();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  open({ method = 'GET', headers = {} }: { method?: 'GET' | 'HEAD'; headers?: Record<string, string> } = {}) {
    this.#heard();
    const { fetch = globalThis.fetch, cache = 'default' } = this.#options;
    return fetch(this.#source.url, { method, headers, cache, signal: this.#controller.signal });
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

  /** What went wrong as an error that says so. */
  describe(error: unknown, path: string): FramesiftError {
    throwIfCancelled(this.#options.signal);
    if (error instanceof FramesiftError) return error;
    const options = { transient: true, cause: error };
    if (this.#isStalled) return unavailable(this.#source, `stopped sending ${path}`, options);
    return unavailable(
      this.#source,
      this.#source.label === THIS_SITE
        ? `could not be reached, or broke off while sending ${path}. Check the connection, then try again`
        : `could not be reached, or broke off while sending ${path}. Check the connection; that server must also allow this page to read from it (CORS), and this site’s policy must allow its address`,
      options,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#abort);
    // Ends a body that was not read to its end; one that was is not touched by it.
    this.#controller.abort();
  }

  readonly #abort = () => this.#controller.abort();

  #heard(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isStalled = true;
      this.#controller.abort();
    }, this.#options.stallTimeoutMs ?? STALL_TIMEOUT_MS);
  }
}

export function unavailable(
  source: FileSource,
  problem: string,
  options: { transient?: boolean; cause?: unknown } = {},
): FramesiftError {
  return new FramesiftError('file-unavailable', saysOf(source, problem), options);
}

/** A transient answer that may say when to come back. */
export class RetryLater extends FramesiftError {
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super('file-unavailable', message, { transient: true });
    this.delayMs = delayMs;
  }
}

/**
 * The body of an answer that may be the file, looked at before a byte of it is used.
 *
 * @throws FramesiftError `file-unavailable`; RetryLater where the server may have it later
 */
export function acceptBody(source: FileSource, path: string, response: Response): ReadableStream<Uint8Array> {
  const { status } = response;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new RetryLater(saysOf(source, `is busy or broken (HTTP ${status})`), retryAfterMs(response));
  }
  if (status === 404 || status === 410) {
    throw unavailable(source, `does not have ${path} (HTTP ${status})`);
  }
  if (!response.ok || !response.body) {
    throw unavailable(source, `does not hand out ${path} (HTTP ${status})`);
  }
  if (looksLikeWebPage(response.headers.get('content-type'))) {
    throw unavailable(source, `gives a web page instead of ${path}`);
  }
  return response.body;
}

/** Length of the whole file as declared; null when it is unknown, or counts compressed bytes. */
export function declaredLength(response: Response): number | null {
  if (response.headers.has('content-encoding')) return null;
  const declared = response.headers.get('content-length');
  return declared === null ? null : Number(declared);
}

export function strongEtag(response: Response): string | null {
  const etag = response.headers.get('etag');
  return etag === null || etag.startsWith('W/') ? null : etag;
}

/** Where the bytes of a partial answer begin. */
export function contentRange(response: Response): { start: number } | null {
  const match = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  return match ? { start: Number(match[1]) } : null;
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
