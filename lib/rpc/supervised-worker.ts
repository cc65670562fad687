import { Interruption } from '@/lib/shared/async';
import type { FramesiftError } from '@/lib/shared/errors';
import { connectRemote, type Remote } from './remote';

export interface SupervisedWorkerOptions<T> {
  /** Makes the worker, whose script serves a `T`. */
  make: () => Worker;
  /** Called with a new worker's object before anybody else's calls: it may be wired to others. */
  onStart?: (remote: Remote<T>) => void;
  /** Called when the script cannot be loaded, or throws where nobody waits: calls may never be answered. */
  onFailure?: (event: Event) => void;
}

interface RunningWorker<T> {
  worker: Worker;
  remote: Remote<T>;
  /** Rejects the calls that wait, once the worker is gone. */
  end: Interruption;
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
    running.worker.terminate();
    running.end.interrupt(reason);
    return true;
  }

  #start(): RunningWorker<T> {
    const { make, onStart, onFailure } = this.#options;
    const worker = make();
    const end = new Interruption();
    const running: RunningWorker<T> = { worker, end, remote: connectRemote<T>(worker, end) };
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
