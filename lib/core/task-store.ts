import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { ValueStore, type Store } from './store';

/** What a task is given: how it is stopped, and where it tells how far it is. */
export interface Task {
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** The task under way, or how the last one ended. */
export type TaskState =
  | { state: 'idle' }
  | { state: 'running'; title: string; done: number; total: number }
  | { state: 'done'; message: string }
  | { state: 'failed'; message: string };

const IDLE: TaskState = { state: 'idle' };

/** Runs one task at a time, as an export, and tells how far it is. A new one ends the one before. */
export class TaskStore implements Store<TaskState> {
  readonly #state = new ValueStore<TaskState>(IDLE);
  readonly #failed: string;
  #running: AbortController | null = null;

  /** @param failed the sentence for a failure that has none of its own */
  constructor(failed: string) {
    this.#failed = failed;
  }

  /** What is the case now. */
  readonly get = (): TaskState => this.#state.get();

  /** Calls `listener` after every change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  /**
   * @param title says what is being made, as `Frames as ZIP`
   * @param work gives the sentence to end with
   */
  readonly run = (title: string, work: (task: Task) => Promise<string>): void => {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    const show = (next: TaskState) => {
      if (this.#running === running) this.#state.set(next);
    };
    show({ state: 'running', title, done: 0, total: 0 });
    work({
      signal: running.signal,
      onProgress: (done, total) => show({ state: 'running', title, done, total }),
    }).then(
      (message) => show({ state: 'done', message }),
      (error: unknown) =>
        show(
          isCancelled(error) || running.signal.aborted
            ? IDLE
            : { state: 'failed', message: toFramesiftError(error, this.#failed).message },
        ),
    );
  };

  /** Stops the task; nothing that it still tells is shown. */
  readonly cancel = (): void => {
    this.#running?.abort();
    this.#running = null;
    this.#state.set(IDLE);
  };

  /** Takes away how the last one ended. */
  readonly dismiss = (): void => this.#state.set(IDLE);
}
