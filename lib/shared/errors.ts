/**
 * What went wrong, in a form that a program can branch on and a person can act on.
 *
 * `message` is a sentence for the person: what happened and what to do next. `transient` tells a
 * caller whether the same call may succeed later (retry) or never will (tell, skip, go on).
 */
export type ErrorCode =
  | 'bad-input'
  | 'unknown-event'
  | 'unsupported-video'
  | 'unreadable-video'
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
  return error instanceof FramesiftError && error.code === 'cancelled';
}

/** Any thrown value as a FramesiftError; what is none already becomes `internal`, its cause kept. */
export function toFramesiftError(
  error: unknown,
  fallback = 'Something unexpected went wrong.',
): FramesiftError {
  if (error instanceof FramesiftError) return error;
  if (error instanceof DOMException && error.name === 'AbortError') {
    return new FramesiftError('cancelled', 'Cancelled.', { cause: error });
  }
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return new FramesiftError(
      'storage-full',
      'The browser has no space left for this site. Delete a clip from the library or free disk space, then try again.',
      { cause: error },
    );
  }
  // onnxruntime-web can throw a bare number when its heap is exhausted (onnxruntime #10957).
  const detail = error instanceof Error ? error.message : String(error);
  return new FramesiftError('internal', `${fallback} (${detail})`, { cause: error });
}
