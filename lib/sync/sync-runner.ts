import type { SharedLibrary, Sharing } from '@/lib/ports/sharing';
import type { Remote } from '@/lib/rpc/remote';
import { FramesiftError, isA, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { RateEstimator } from '@/lib/shared/rate-estimator';
import { waitAfterFailure } from './back-off';
import { bringClip, DatabaseStore } from './database-store';
import { decideHolding } from './holding';
import { LibraryClient, type LibraryAccess, type Send } from './library-client';
import { noticeId } from './notices';
import { Refusal } from './refusal';
import { syncLibrary } from './sync-library';
import type { SyncProgress, SyncStatus, SyncStatuses } from './sync-status';

/** What the runner stands on. */
export interface RunnerParts {
  sharing: Remote<Sharing>;
  /** Makes what sends requests, until `signal` is aborted. */
  send: (signal: AbortSignal) => Send;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Gives numbers in [0, 1). */
  random: () => number;
  newId: () => string;
  /** Told after every change, and while rows come and go some times a second. */
  publish: (statuses: SyncStatuses) => void;
}

/** The time of the last look is written so often at most: a poll that finds nothing new writes nothing. */
const NOTE_TIME_MS = 60_000;

/** Progress is told so often at most. */
const TELL_INTERVAL_MS = 200;

/**
 * Goes through all libraries, one after another, each time it is told to look. A library whose server is away is left
 * alone for a while that grows; one that refuses this browser until a person asks.
 */
export class SyncRunner {
  readonly #parts: RunnerParts;
  #statuses: SyncStatuses = {};
  readonly #failures = new Map<string, number>();
  readonly #restingUntil = new Map<string, number>();
  readonly #notedAt = new Map<string, number>();
  #running: Promise<void> | null = null;
  #wanted: { isForced: boolean } | null = null;
  #current: { libraryId: string; controller: AbortController } | null = null;
  #isEnded = false;
  #toldAt = 0;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  get statuses(): SyncStatuses {
    return this.#statuses;
  }

  /** Looks for news now, or once more when the look under way is over. Resolves when that is done; never rejects. */
  look({ isForced }: { isForced: boolean }): Promise<void> {
    this.#wanted = { isForced: isForced || (this.#wanted?.isForced ?? false) };
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  /** Stops what is being done about a library, until the next look. */
  stop(libraryId: string): void {
    if (this.#current?.libraryId === libraryId) this.#current.controller.abort();
  }

  /** Ends for good. */
  end(): void {
    this.#isEnded = true;
    this.#current?.controller.abort();
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#isEnded) {
      const { isForced } = this.#wanted;
      this.#wanted = null;
      try {
        const libraries = await this.#parts.sharing.libraries();
        this.#forget(libraries);
        for (const library of libraries) await this.#lookInto(library, isForced);
      } catch {
        // The database is away; what it is about is told where it is opened, and the next look tries again.
      }
    }
  }

  #forget(libraries: readonly SharedLibrary[]): void {
    const known = new Set(libraries.map(({ id }) => id));
    const left = Object.entries(this.#statuses).filter(([id]) => known.has(id));
    if (left.length < Object.keys(this.#statuses).length) this.#publish(Object.fromEntries(left));
  }

  async #lookInto(library: SharedLibrary, isForced: boolean): Promise<void> {
    if (this.#isEnded) return;
    const { id } = library;
    const { now } = this.#parts;
    if (library.isPaused) {
      this.#tell(id, { state: 'waiting' });
      return;
    }
    if (!isForced && now() < (this.#restingUntil.get(id) ?? 0)) return;
    const controller = new AbortController();
    this.#current = { libraryId: id, controller };
    // A look that finds nothing new is over before anybody could read that it is under way.
    if (this.#statuses[id]?.state !== 'done') this.#tell(id, { state: 'syncing', progress: null });
    try {
      await this.#sync(library, controller.signal);
      this.#failures.delete(id);
      this.#restingUntil.delete(id);
      this.#tell(id, { state: 'done', at: now() });
      await this.#noteTime(id);
    } catch (error) {
      this.#tell(id, this.#afterFailure(id, error));
    } finally {
      this.#current = null;
    }
  }

  async #sync({ id, server, token, ...library }: SharedLibrary, signal: AbortSignal): Promise<void> {
    const { sharing, send, now, newId } = this.#parts;
    const progress = new Progress(now, (told) => {
      if (now() - this.#toldAt >= TELL_INTERVAL_MS) this.#tell(id, { state: 'syncing', progress: told });
    });
    const access = { server, workspace: id, token };
    const client = new CountingClient(send(signal), access, (rows) => progress.add(rows));
    const store = new DatabaseStore(sharing, id, client);
    let { holding } = library;
    if (holding === 'undecided') {
      holding = await decideHolding(client);
      await sharing.setLibrary(id, { holding });
    }
    await syncLibrary({
      client,
      store,
      holding,
      // A server names none: of two readings the first is kept.
      model: null,
      newRevision: newId,
      tell: (notice) => sharing.keepNotice(id, noticeId(notice), notice),
      expect: (direction, rows) => progress.expect(direction, rows),
    });
    if (holding === 'list') return;
    const away = await sharing.awayClips(id);
    const rows = away.reduce((sum, { frames }) => sum + frames, 0);
    if (rows > 0) progress.expect('receiving', rows);
    for (const clip of away) await bringClip(client, store, clip);
  }

  #afterFailure(id: string, error: unknown): SyncStatus {
    if (isCancelled(error)) return { state: 'waiting' };
    const { now, random } = this.#parts;
    const { message } = isA(error, Refusal) ? error : toFramesiftError(error);
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    const isPassing = isA(error, Refusal) ? error.isTransient : isA(error, FramesiftError) && error.transient;
    const retryAt = isPassing ? now() + waitAfterFailure(failures, error, random) : Infinity;
    this.#restingUntil.set(id, retryAt);
    return isPassing ? { state: 'away', message, retryAt } : { state: 'failed', message };
  }

  async #noteTime(id: string): Promise<void> {
    const { now, sharing } = this.#parts;
    if (now() - (this.#notedAt.get(id) ?? 0) < NOTE_TIME_MS) return;
    this.#notedAt.set(id, now());
    await sharing.setLibrary(id, { syncedAt: new Date(now()) });
  }

  #tell(id: string, status: SyncStatus): void {
    this.#publish({ ...this.#statuses, [id]: status });
  }

  #publish(statuses: SyncStatuses): void {
    this.#toldAt = this.#parts.now();
    this.#statuses = statuses;
    this.#parts.publish(statuses);
  }
}

/** Counts rows that go one way. */
class Progress {
  #estimator = new RateEstimator();
  #told: SyncProgress | null = null;

  constructor(
    private readonly now: () => number,
    private readonly tell: (progress: SyncProgress) => void,
  ) {}

  expect(direction: SyncProgress['direction'], rows: number): void {
    const before = this.#told?.direction === direction ? this.#told : { done: 0, total: 0 };
    if (before !== this.#told) this.#estimator = new RateEstimator();
    this.#told = { direction, done: before.done, total: before.total + rows, rate: null };
    this.#estimator.add(this.now(), before.done);
    this.tell(this.#told);
  }

  add(rows: number): void {
    if (!this.#told) return;
    const { direction, total } = this.#told;
    // A clip that changed meanwhile may have more rows than were announced.
    const done = Math.min(this.#told.done + rows, total);
    this.#estimator.add(this.now(), done);
    this.#told = { direction, done, total, rate: this.#estimator.rate(total) };
    this.tell(this.#told);
  }
}

/** A client that counts the rows that it sends and reads. */
class CountingClient extends LibraryClient {
  readonly #count: (rows: number) => void;

  constructor(send: Send, access: LibraryAccess, count: (rows: number) => void) {
    super(send, access);
    this.#count = count;
  }

  override async putRows(...args: Parameters<LibraryClient['putRows']>): Promise<void> {
    await super.putRows(...args);
    this.#count(args[3].length);
  }

  override async readRows(...args: Parameters<LibraryClient['readRows']>) {
    const read = await super.readRows(...args);
    this.#count(read.rows.length);
    return read;
  }
}
