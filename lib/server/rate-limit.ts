import { Problem } from './problem';

/** How much one device may ask for. */
export interface RateLimits {
  /** On average, with as many at once. */
  requestsPerSecond: number;
  /** Requests that are worked on at the same time. */
  atOnce: number;
}

interface Use {
  running: number;
  /** Requests that are left, which grow with time. */
  left: number;
  countedAt: number;
}

/** Keeps one device from taking the server for itself. */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #uses = new Map<string, Use>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Lets a request of `device` begin, and returns what is to be called at its end. Throws `slow-down`. */
  begin(device: string, nowMs: number): () => void {
    const { requestsPerSecond, atOnce } = this.#limits;
    const use = this.#uses.get(device) ?? { running: 0, left: requestsPerSecond, countedAt: nowMs };
    // A clock that is set back gives none, and takes none.
    const seconds = Math.max(nowMs - use.countedAt, 0) / 1000;
    use.left = Math.min(requestsPerSecond, use.left + seconds * requestsPerSecond);
    use.countedAt = nowMs;
    if (use.left < 1 || use.running >= atOnce) {
      throw new Problem('slow-down', 'This device asks too often. Wait a second, then try again.', {
        retryAfter: 1,
      });
    }
    use.left -= 1;
    use.running += 1;
    this.#uses.set(device, use);
    return () => {
      use.running -= 1;
      // A device that is away for a second has all its requests left, as one that never came.
      if (this.#uses.size > MOST_REMEMBERED) this.#forget(nowMs);
    };
  }

  #forget(nowMs: number): void {
    for (const [device, use] of this.#uses)
      if (use.running === 0 && nowMs - use.countedAt > 1000) this.#uses.delete(device);
  }
}

const MOST_REMEMBERED = 10_000;
