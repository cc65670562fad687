import type { Clock, Settings } from '@/lib/core/surroundings';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';

/** Time that passes when a test says so. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #waiting: { atMs: number; work: () => void }[] = [];

  readonly now = (): number => this.#nowMs;

  readonly after = (ms: number, work: () => void): (() => void) => {
    const entry = { atMs: this.#nowMs + ms, work };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  };

  /** Lets time pass and what was due be done. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#waiting.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#waiting = this.#waiting.filter((entry) => !due.includes(entry));
    for (const { work } of due) work();
    await settle();
  }
}

/** Lets promises that are settled be followed. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** Settings of a first visit, in memory. */
export function memorySettings(): Settings {
  const kept = new Map<string, string>();
  return {
    read: (key) => kept.get(key) ?? null,
    write: (key, value) => {
      if (value === null) kept.delete(key);
      else kept.set(key, value);
    },
  };
}

/** A clip of the library; of two the one with the later number is newer. */
export function clipNamed(id: string, number = 0): ClipSummary {
  return { id, createdAt: new Date(number) } as ClipSummary;
}

/** A model that runs, of which only the name counts. */
export function modelNamed(modelVersion: string): LoadedModel {
  return { modelVersion } as LoadedModel;
}

/** A promise that a test settles. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...settlers) => ([resolve, reject] = settlers));
  return { promise, resolve, reject };
}
