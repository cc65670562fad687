/**
 * When the frames around the place that is decoded are shown, by their packets. Times come in decode order and are
 * kept in the order of showing; what is over is forgotten.
 */
export class FrameTable {
  /** Rising. */
  #timesUs: number[] = [];

  add(timestampUs: number): void {
    let at = this.#timesUs.length;
    while (at > 0 && this.#timesUs[at - 1]! > timestampUs) at -= 1;
    if (this.#timesUs[at - 1] !== timestampUs) this.#timesUs.splice(at, 0, timestampUs);
  }

  /** The frame on screen at a time and the one that follows it; null for none. */
  at(timeUs: number): { frameUs: number | null; nextUs: number | null } {
    let low = 0;
    let high = this.#timesUs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#timesUs[middle]! <= timeUs) low = middle + 1;
      else high = middle;
    }
    return { frameUs: this.#timesUs[low - 1] ?? null, nextUs: this.#timesUs[low] ?? null };
  }

  /** How many frames are shown after one time and not after another. */
  countBetween(afterUs: number, untilUs: number): number {
    return this.#timesUs.filter((us) => us > afterUs && us <= untilUs).length;
  }

  /** Forgets what is over before a time. */
  forgetBefore(timestampUs: number): void {
    const kept = this.#timesUs.findIndex((us) => us >= timestampUs);
    if (kept > 0) this.#timesUs.splice(0, kept);
  }

  clear(): void {
    this.#timesUs = [];
  }
}
