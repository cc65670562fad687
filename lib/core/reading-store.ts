import type { IngestJob } from '@/lib/ingest/ingest-clip';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import type { IngestQueue } from '@/lib/ingest/ingest-queue';
import { toFramesiftError } from '@/lib/shared/errors';
import type { Store } from './store';

/** The status of every clip that this tab reads or has read, by clip. */
export type ReadingStates = ReadonlyMap<string, IngestStatus>;

/** What the store of readings stands on. */
export interface ReadingParts {
  queue: Pick<IngestQueue, 'statuses' | 'subscribe' | 'add' | 'cancel' | 'remove'>;
  /** Deletes a clip with all that is stored of it. */
  deleteClip: (clipId: string) => Promise<unknown>;
  /** Called when a reading has reached another stage: what the library says of its clip has changed. */
  onStage: () => void;
  /** Given a sentence for the person. */
  onProblem: (sentence: string) => void;
}

/** The clips that this tab reads, one after another. Progress is kept in the queue alone. */
export class ReadingStore implements Store<ReadingStates> {
  readonly #parts: ReadingParts;
  /** Clips that are read in the place of others, with the one whose place each takes. */
  readonly #replacing = new Map<string, string>();
  #stages = '';

  constructor(parts: ReadingParts) {
    this.#parts = parts;
    parts.queue.subscribe(() => this.#follow());
  }

  /** The status of every clip that was read, or is to be, since the page was opened. */
  readonly get = (): ReadingStates => this.#parts.queue.statuses();

  /** Calls `listener` after every change. */
  readonly subscribe = (listener: () => void): (() => void) => this.#parts.queue.subscribe(listener);

  /** Puts a clip at the end of the queue; one that is there already keeps its place. */
  add(job: IngestJob): void {
    this.#parts.queue.add(job);
  }

  /** Stops reading a clip. What is stored stays. */
  cancel(clipId: string): void {
    this.#parts.queue.cancel(clipId);
  }

  /** Stops reading a clip and resolves when nothing of it is being written any more. */
  remove(clipId: string): Promise<void> {
    return this.#parts.queue.remove(clipId);
  }

  /** Deletes a clip once another has been read whole in its place; it stays when that one is stopped or fails. */
  replaceWhenRead(oldId: string, clipId: string): void {
    this.#replacing.set(clipId, oldId);
    this.#follow();
  }

  #follow(): void {
    const statuses = this.get();
    for (const [clipId, oldId] of this.#replacing) {
      if (statuses.get(clipId)?.stage !== 'done') continue;
      this.#replacing.delete(clipId);
      void this.#deleteReplaced(oldId);
    }
    const stages = Array.from(statuses.values(), ({ stage }) => stage).join();
    if (stages === this.#stages) return;
    this.#stages = stages;
    this.#parts.onStage();
  }

  async #deleteReplaced(oldId: string): Promise<void> {
    try {
      await this.#parts.queue.remove(oldId);
      await this.#parts.deleteClip(oldId);
      this.#parts.onStage();
    } catch (error) {
      this.#parts.onProblem(`The old clip could not be deleted. ${toFramesiftError(error).message}`);
    }
  }
}
