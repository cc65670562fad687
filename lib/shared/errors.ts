/**
 * What went wrong, in a form that a program can branch on and a person can act on.
 *
 * `message` is a sentence for the person: what happened and what to do next. `transient` tells a
 * caller whether the same call may succeed later (retry) or never will (tell, skip, go on).
 */
export type ErrorCode =
  | 'bad-input'
  | 'unknown-clip'
  | 'unsupported-video'
  | 'unreadable-video'
  | 'file-changed'
  | 'file-unavailable'
  | 'model-unavailable'
  | 'model-mismatch'
  | 'provider-failed'
  | 'out-of-memory'
  | 'storage-unavailable'
  | 'storage-full'
  | 'write-incomplete'
  | 'timed-out'
  | 'cancelled'
  | 'worker-lost'
  | 'internal';

export class FramesiftError extends Error {
  readonly code: ErrorCode;
  readonly transient: boolean;

  constructor(code: ErrorCode, message: string, options: { transient?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FramesiftError';
    this.code = code;
    this.transient = options.transient ?? false;
  }
}

/** True for the error that a person's own "cancel" produces, which is no failure. */
export function isCancelled(error: unknown): boolean {
  return isA(error, FramesiftError) && error.code === 'cancelled';
}

/** What a person can do about anything that is not known better. */
const WAY_ON = 'Try again; if it fails again, reload the page.';

/** Longest detail that is shown, in characters: more is a dump and no help. */
const MAX_DETAIL = 200;

/** How far causes of causes are followed. */
const MAX_CAUSES = 8;

/** emscripten's numbers for "no space left on device" and "disk quota exceeded" (PGlite's file system throws them). */
const NO_SPACE_ERRNOS = [51, 19];
const NO_SPACE = /no space left|could not extend file|disk quota|quota ?exceeded/i;

/**
 * Any thrown value as a FramesiftError: errors of all realms and libraries, DOMExceptions, events, bare numbers and
 * strings, objects without a prototype, nothing at all. Its message is one or more sentences with a way on; what
 * the value says of itself follows as "Details", where it says anything that a person can read.
 *
 * @param fallback what happened, as a sentence, where the value itself does not tell
 */
export function toFramesiftError(
  thrown: unknown,
  fallback = 'Something unexpected went wrong.',
): FramesiftError {
  for (const cause of causesOf(thrown)) {
    if (isA(cause, FramesiftError)) return cause;
    const known = knownFailure(cause, fallback, thrown);
    if (known) return known;
  }
  return new FramesiftError('internal', explainFailure(fallback, thrown), { cause: thrown });
}

/** What happened, a way on, and what the thrown value says of itself. */
export function explainFailure(whatHappened: string, thrown: unknown, wayOn = WAY_ON): string {
  const detail = describeThrown(thrown);
  return `${whatHappened} ${wayOn}${detail === null ? '' : ` Details: ${detail}.`}`;
}

/**
 * What a thrown value says of itself, on one line without a full stop at its end: the message of the innermost
 * cause that has one. Null where it says nothing that a person can read. Never throws.
 */
export function describeThrown(thrown: unknown): string | null {
  let detail: string | null = null;
  for (const cause of causesOf(thrown)) detail = ownDetail(cause) ?? detail;
  return detail;
}

/** A thrown value, what a clip carries, and the causes below, outermost first. */
export function causesOf(thrown: unknown): unknown[] {
  const chain: unknown[] = [];
  let next: unknown = thrown;
  while (next !== undefined && next !== null && !chain.includes(next) && chain.length < MAX_CAUSES) {
    chain.push(next);
    // An ErrorEvent has `error`, a PromiseRejectionEvent `reason`, an Error `cause`.
    next = property(next, 'cause') ?? property(next, 'error') ?? property(next, 'reason');
  }
  return chain;
}

/** `instanceof`, also for a proxy that was revoked, for which the operator throws. */
export function isA<T>(value: unknown, type: abstract new (...parameters: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** A property of any value; undefined where reading it throws. */
export function property(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Failures that browsers and PostgreSQL name, whichever class and realm they come from. */
function knownFailure(cause: unknown, fallback: string, thrown: unknown): FramesiftError | null {
  const make = (code: ErrorCode, message: string, transient = false) =>
    new FramesiftError(code, message, { transient, cause: thrown });
  const message = property(cause, 'message');
  const errno = property(cause, 'errno');
  if (
    (typeof errno === 'number' && NO_SPACE_ERRNOS.includes(errno)) ||
    (typeof message === 'string' && NO_SPACE.test(message))
  ) {
    return storageFull(thrown);
  }
  switch (property(cause, 'name')) {
    case 'AbortError':
      return make('cancelled', 'Cancelled.');
    case 'QuotaExceededError':
      return storageFull(thrown);
    case 'TimeoutError':
      return make('timed-out', `${fallback} It took too long. Try again.`, true);
    case 'SecurityError':
    case 'NotAllowedError':
      return make(
        'internal',
        `${fallback} The browser did not allow it. Allow it in the browser’s settings for this site, then try again.`,
      );
    default:
      return null;
  }
}

function storageFull(cause: unknown): FramesiftError {
  return new FramesiftError(
    'storage-full',
    'The browser has no space left for this site. Delete a clip from the library or free disk space, then try again.',
    { cause },
  );
}

/** What one value says of itself, its causes aside. */
function ownDetail(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return readable(value);
    case 'number':
    case 'bigint':
      // onnxruntime-web can throw a bare number when its heap is exhausted (onnxruntime #10957).
      return Number.isNaN(value) ? null : `code ${value}`;
    case 'symbol':
      return readable(value.description ?? '');
    case 'object':
    case 'function':
      return detailOfObject(value);
    case 'boolean':
    case 'undefined':
      return null;
  }
}

function detailOfObject(value: object | null): string | null {
  const message = property(value, 'message');
  const said = typeof message === 'string' ? readable(message) : null;
  if (said !== null) return said;
  const numbers = [
    ['errno', 'error number'],
    ['status', 'HTTP'],
    ['code', 'code'],
  ] as const;
  for (const [name, label] of numbers) {
    const number = property(value, name);
    if (typeof number === 'number' && number > 0 && Number.isFinite(number)) return `${label} ${number}`;
  }
  const name = property(value, 'name');
  const isTelling = typeof name === 'string' && typeof value !== 'function' && !/^(Error|Object)$/.test(name);
  return isTelling ? readable(name) : null;
}

/** One line of a message without its stack; null for what only a program can read. */
function readable(text: string): string | null {
  const line = text
    .slice(0, 20 * MAX_DETAIL)
    .replace(/\n\s+at [\s\S]*/, '')
    .replace(/[\s\p{C}]+/gu, ' ')
    .replace(/^ ?(?:Uncaught )?(?:(?:in promise ?)?Error: )?/, '')
    .replace(/[\s.!…:;,]+$/, '');
  if (!/[\p{L}\p{N}]/u.test(line)) return null;
  if (/^(?:undefined|null|NaN|true|false)$|\[object |^[[{]/.test(line)) return null;
  return line.length > MAX_DETAIL ? `${Array.from(line).slice(0, MAX_DETAIL).join('')}…` : line;
}
