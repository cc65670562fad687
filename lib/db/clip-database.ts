import * as Comlink from 'comlink';
import { sql } from 'drizzle-orm';
import { Mutex, withTimeout } from '@/lib/shared/async';
import type { Moment } from '@/lib/shared/clip-clock';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame, FrameRequest } from '@/lib/shared/frames';
import { connectionFault, toStorageError, type DatabaseConnection } from './client';
import type { Database } from './database';
import { adoptEmbeddingDrafts, writeEmbeddingDrafts } from './embedding-drafts';
import {
  checkEventFrames,
  countEventFrames,
  framePath,
  listEventFrames,
  writeEventFrames,
} from './event-frames';
import {
  createEvent,
  deleteEvent,
  getEvent,
  listEvents,
  recordFrameTimestamps,
  updateEvent,
  type EventFields,
  type EventSummary,
  type NewEvent,
} from './events';
import {
  checkFrameVectors,
  deleteFrameEmbeddings,
  getFrameEmbeddings,
  storedFrameIndexes,
  storeFrameEmbedding,
  storeFrameEmbeddingsBatch,
  writeFrameEmbeddings,
  type FrameEmbedding,
  type FrameEmbeddingFilter,
  type FrameVector,
} from './frame-embeddings';
import {
  readEventFrameRows,
  readFrameEmbeddingRows,
  type FrameEmbeddingRow,
  type PageOptions,
} from './export-rows';
import { pictureType, type ClipFiles } from './frame-files';
import { assertSpan, listFrameSpans, writeFrameSpans, type FrameSpan } from './frame-spans';
import { importClip, type ImportedClip, type ImportResult } from './import-clip';
import { LIBRARY_CHANNEL, type LibraryChange } from './library-channel';
import {
  readVectors,
  vectorStamps,
  type PackedVectors,
  type VectorPage,
  type VectorStamp,
} from './packed-vectors';
import type { EventFrameRow, EventRow } from './schema';
import { unknownEvent } from './validate';

export type {
  EventFields,
  EventFrameRow,
  FrameEmbeddingRow,
  ImportedClip,
  ImportResult,
  EventRow,
  EventSummary,
  FrameEmbedding,
  FrameSpan,
  FrameVector,
  NewEvent,
  PackedVectors,
  VectorPage,
  VectorStamp,
};

export interface ClipDatabaseInfo {
  store: DatabaseConnection['store'];
  /** As the server names it, e.g. `18.6`. */
  postgresVersion: string;
}

export interface StorageEstimate {
  usageBytes: number | null;
  quotaBytes: number | null;
  /** True when the browser has promised not to evict this site on its own. */
  persisted: boolean;
}

/** What a ClipDatabase is made of: the browser's own in the worker, PGlite in memory and fakes in tests. */
export interface ClipDatabaseParts {
  connect: () => Promise<DatabaseConnection>;
  openFiles: () => Promise<ClipFiles>;
}

/** Opening unpacks PostgreSQL's files the first time (4 s on a slow machine) and may wait for another tab to go. */
const OPEN_TIMEOUT_MS = 60_000;

/** A batch of 100 frames took 1.4 s at worst on two busy cores; past this a call is hung, not slow. */
const CALL_TIMEOUT_MS = 30_000;

/** A clip comes in whole in one transaction: 8.6 ms a frame on two cores that were building something else as well. */
const IMPORT_MS_PER_FRAME = 20;

/**
 * How often a call is tried when another tab takes the lead meanwhile, and how long it waits between: a
 * tab that is promoted itself hears of it twice, moments apart, and each time its calls are rejected.
 */
const HAND_OVER_TRIES = 5;
const HAND_OVER_WAIT_MS = 100;

/** Pictures written at a time. */
const PARALLEL_FILES = 8;

/**
 * The library: clips, their pictures and their vectors. Lives in workers/db.worker.ts; the page and the
 * CLIP worker call it over Comlink. Every method opens the library first if nobody has.
 *
 * [Note: Calls that hang] A call through PGliteWorker can wait for ever when the leading tab closes at the
 * wrong moment (pglite #1109, #850), so each has a time limit. After it the connection is made anew, which
 * also ends what the old one left open, and the call is tried once more. That is safe because every
 * call but `deleteFrameEmbeddings` means the same when it is done twice: rows are upserted by their
 * frame and an event's id is chosen before the first try.
 */
