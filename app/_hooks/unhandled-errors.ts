import { isCancelled, toFramesiftError } from '@/lib/shared/errors';

/** Chromium reports it as an error; the observers are called in the next frame, and nothing is lost. */
const HARMLESS = 'ResizeObserver loop';

/**
 * Tells of what was thrown where nobody waits, which would otherwise look like a click that does nothing. Calls that
 * were ended with their worker are left out: whoever ended it has told of it.
 *
 * @returns stops watching
 */
export function watchUnhandled(tell: (message: string) => void): () => void {
  const onError = (event: ErrorEvent | PromiseRejectionEvent) => {
    if ('message' in event && event.message.startsWith(HARMLESS)) return;
    const error = toFramesiftError(event);
    if (isCancelled(error) || error.transient) return;
    tell(error.message);
  };
  window.addEventListener('error', onError);
  window.addEventListener('unhandledrejection', onError);
  return () => {
    window.removeEventListener('error', onError);
    window.removeEventListener('unhandledrejection', onError);
  };
}
