import { FramesiftError } from '@/lib/shared/errors';
import type { Send } from './library-client';

/** A server that has not answered for so long is away; with a page of rows over a slow line. */
const TRANSFER_TIMEOUT_MS = 60_000;

/** The same where little is sent and read, or a person waits: a poll, which is the first request each time, and a search. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Sends requests with the browser's `fetch`. A server that cannot be reached is a `file-unavailable` that may pass.
 *
 * @param fetch the browser's own, or one that stands in for it
 * @param signal ends requests under way
 * @param wayOn what a person is told of a server that does not answer
 */
export function sendOver(
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
  wayOn = 'What you change is kept and sent when it does.',
): Send {
  return async (request) => {
    const limit = /\/(?:changes|search|v1\/?)(?:\?|$)/.test(request.url)
      ? ANSWER_TIMEOUT_MS
      : TRANSFER_TIMEOUT_MS;
    try {
      // A token must not follow a redirection, and there are no cookies.
      return await fetch(request, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
      });
    } catch (error) {
      if (signal.aborted) throw new FramesiftError('cancelled', 'Stopped.');
      const { host } = new URL(request.url);
      throw new FramesiftError('file-unavailable', `${host} does not answer. ${wayOn}`, {
        transient: true,
        cause: error,
      });
    }
  };
}
