import { Interruption } from '@/lib/shared/async';
import type { FramesiftError } from '@/lib/shared/errors';
import { connectRemote, type Remote } from './remote';

export interface SupervisedWorkerOptions<T> {
  /** Makes the worker, whose script serves a `T`. */
  make: () => Worker;
  /** Called with a new worker's object before anybody else's calls: it may be wired to others. */
  onStart?: (remote: Remote<T>) => void;
  /** Called when the worker has been ended: what was made for it goes with it. */
  onEnd?: () => void;
  /** Called when the script cannot be loaded, or throws where nobody waits: calls may never be answered. */
  onFailure?: (event: Event) => void;
  /** Calls something that the worker answers at once whatever it works on, and what happens when it does not. */
  pulse?: { ask: (remote: Remote<T>) => Promise<void>; onSilence: () => void };
}

/** So often a worker is asked whether it still answers. */
const PULSE_MS = 2_000;

/** So many questions in a row without an answer: it stands in a loop, since what takes long gives way in between. */
const MAX_MISSED_PULSES = 3;

interface RunningWorker<T> {
  worker: Worker;
  remote: Remote<T>;
  /** Rejects the calls that wait, once the worker is gone. */
  end: Interruption;
  stopPulse: () => void;
}

/**
 * A worker that is made on first use, can be ended at any time whatever it is doing, and is made anew on the next use.
 * Why that is the cure for most failures: docs/decisions/004-workers-are-replaced.md.
 */
export class SupervisedWorker<T> {
  readonly #options: SupervisedWorkerOptions<T>;
  #running: RunningWorker<T> | undefined;

  constructor(options: SupervisedWorkerOptions<T>) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The worker's object; starts a worker where none runs. */
  get remote(): Remote<T> {
    return (this.#running ?? this.#start()).remote;
  }

  /** An object that the worker serves on another port; its calls that wait end with the worker, too. */
  connect<U>(port: MessagePort): Remote<U> {
    return connectRemote<U>(port, (this.#running ?? this.#start()).end);
  }

  /** Makes the worker ahead of its first use. */
  start(): void {
    if (!this.#running) this.#start();
  }

  /** Ends the worker at once. Its calls that wait are rejected with `reason`. False where none runs. */
  end(reason: FramesiftError): boolean {
    const running = this.#running;
    if (!running) return false;
    this.#running = undefined;
    running.stopPulse();
    running.worker.terminate();
    this.#options.onEnd?.();
    running.end.interrupt(reason);
    return true;
  }

  #start(): RunningWorker<T> {
    const { make, onStart, onFailure, pulse } = this.#options;
    const worker = make();
    const end = new Interruption();
    const remote = connectRemote<T>(worker, end);
    const stopPulse = pulse ? feelPulse(() => pulse.ask(remote), pulse.onSilence) : () => undefined;
    const running: RunningWorker<T> = { worker, end, remote, stopPulse };
    this.#running = running;
    const fail = (event: Event) => {
      if (this.#running === running) onFailure?.(event);
    };
    worker.addEventListener('error', fail);
    worker.addEventListener('messageerror', fail);
    onStart?.(running.remote);
    return running;
  }
}

/**
 * Asks at once, and again and again until it is told to stop, or until nothing has answered for a while. Nothing counts
 * before the first answer: a script may take long to arrive. The first question comes before all other calls, so that
 * one of those cannot keep it from being answered. Questions are counted, not time: a page may sleep in between.
 */
function feelPulse(ask: () => Promise<void>, onSilence: () => void): () => void {
  let missed = 0;
  let hasAnswered = false;
  const beat = () => {
    missed += 1;
    ask().then(
      () => {
        hasAnswered = true;
        missed = 0;
      },
      () => undefined,
    );
  };
  const timer = setInterval(() => {
    if (hasAnswered && missed >= MAX_MISSED_PULSES) {
      clearInterval(timer);
      onSilence();
    } else {
      beat();
    }
  }, PULSE_MS);
  beat();
  return () => clearInterval(timer);
}
