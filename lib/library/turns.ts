/**
 * Runs work one after another, first come, first served. Work that takes long may let those who wait come first.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** @param work is given what ends its turn and resolves when it has another one: behind all who wait by then */
  async run<T>(work: (giveWay: () => Promise<void>) => Promise<T>): Promise<T> {
    let end = await this.#begin();
    try {
      return await work(async () => {
        end();
        end = await this.#begin();
      });
    } finally {
      end();
    }
  }

  /** Resolves with what ends the turn, when that has come. */
  async #begin(): Promise<() => void> {
    const before = this.#last;
    let end!: () => void;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    return end;
  }
}
