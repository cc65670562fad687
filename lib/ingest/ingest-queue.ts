import type { TabLocks } from '@/lib/ports/tabs';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import type { IngestJob, IngestServices } from './ingest-clip';
import { isActive, WAITING, type IngestStatus } from './ingest-status';

/** Name of the Web Lock that a tab holds while it reads a clip, so that no other tab reads it too. */
function ingestLockName(clipId: string): string {
  return `framesift-ingest-${clipId}`;
}

interface Entry {
  status: IngestStatus;
  cancel: AbortController;
}

/**
 * Reads clips one after another: the model and the disk are the bottleneck, so two at once would only
 * make both late. Listeners get a new map on every change (it is never changed in place).
 */
export class IngestQueue {
  readonly #services: IngestServices;
  readonly #locks: TabLocks;
  readonly #embedsEveryFrame: boolean;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  #snapshot: ReadonlyMap<string, IngestStatus> = new Map();
  #tail: Promise<void> = Promise.resolve();

  constructor(
    services: IngestServices,
    { locks, embedsEveryFrame = false }: { locks: TabLocks; embedsEveryFrame?: boolean },
  ) {
    this.#services = services;
    this.#locks = locks;
    this.#embedsEveryFrame = embedsEveryFrame;
  }

  /** The status of every clip that was read, or is to be, since the page was opened. */
  readonly statuses = (): ReadonlyMap<string, IngestStatus> => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Puts a clip at the end of the queue; one that is there already keeps its place. */
  add(job: IngestJob): void {
    if (isActive(this.#entries.get(job.clipId)?.status)) return;
    // While it waits another tab may read it.
    const isNew =
      job.isNew === true && !Array.from(this.#entries.values()).some(({ status }) => isActive(status));
    const entry: Entry = {
      status: { ...WAITING, framesTotal: job.requests.length },
      cancel: new AbortController(),
    };
    this.#entries.set(job.clipId, entry);
    this.#publish();
    this.#tail = this.#tail.then(() => this.#run({ ...job, isNew }, entry));
  }

  /** Stops a clip after the batch in hand, or takes it out of the queue. What is stored stays. */
  cancel(clipId: string): void {
    const entry = this.#entries.get(clipId);
    if (!entry || !isActive(entry.status)) return;
    entry.cancel.abort();
    if (entry.status.stage === 'waiting') this.#change(entry, { stage: 'cancelled' });
  }

  /** Stops a clip, waits until nothing of it is being written any more, and forgets it. */
  async remove(clipId: string): Promise<void> {
    const entry = this.#entries.get(clipId);
    if (!entry) return;
    const wasActive = isActive(entry.status);
    this.cancel(clipId);
    if (wasActive) await new Promise<void>((resolve) => this.#onceSettled(entry, resolve));
    this.#entries.delete(clipId);
    this.#publish();
  }

  async #run(job: IngestJob, entry: Entry): Promise<void> {
    if (entry.cancel.signal.aborted) return;
    try {
      await this.#locks.tryLock(ingestLockName(job.clipId), async (isHeld) => {
        if (!isHeld) {
          this.#change(entry, {
            stage: 'failed',
            error: 'This clip is being read in another tab of this site.',
          });
          void this.#forgetWhenFree(job.clipId, entry);
          return;
        }
        // Apart, so that the page's first script is without it.
        const { ingestClip } = await import('./ingest-clip');
        const failures = await ingestClip(
          this.#services,
          { embedsEveryFrame: this.#embedsEveryFrame, ...job },
          (change) => this.#change(entry, change),
          entry.cancel.signal,
        );
        this.#change(entry, { stage: 'done', failures, rate: null });
      });
    } catch (thrown) {
      const error = toFramesiftError(thrown, 'The clip could not be read.');
      this.#change(
        entry,
        isCancelled(error)
          ? { stage: 'cancelled', rate: null }
          : { stage: 'failed', rate: null, error: error.message },
      );
    }
  }

  /** Takes back that another tab reads a clip, once none does. */
  async #forgetWhenFree(clipId: string, entry: Entry): Promise<void> {
    await this.#locks.whenFree(ingestLockName(clipId));
    if (this.#entries.get(clipId) !== entry) return;
    this.#entries.delete(clipId);
    this.#publish();
  }

  #onceSettled(entry: Entry, resolve: () => void): void {
    if (!isActive(entry.status)) {
      resolve();
      return;
    }
    const unsubscribe = this.subscribe(() => {
      if (isActive(entry.status)) return;
      unsubscribe();
      resolve();
    });
  }

  #change(entry: Entry, change: Partial<IngestStatus>): void {
    entry.status = { ...entry.status, ...change };
    this.#publish();
  }

  #publish(): void {
    this.#snapshot = new Map(Array.from(this.#entries, ([clipId, { status }]) => [clipId, status]));
    for (const listener of this.#listeners) listener();
  }
}
