/** How fast frames are being stored and when the rest will be. */
export interface Rate {
  framesPerSecond: number;
  remainingMs: number;
}

/** The rate is that of the last so many milliseconds, so that it follows a machine that gets busy. */
const WINDOW_MS = 10_000;

/** Estimates from times given to it; knows no clock of its own. */
export class RateEstimator {
  readonly #samples: { atMs: number; frames: number }[] = [];

  /** Notes that `frames` are done in all at time `atMs`, both never decreasing. */
  add(atMs: number, frames: number): void {
    this.#samples.push({ atMs, frames });
    while (this.#samples.length > 2 && this.#samples[1]!.atMs < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** Null until two samples apart in time show some frames done. */
  rate(totalFrames: number): Rate | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs || last.frames <= first.frames) return null;
    const framesPerSecond = ((last.frames - first.frames) * 1000) / (last.atMs - first.atMs);
    return { framesPerSecond, remainingMs: ((totalFrames - last.frames) * 1000) / framesPerSecond };
  }
}
