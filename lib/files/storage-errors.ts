import { FramesiftError } from '@/lib/shared/errors';

/** A quota that is used up as an error that says what to do; anything else as it is. */
export function asStorageError(error: unknown): unknown {
  // Chromium throws it as a class of its own since 140, which has the same name.
  if (!(error instanceof Error) || error.name !== 'QuotaExceededError') return error;
  return new FramesiftError(
    'storage-full',
    'The browser has no space left for this site. Delete a clip or a model, or free disk space, then try again.',
    { cause: error },
  );
}

export function isDomException(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

/** What shows as a short write in some browsers and as an exception in others. */
export function shortWrite(): DOMException {
  return new DOMException('The file was cut short.', 'QuotaExceededError');
}