export class ClipDatabase {
  readonly #parts: ClipDatabaseParts;
  readonly #channel = new BroadcastChannel(LIBRARY_CHANNEL);
  readonly #changeCounts = new Map<string, number>();
  readonly #connecting = new Mutex();
  #connection: DatabaseConnection | undefined;
  #files: Promise<ClipFiles> | undefined;
  #info: Promise<ClipDatabaseInfo> | undefined;

  constructor(parts: ClipDatabaseParts) {
    this.#parts = parts;
  }

  /** Opens the library and brings its schema up to date. A later call answers at once; after a failure it tries again. */
  open(): Promise<ClipDatabaseInfo> {
    this.#info ??= this.#open().catch((error: unknown) => {
      this.#info = undefined;
      throw toStorageError(error);
    });
    return this.#info;
  }

  async #open(): Promise<ClipDatabaseInfo> {
    const connection = await this.#connect();
    const rows = await withTimeout(
      connection.queryReadOnly(`select current_setting('server_version') as version`, []),
      CALL_TIMEOUT_MS,
      'The library',
    );
    // Nobody waits for tidying up, and a failure of it takes nothing from the library.
    void this.#removeOrphanFiles().catch(() => undefined);
    return { store: connection.store, postgresVersion: String(rows[0]?.version) };
  }

  /** Serves this database on a port as well, so that another worker can write to it directly. */
  connect(port: MessagePort): void {
    Comlink.expose(this, port);
  }

  // # Clips

  createEvent(event: NewEvent): Promise<EventRow> {
    const withId = { ...event, id: event.id ?? crypto.randomUUID() };
    return this.#write(withId.id, (db) => createEvent(db, withId));
  }

  getEvent(eventId: string): Promise<EventSummary | null> {
    return this.#run((db) => getEvent(db, eventId));
  }

  /** All clips, the newest in the library first. */
  listEvents(): Promise<EventSummary[]> {
    return this.#run(listEvents);
  }

  /** Changes a clip. Setting `ingestState` to `done` also writes `frame_timestamps` and `frame_count_used`. */
  updateEvent(eventId: string, changes: EventFields): Promise<EventRow> {
    return this.#write(eventId, (db) =>
      db.transaction(async (tx) => {
        if (changes.ingestState === 'done') await recordFrameTimestamps(tx, eventId);
        return updateEvent(tx, eventId, changes);
      }),
    );
  }

  /** Removes a clip with its frames, vectors and files. False when there was none. */
  async deleteEvent(eventId: string): Promise<boolean> {
    const deleted = await this.#write(eventId, (db) => deleteEvent(db, eventId));
    // Rows first: files that nobody names are swept up at the next open, rows without files would show as holes.
    await (await this.#openFiles()).removeEvent(eventId);
    if (deleted) void this.#reclaimSpace().catch(() => undefined);
    return deleted;
  }

  // # Frames and vectors

  /**
   * Stores a batch of frames with their pictures and vectors and returns the ids of the
   * frame_embeddings rows, in order. Pictures first, then all rows in one transaction: a row always has
   * its picture, and a batch that fails leaves nothing.
   *
   * @param options.asDraft keeps the vectors beside those of another model until `finishReembedding`; no ids then
   */
  async storeFrameBatch(
    eventId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    { asDraft = false } = {},
  ): Promise<string[]> {
    const vectors = checkFrameVectors(frames, modelVersion);
    const rows = frames.map(({ frameIndex, timestampMs, width, height, thumbnail }) => ({
      frameIndex,
      timestampMs,
      width,
      height,
      fileSizeBytes: thumbnail.length,
      framePath: framePath(eventId, frameIndex, pictureType(thumbnail) === 'image/jpeg' ? 'jpg' : 'webp'),
    }));
    checkEventFrames(rows);
    for (const { span } of frames) if (span) assertSpan(span);
    // Before any file: an unknown clip must not get a folder.
    if (!(await this.getEvent(eventId))) throw unknownEvent(eventId);

    const files = await this.#openFiles();
    const newPaths: string[] = [];
    try {
      await inParallel(frames, async ({ thumbnail }, i) => {
        const path = rows[i]!.framePath;
        if (!(await files.has(path))) newPaths.push(path);
        await files.write(path, thumbnail);
      });
      return await this.#write(eventId, (db) =>
        db.transaction(async (tx) => {
          await writeEventFrames(tx, eventId, rows);
          await writeFrameSpans(tx, eventId, frames);
          if (asDraft) {
            await writeEmbeddingDrafts(tx, eventId, vectors, modelVersion);
            return [];
          }
          const ids = await writeFrameEmbeddings(tx, eventId, vectors, modelVersion);
          await updateEvent(tx, eventId, { frameCountUsed: await countEventFrames(tx, eventId) });
          return ids;
        }),
      );
    } catch (error) {
      await this.#removeUnnamedFiles(files, eventId, newPaths).catch(() => undefined);
      throw toStorageError(error);
    }
  }

  /** Puts the drafts of a model in the place of a clip's vectors of every other one, all at once. */
  async finishReembedding(eventId: string, modelVersion: string): Promise<void> {
    await this.#write(eventId, (db) =>
      db.transaction(async (tx) => {
        await adoptEmbeddingDrafts(tx, eventId, modelVersion);
        await recordFrameTimestamps(tx, eventId);
        await updateEvent(tx, eventId, { modelVersion, ingestState: 'done', ingestError: null });
      }),
    );
    void this.#reclaimSpace().catch(() => undefined);
  }

  /** Which frames already have a vector of this model, in order: what a resumed ingest may skip. */
  storedFrameIndexes(eventId: string, modelVersion: string): Promise<number[]> {
    return this.#run((db) => storedFrameIndexes(db, eventId, modelVersion));
  }

  /** What state each clip's vectors of a model are in: see [Note: Stamps] in packed-vectors.ts. */
  vectorStamps(modelVersion: string, eventIds: string[]): Promise<VectorStamp[]> {
    return this.#run((db) => vectorStamps(db, modelVersion, eventIds));
  }

  /**
   * Some thousand vectors of a clip and a model in frame order, packed, and the stamp of the moment that they were read
   * in; the arrays are transferred to the caller.
   *
   * @param options.source where the clip's stamp says that they lie
   * @param options.newerThan a stamp's `newest`: leaves out what that stamp has seen
   * @param options.after `next` of the page before
   */
  async readVectors(
    eventId: string,
    modelVersion: string,
    options: { source: VectorStamp['source']; newerThan?: string | null; after?: number },
  ): Promise<VectorPage> {
    const page = await this.#run((db) =>
      db.transaction((tx) => readVectors(tx, eventId, modelVersion, options)),
    );
    const { frameIndexes, timestampsMs, spansMs, vectors } = page.packed;
    return Comlink.transfer(page, [frameIndexes.buffer, timestampsMs.buffer, spansMs.buffer, vectors.buffer]);
  }

  /**
   * How often this page has written to each clip. Rises before the write's own answer goes out, and needs no
   * query: whoever finds a count unchanged knows that nothing was written here since.
   */
  changeCounts(eventIds: string[]): number[] {
    return eventIds.map((eventId) => this.#changeCounts.get(eventId) ?? 0);
  }

  storeFrameEmbedding(frame: FrameVector & { eventId: string; modelVersion: string }): Promise<string> {
    return this.#write(frame.eventId, (db) => storeFrameEmbedding(db, frame));
  }

  storeFrameEmbeddingsBatch(eventId: string, rows: FrameVector[], modelVersion: string): Promise<string[]> {
    return this.#write(eventId, (db) => storeFrameEmbeddingsBatch(db, eventId, rows, modelVersion));
  }

  getFrameEmbeddings(eventId: string, options: FrameEmbeddingFilter = {}): Promise<FrameEmbedding[]> {
    return this.#run((db) => getFrameEmbeddings(db, eventId, options));
  }

  deleteFrameEmbeddings(eventId: string): Promise<number> {
    // Tried once: a second try after a lost answer would count nothing.
    return this.#write(eventId, (db) => deleteFrameEmbeddings(db, eventId), { retry: false });
  }

  // # Taking rows out and bringing them back

  /** The next page of a clip's pictures as the table has them, for an export. */
  readEventFrameRows(eventId: string, options: PageOptions = {}): Promise<EventFrameRow[]> {
    return this.#run((db) => readEventFrameRows(db, eventId, options));
  }

  /** The next page of a clip's vectors as the table has them, for an export. */
  readFrameEmbeddingRows(eventId: string, options: PageOptions = {}): Promise<FrameEmbeddingRow[]> {
    return this.#run((db) => readFrameEmbeddingRows(db, eventId, options));
  }

  /** The spans of a clip's frames that are known, in frame order; of these frames alone where they are named. */
  readFrameSpans(eventId: string, frameIndexes?: number[]): Promise<FrameSpan[]> {
    return this.#run((db) => listFrameSpans(db, eventId, frameIndexes));
  }

  /**
   * Puts an exported clip into the library, all of it or nothing, see lib/db/import-clip.ts.
   *
   * @param pictures thumbnails for its frames, where the export has pictures; written before the rows that name them
   */
  async importClip(
    clip: ImportedClip,
    pictures: { frameIndex: number; thumbnail: Uint8Array<ArrayBuffer> }[] = [],
  ): Promise<ImportResult> {
    const rows = Math.max(clip.frames.length, clip.vectors.length);
    const timeoutMs = CALL_TIMEOUT_MS + rows * IMPORT_MS_PER_FRAME;
    const result = await this.#write(clip.event.id, (db) => importClip(db, clip), { timeoutMs });
    if (pictures.length > 0) await this.storeThumbnails(result.eventId, pictures);
    return result;
  }

  /** Frames of a clip whose picture is not in this browser, as after an import of rows alone. */
  async framesWithoutPicture(eventId: string): Promise<(FrameRequest & Moment)[]> {
    const frames = await this.#run((db) => listEventFrames(db, eventId));
    const spans = new Map(
      (await this.readFrameSpans(eventId)).map(({ frameIndex, ...span }) => [frameIndex, span]),
    );
    const files = await this.#openFiles();
    const isThere: boolean[] = frames.map(() => false);
    await inParallel(frames, async ({ framePath }, i) => {
      isThere[i] = await files.has(framePath);
    });
    return frames
      .filter((_, i) => !isThere[i])
      .map(({ frameIndex, timestampMs }) => ({
        frameIndex,
        timestampMs,
        span: spans.get(frameIndex) ?? null,
      }));
  }

  /** Writes pictures of frames that have their rows already; frames without a row are left out. */
  async storeThumbnails(
    eventId: string,
    pictures: { frameIndex: number; thumbnail: Uint8Array<ArrayBuffer> }[],
  ): Promise<void> {
    const rows = new Map(
      (await this.#run((db) => listEventFrames(db, eventId))).map((frame) => [frame.frameIndex, frame]),
    );
    const files = await this.#openFiles();
    const written = pictures.flatMap(({ frameIndex, thumbnail }) => {
      const row = rows.get(frameIndex);
      if (!row) return [];
      const path = framePath(eventId, frameIndex, pictureType(thumbnail) === 'image/jpeg' ? 'jpg' : 'webp');
      return [{ ...row, framePath: path, fileSizeBytes: thumbnail.length, thumbnail }];
    });
    await inParallel(written, ({ framePath: path, thumbnail }) => files.write(path, thumbnail));
    await this.#run((db) => db.transaction((tx) => writeEventFrames(tx, eventId, written)));
    this.#announce(eventId);
  }

  // # Files

  /** The pictures of frames in the order asked for; null where there is none. */
  async readThumbnails(eventId: string, frameIndexes: number[]): Promise<(Blob | null)[]> {
    if (frameIndexes.length === 0) return [];
    const frames = await this.#run((db) => listEventFrames(db, eventId, frameIndexes));
    const pathByFrameIndex = new Map(frames.map((frame) => [frame.frameIndex, frame.framePath]));
    const files = await this.#openFiles();
    const blobs: (Blob | null)[] = frameIndexes.map(() => null);
    await inParallel(frameIndexes, async (frameIndex, i) => {
      const path = pathByFrameIndex.get(frameIndex);
      if (path !== undefined) blobs[i] = await files.read(path);
    });
    return blobs;
  }

  /**
   * Keeps a copy of the clip, so that its moments can be played later, and returns its path; null when
   * the browser has too little room. A callback must be wrapped in Comlink.proxy.
   */
  async storeClipFile(
    eventId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const before = await this.getEvent(eventId);
    if (!before) throw unknownEvent(eventId);
    const files = await this.#openFiles();
    const path = await files.storeClipFile(eventId, file, onProgress);
    if (path === null) return null;
    try {
      await this.#write(eventId, (db) => updateEvent(db, eventId, { videoPath: path }));
    } catch (error) {
      await files.remove([path]).catch(() => undefined);
      throw error;
    }
    if (before.videoPath !== null && before.videoPath !== path) await files.remove([before.videoPath]);
    return path;
  }

  /** The kept copy of the clip under its own name, or null when there is none. */
  async readClipFile(eventId: string): Promise<File | null> {
    const event = await this.getEvent(eventId);
    if (!event?.videoPath) return null;
    const file = await (await this.#openFiles()).readClipFile(event.videoPath);
    return file && new File([file], event.fileName ?? file.name, { type: file.type });
  }

  async estimate(): Promise<StorageEstimate> {
    const [{ usage, quota }, persisted] = await Promise.all([
      navigator.storage.estimate(),
      navigator.storage.persisted(),
    ]);
    return { usageBytes: usage ?? null, quotaBytes: quota ?? null, persisted };
  }

  /** Runs one statement that reads; PostgreSQL refuses any that writes. For the developer console and tests. */
  query(text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#run((_, connection) => connection.queryReadOnly(text, params));
  }

  // # Within

  /** `#run` for what changes a clip. Told also after a failure: a write whose answer was lost may have come through. */
  async #write<T>(
    eventId: string,
    work: (db: Database) => Promise<T>,
    options?: { retry?: boolean; timeoutMs?: number },
  ): Promise<T> {
    try {
      return await this.#run(work, options);
    } finally {
      this.#announce(eventId);
    }
  }

  #announce(eventId: string): void {
    this.#changeCounts.set(eventId, (this.#changeCounts.get(eventId) ?? 0) + 1);
    this.#channel.postMessage({ type: 'changed', eventId } satisfies LibraryChange);
  }

  #openFiles(): Promise<ClipFiles> {
    this.#files ??= this.#parts.openFiles().catch((error: unknown) => {
      this.#files = undefined;
      throw error;
    });
    return this.#files;
  }

  /** The connection, made when there is none. Waiting callers share one. */
  #connect(): Promise<DatabaseConnection> {
    return this.#connecting.run(async () => {
      if (this.#connection) return this.#connection;
      const connecting = this.#parts.connect();
      try {
        this.#connection = await withTimeout(connecting, OPEN_TIMEOUT_MS, 'The library');
      } catch (error) {
        // One that comes late must not stay in the queue of leaders.
        connecting.then(
          (late) => late.close(),
          () => undefined,
        );
        throw tellOfOtherTabs(error);
      }
      return this.#connection;
    });
  }

  async #run<T>(
    work: (db: Database, connection: DatabaseConnection) => Promise<T>,
    { retry = true, timeoutMs = CALL_TIMEOUT_MS }: { retry?: boolean; timeoutMs?: number } = {},
  ): Promise<T> {
    await this.open();
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#connect();
      try {
        const working = connection.untilHandOver(work(connection.db, connection));
        return await withTimeout(working, timeoutMs, 'The library');
      } catch (error) {
        const fault = connectionFault(error);
        if (fault === 'broken') await this.#abandon(connection);
        const limit = fault === 'broken' ? 2 : HAND_OVER_TRIES;
        if (fault === null || !retry || attempt >= limit) throw tellOfOtherTabs(error);
        if (fault === 'handed-over') await new Promise((resolve) => setTimeout(resolve, HAND_OVER_WAIT_MS));
      }
    }
  }

  /** See [Note: Calls that hang]. Closing ends our worker, and with it our leadership if we had it. */
  async #abandon(connection: DatabaseConnection): Promise<void> {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    await connection.close().catch(() => undefined);
  }

  /** Removes those of `paths` that no row names. After a lost answer the rows may well be there. */
  async #removeUnnamedFiles(files: ClipFiles, eventId: string, paths: string[]): Promise<void> {
    if (paths.length === 0) return;
    const named = new Set(
      (await this.#run((db) => listEventFrames(db, eventId))).map((frame) => frame.framePath),
    );
    await files.remove(paths.filter((path) => !named.has(path)));
  }

  /** Removes files of clips that are gone, which a page closed in the middle of a deletion leaves behind. */
  async #removeOrphanFiles(): Promise<void> {
    const files = await this.#openFiles();
    // In this order: a clip gets its row before its first file, so a folder seen now has its row by then.
    const withFiles = await files.listEventIds();
    if (withFiles.length === 0) return;
    const known = new Set((await this.listEvents()).map((event) => event.id));
    for (const eventId of withFiles) if (!known.has(eventId)) await files.removeEvent(eventId);
  }

  /** PGlite has no autovacuum: without this the space of deleted rows would never be used again. */
  async #reclaimSpace(): Promise<void> {
    for (const table of ['frame_embeddings', 'event_frames', 'events']) {
      await this.#run((db) => db.execute(sql.raw(`vacuum ${table}`)));
    }
  }
}

function tellOfOtherTabs(error: unknown): FramesiftError {
  if (!(error instanceof FramesiftError && error.code === 'timed-out')) return toStorageError(error);
  return new FramesiftError(
    'timed-out',
    'The library does not answer. If Framesift is open in another tab, close that one, then reload this one.',
    { transient: true, cause: error },
  );
}

/** Runs `work` over all items, a few at a time, and waits for all even when one fails. */
async function inParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lanes = Array.from({ length: Math.min(PARALLEL_FILES, items.length) }, async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i]!, i);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected');
  if (failed) throw failed.reason;
}
