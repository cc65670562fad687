import { FramesiftError } from './errors';

/**
 * Rejects with `timed-out` when `promise` has not settled after `timeoutMs`. The work itself is not
 * stopped: its owner decides whether to replace the worker that hangs.
 */
export async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(timedOut(timeoutMs, what));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** That `what`, the subject of a sentence, has not answered. */
export function timedOut(timeoutMs: number, what: string): FramesiftError {
  const seconds = Math.round(timeoutMs / 1000);
  return new FramesiftError('timed-out', `${what} did not answer within ${seconds} seconds.`, {
    transient: true,
  });
}

/**
 * Ends waits from outside, any number of them. Unlike `Promise.race` with a promise that rejects one
 * day, it keeps nothing of a wait that is over.
 */
export class Interruption {
  readonly #waits = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /** What `promise` gives, or the reason of the interruption if that comes first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#reason) reject(this.#reason);
      this.#waits.add(reject);
      const settle = () => this.#waits.delete(reject);
      promise.then(resolve, reject).finally(settle);
    });
  }

  /** Rejects every wait, and every one to come, with `reason`. */
  interrupt(reason: Error): void {
    this.#reason ??= reason;
    for (const reject of this.#waits) reject(this.#reason);
    this.#waits.clear();
  }
}

/** A watchdog's time is counted in so many parts, of which a page that sleeps loses one at most. */
const WATCHDOG_TICKS = 10;

/** Rejects with an error once it has not been fed for a while; time that the page sleeps does not count. */
export class Watchdog {
  readonly #interruption = new Interruption();
  readonly #timeoutMs: number;
  readonly #makeError: () => Error;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, makeError: () => Error) {
    this.#timeoutMs = timeoutMs;
    this.#makeError = makeError;
    this.feed();
  }

  /** What `promise` gives, unless nothing feeds this for too long. */
  race<T>(promise: Promise<T>): Promise<T> {
    return this.#interruption.race(promise);
  }

  /** Counts from the beginning again, also after `stop`. */
  feed(): void {
    clearTimeout(this.#timer);
    const count = (left: number) => {
      if (left === 0) this.#interruption.interrupt(this.#makeError());
      else this.#timer = setTimeout(() => count(left - 1), this.#timeoutMs / WATCHDOG_TICKS);
    };
    count(WATCHDOG_TICKS);
  }

  /** Counts no more until it is fed. */
  stop(): void {
    clearTimeout(this.#timer);
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

/** Lets what waits in this thread be done first: a message that has come is received, a timer that is due runs. */
export function giveWay(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * What `promise` gives, or `cancelled` as soon as `signal` is aborted. The work itself goes on: it is for work that others
 * wait for, too, such as a model that is being started.
 */
export function untilCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new FramesiftError('cancelled', 'Cancelled.'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}
