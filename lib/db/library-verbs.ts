import { sql } from 'drizzle-orm';
import type { Moment } from '@/lib/shared/clip-clock';
import type { EmbeddedFrame, FrameRequest } from '@/lib/shared/frames';
import { toStorageError, type DatabaseConnection } from './client';
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
  readEventFrameRows,
  readFrameEmbeddingRows,
  type FrameEmbeddingRow,
  type PageOptions,
} from './export-rows';
import {
  checkFrameVectors,
  deleteFrameEmbeddings,
  getFrameEmbeddings,
  storedFrameIndexes,
  storeFrameEmbeddingsBatch,
  writeFrameEmbeddings,
  type FrameEmbedding,
  type FrameEmbeddingFilter,
  type FrameVector,
} from './frame-embeddings';
import { pictureType, type ClipFiles } from './frame-files';
import { assertSpan, listFrameSpans, writeFrameSpans, type FrameSpan } from './frame-spans';
import { importClip, type ImportedClip, type ImportResult } from './import-clip';
import { inParallel } from './in-parallel';
import { readVectors, vectorStamps, type VectorPage, type VectorStamp } from './packed-vectors';
import type { EventFrameRow, EventRow } from './schema';
import { unknownEvent } from './validate';

/** A thumbnail of a frame, as bytes of a WebP or JPEG picture. */
export interface FrameThumbnail {
  frameIndex: number;
  thumbnail: Uint8Array<ArrayBuffer>;
}

/** What the verbs work on. */
export interface VerbParts {
  connection: DatabaseConnection;
  files: ClipFiles;
  /** A clip has changed, or may have: a write that failed is told too. */
  onChange: (eventId: string) => void;
}

/**
 * What can be done with the library, one method a verb. They run in the owner's library worker, one after another,
 * for the library workers of all tabs (gateway.ts).
 *
 * [Note: Verbs] Arguments and answers are plain data. Every verb means the same when it runs twice, since one
 * whose owner ended before it answered is sent again: ids are chosen by the caller, frames are upserted by clip and
 * number, updates set values, removing what is gone is no error. The number of rows that a removal took may be too low
 * after a repeat.
 */
export class LibraryVerbs {
  readonly #connection: DatabaseConnection;
  readonly #db: Database;
  readonly #files: ClipFiles;
  readonly #onChange: (eventId: string) => void;

  constructor({ connection, files, onChange }: VerbParts) {
    this.#connection = connection;
    this.#db = connection.db;
    this.#files = files;
    this.#onChange = onChange;
  }

  async info(): Promise<{ store: DatabaseConnection['store']; postgresVersion: string }> {
    const rows = await this.#connection.queryReadOnly(
      `select current_setting('server_version') as version`,
      [],
    );
    return { store: this.#connection.store, postgresVersion: String(rows[0]?.version) };
  }

  // # Clips

  createEvent(event: NewEvent & { id: string }): Promise<EventRow> {
    return this.#write(event.id, () => createEvent(this.#db, event));
  }

