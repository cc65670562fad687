import { FramesiftError } from './errors';

/**
 * Rejects with `timed-out` when `promise` has not settled after `timeoutMs`. The work itself is not
 * stopped: its owner decides whether to replace the worker that hangs.
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const seconds = Math.round(timeoutMs / 1000);
      reject(
        new FramesiftError('timed-out', `${what} did not answer within ${seconds} seconds.`, {
          transient: true,
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs async sections one at a time, first come, first served. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(section: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(section, section);
    // The next section must run whether or not this one failed.
    this.#tail = result.catch(() => undefined);
    return result;
  }
}

/** Throws `cancelled` once `signal` is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FramesiftError('cancelled', 'Cancelled.');
}
