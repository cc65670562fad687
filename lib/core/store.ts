/** State that can be read and followed. Values are never changed in place: another value is another object. */
export interface Store<T> {
  /** What is the case now. */
  get(): T;
  /** Calls `listener` after every change, until the function that it returns is called. */
  subscribe(listener: () => void): () => void;
}

/** A store that its owner writes. */
export class ValueStore<T> implements Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  /** What is the case now. */
  readonly get = (): T => this.#value;

  /** Calls `listener` after every change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Puts a value in the place of the one before; the same one is no change. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Puts in place what `next` makes of the value. */
  update(next: (value: T) => T): void {
    this.set(next(this.#value));
  }
}
