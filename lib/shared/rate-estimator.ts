/** How fast something is being done and when the rest will be. */
export interface Rate {
  /** Frames, bytes or whatever is counted. */
  perSecond: number;
  remainingMs: number;
}

/** The rate is that of the last so many milliseconds, so that it follows a machine that gets busy. */
const WINDOW_MS = 10_000;

/** Estimates from times given to it; knows no clock of its own. */
export class RateEstimator {
  readonly #samples: { atMs: number; done: number }[] = [];

  /** Notes that so much is done in all at time `atMs`, both never decreasing. */
  add(atMs: number, done: number): void {
    this.#samples.push({ atMs, done });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Null until two samples apart in time show that something was done. */
  rate(total: number): Rate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs || last.done <= first.done) return null;
    const perSecond = ((last.done - first.done) * 1000) / (last.atMs - first.atMs);
    return { perSecond, remainingMs: ((total - last.done) * 1000) / perSecond };
  }
}