  getEvent(eventId: string): Promise<EventSummary | null> {
    return getEvent(this.#db, eventId);
  }

  listEvents(): Promise<EventSummary[]> {
    return listEvents(this.#db);
  }

  updateEvent(eventId: string, changes: EventFields): Promise<EventRow> {
    return this.#write(eventId, () =>
      this.#db.transaction(async (tx) => {
        if (changes.ingestState === 'done') await recordFrameTimestamps(tx, eventId);
        return updateEvent(tx, eventId, changes);
      }),
    );
  }

  async deleteEvent(eventId: string): Promise<boolean> {
    const deleted = await this.#write(eventId, () => deleteEvent(this.#db, eventId));
    // Rows first: files that nobody names are swept up at the next open, rows without files would show as holes.
    await this.#files.removeEvent(eventId);
    if (deleted) void this.#reclaimSpace().catch(() => undefined);
    return deleted;
  }

  // # Frames and vectors

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
      framePath: thumbnailPath(eventId, frameIndex, thumbnail),
    }));
    checkEventFrames(rows);
    for (const { span } of frames) if (span) assertSpan(span);
    // Before any file: an unknown clip must not get a folder.
    if (!(await this.getEvent(eventId))) throw unknownEvent(eventId);

    const newPaths: string[] = [];
    try {
      await inParallel(frames, async ({ thumbnail }, i) => {
        const path = rows[i]!.framePath;
        if (!(await this.#files.has(path))) newPaths.push(path);
        await this.#files.write(path, thumbnail);
      });
      return await this.#write(eventId, () =>
        this.#db.transaction(async (tx) => {
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
      await this.#removeUnnamedFiles(eventId, newPaths).catch(() => undefined);
      throw toStorageError(error);
    }
  }

  async finishReembedding(eventId: string, modelVersion: string): Promise<void> {
    await this.#write(eventId, () =>
      this.#db.transaction(async (tx) => {
        await adoptEmbeddingDrafts(tx, eventId, modelVersion);
        await recordFrameTimestamps(tx, eventId);
        await updateEvent(tx, eventId, { modelVersion, ingestState: 'done', ingestError: null });
      }),
    );
    void this.#reclaimSpace().catch(() => undefined);
  }

  storedFrameIndexes(eventId: string, modelVersion: string): Promise<number[]> {
    return storedFrameIndexes(this.#db, eventId, modelVersion);
  }

  vectorStamps(modelVersion: string, eventIds: string[]): Promise<VectorStamp[]> {
    return vectorStamps(this.#db, modelVersion, eventIds);
  }

  readVectors(
    eventId: string,
    modelVersion: string,
    options: { source: VectorStamp['source']; newerThan?: string | null; after?: number },
  ): Promise<VectorPage> {
    return this.#db.transaction((tx) => readVectors(tx, eventId, modelVersion, options));
  }

  storeFrameEmbeddingsBatch(eventId: string, rows: FrameVector[], modelVersion: string): Promise<string[]> {
    return this.#write(eventId, () => storeFrameEmbeddingsBatch(this.#db, eventId, rows, modelVersion));
  }

  getFrameEmbeddings(eventId: string, options: FrameEmbeddingFilter = {}): Promise<FrameEmbedding[]> {
    return getFrameEmbeddings(this.#db, eventId, options);
  }

  deleteFrameEmbeddings(eventId: string): Promise<number> {
    return this.#write(eventId, () => this.#db.transaction((tx) => deleteFrameEmbeddings(tx, eventId)));
  }

  // # Taking rows out and bringing them back

  readEventFrameRows(eventId: string, options: PageOptions = {}): Promise<EventFrameRow[]> {
    return readEventFrameRows(this.#db, eventId, options);
  }

  readFrameEmbeddingRows(eventId: string, options: PageOptions = {}): Promise<FrameEmbeddingRow[]> {
    return readFrameEmbeddingRows(this.#db, eventId, options);
  }

  readFrameSpans(eventId: string, frameIndexes?: number[]): Promise<FrameSpan[]> {
    return listFrameSpans(this.#db, eventId, frameIndexes);
  }

  async importClip(clip: ImportedClip, pictures: FrameThumbnail[] = []): Promise<ImportResult> {
    const result = await this.#write(clip.event.id, () => importClip(this.#db, clip));
    if (pictures.length > 0) await this.storeThumbnails(result.eventId, pictures);
    return result;
  }

  async framesWithoutPicture(eventId: string): Promise<(FrameRequest & Moment)[]> {
    const frames = await listEventFrames(this.#db, eventId);
    const spans = new Map(
      (await this.readFrameSpans(eventId)).map(({ frameIndex, ...span }) => [frameIndex, span]),
    );
    const isThere: boolean[] = frames.map(() => false);
    await inParallel(frames, async ({ framePath }, i) => {
      isThere[i] = await this.#files.has(framePath);
    });
    return frames
      .filter((_, i) => !isThere[i])
      .map(({ frameIndex, timestampMs }) => ({
        frameIndex,
        timestampMs,
        span: spans.get(frameIndex) ?? null,
      }));
  }

  async storeThumbnails(eventId: string, pictures: FrameThumbnail[]): Promise<void> {
    const rows = new Map(
      (await listEventFrames(this.#db, eventId)).map((frame) => [frame.frameIndex, frame]),
    );
    const written = pictures.flatMap(({ frameIndex, thumbnail }) => {
      const row = rows.get(frameIndex);
      if (!row) return [];
      const path = thumbnailPath(eventId, frameIndex, thumbnail);
      return [{ ...row, framePath: path, fileSizeBytes: thumbnail.length, thumbnail }];
    });
    await inParallel(written, ({ framePath: path, thumbnail }) => this.#files.write(path, thumbnail));
    await this.#write(eventId, () => this.#db.transaction((tx) => writeEventFrames(tx, eventId, written)));
  }

  /** Where the thumbnails of frames lie, in the order asked for; null for a frame that is not there. */
  async framePaths(eventId: string, frameIndexes: number[]): Promise<(string | null)[]> {
    const frames = await listEventFrames(this.#db, eventId, frameIndexes);
    const paths = new Map(frames.map((frame) => [frame.frameIndex, frame.framePath]));
    return frameIndexes.map((frameIndex) => paths.get(frameIndex) ?? null);
  }

  query(text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#connection.queryReadOnly(text, params);
  }

  // # Within

  /** Removes files of clips that are gone, which a page closed in the middle of a deletion leaves behind. */
  async removeOrphanFiles(): Promise<void> {
    // In this order: a clip gets its row before its first file, so a folder seen now has its row by then.
    const withFiles = await this.#files.listEventIds();
    if (withFiles.length === 0) return;
    const known = new Set((await this.listEvents()).map((event) => event.id));
    for (const eventId of withFiles) if (!known.has(eventId)) await this.#files.removeEvent(eventId);
  }

  async #write<T>(eventId: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#onChange(eventId);
    }
  }

  /** Removes those of `paths` that no row names. */
  async #removeUnnamedFiles(eventId: string, paths: string[]): Promise<void> {
    if (paths.length === 0) return;
    const frames = await listEventFrames(this.#db, eventId);
    const named = new Set(frames.map((frame) => frame.framePath));
    await this.#files.remove(paths.filter((path) => !named.has(path)));
  }

  /** PGlite has no autovacuum: without this the space of deleted rows would never be used again. */
  async #reclaimSpace(): Promise<void> {
    for (const table of ['frame_embeddings', 'event_frames', 'events']) {
      await this.#db.execute(sql.raw(`vacuum ${table}`));
    }
  }
}

/** Names of verbs; what is not here is no verb, whatever the object has. */
export const VERB_NAMES = [
  'info',
  'createEvent',
  'getEvent',
  'listEvents',
  'updateEvent',
  'deleteEvent',
  'storeFrameBatch',
  'finishReembedding',
  'storedFrameIndexes',
  'vectorStamps',
  'readVectors',
  'storeFrameEmbeddingsBatch',
  'getFrameEmbeddings',
  'deleteFrameEmbeddings',
  'readEventFrameRows',
  'readFrameEmbeddingRows',
  'readFrameSpans',
  'importClip',
  'framesWithoutPicture',
  'storeThumbnails',
  'framePaths',
  'query',
] as const satisfies readonly (keyof LibraryVerbs)[];

export type VerbName = (typeof VERB_NAMES)[number];

function thumbnailPath(eventId: string, frameIndex: number, thumbnail: Uint8Array): string {
  return framePath(eventId, frameIndex, pictureType(thumbnail) === 'image/jpeg' ? 'jpg' : 'webp');
}
