import type {
  EmbeddingSet,
  ClipFields,
  EmbeddingDraftRow,
  EventFrameRow,
  EventRow,
  ClipSummary,
  FrameEmbedding,
  FrameEmbeddingFilter,
  FrameEmbeddingRow,
  FrameSpan,
  FrameThumbnail,
  NewFrameEmbedding,
  ImportResult,
  ImportedClip,
  LibraryFlaws,
  MoreFollows,
  NewClip,
  PageOptions,
  SearchedSet,
  SetState,
  EmbeddingPage,
} from '@/lib/ports/library';
import { type CheckedEmbedding, checkEmbeddings } from './checked-embeddings';
import { eq, sql } from 'drizzle-orm';
import type { Moment } from '@/lib/shared/clip-clock';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { EmbeddedFrame, FrameRequest } from '@/lib/shared/frames';
import { embeddingPath, readHeader, type PackedEmbeddings } from '@/lib/shared/packed-layout';
import { timed } from '@/lib/shared/stage-timing';
import { toStorageError, type DatabaseConnection } from './client';
import { ROWS_PER_READ, type Database } from './database';
import { adoptEmbeddingDrafts, writeEmbeddingDrafts } from './embedding-drafts';
import { appendRows, beginFile, finishFile } from './embedding-file';
import { addToFrames, countAnew, lockClip, setsOf } from './embedding-sets';
import { checkFrames, framePath, listFrames, writeFrames } from './frames';
import { createClip, deleteClip, getClip, listClips, recordFrameTimestamps, updateClip } from './clips';
import { readEmbeddingDraftRows, readEventFrameRows, readFrameEmbeddingRows } from './export-rows';
import {
  deleteFrameEmbeddings,
  getFrameEmbeddings,
  storedFrameIndexes,
  storeFrameEmbeddingsBatch,
  writeFrameEmbeddings,
} from './frame-embeddings';
import { thumbnailType, type ClipFiles } from './clip-files';
import { assertSpan, listFrameSpans, writeFrameSpans } from './frame-spans';
import { checkClip, importClip } from './import-clip';
import { inParallel } from '@/lib/shared/in-parallel';
import { noteChange, noteDeletion, noteFields } from './outbox';
import { namedFiles, scanLibrary } from './library-scan';
import { readEmbeddings, searchedSets } from './packed-embeddings';
import { embeddingSets } from './schema';
import { shortenLog } from './shorten-log';

/** Rows that a file of embeddings may have beyond twice its frames before it is made anew. */
const SPARE_ROWS = 1_000;

/** What the verbs work on. */
export interface VerbParts {
  connection: DatabaseConnection;
  files: ClipFiles;
  /** A clip has changed, or may have: a write that failed is told too. */
  onChange: (clipId: string) => void;
  /** Lets other verbs come first; only outside transactions. */
  giveWay: () => Promise<void>;
}

/** So many writes after another the length of PostgreSQL's log is looked at. */
const WRITES_PER_LOOK = 8;

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
  readonly #onChange: (clipId: string) => void;
  readonly #giveWay: () => Promise<void>;
  /** Paths of files that are being made anew. */
  readonly #packing = new Set<string>();
  #writes = 0;

  constructor({ connection, files, onChange, giveWay }: VerbParts) {
    this.#connection = connection;
    this.#db = connection.db;
    this.#files = files;
    this.#onChange = onChange;
    this.#giveWay = giveWay;
  }

  async info(): Promise<{ store: DatabaseConnection['store']; postgresVersion: string }> {
    const rows = await this.#connection.queryReadOnly(
      `select current_setting('server_version') as version`,
      [],
    );
    return { store: this.#connection.store, postgresVersion: String(rows[0]?.version) };
  }

  // # Clips

  createClip(clip: NewClip & { id: string }): Promise<EventRow> {
    return this.#write(clip.id, () => createClip(this.#db, clip));
  }

  getClip(clipId: string): Promise<ClipSummary | null> {
    return getClip(this.#db, clipId);
  }

  listClips(): Promise<ClipSummary[]> {
    return listClips(this.#db);
  }

  updateClip(clipId: string, changes: ClipFields): Promise<EventRow> {
    return this.#write(clipId, () =>
      this.#db.transaction(async (tx) => {
        if (changes.ingestState === 'done') {
          await countAnew(tx, clipId);
          await recordFrameTimestamps(tx, clipId);
        }
        const updated = await updateClip(tx, clipId, changes);
        await noteFields(tx, clipId, changes);
        return updated;
      }),
    );
  }

  async deleteClip(clipId: string): Promise<boolean> {
    const deleted = await this.#write(clipId, () =>
      this.#db.transaction(async (tx) => {
        await noteDeletion(tx, clipId);
        return deleteClip(tx, clipId);
      }),
    );
    // Rows first: files that nobody names are swept up at the next open, rows without files would show as holes.
    await this.#files.removeClip(clipId);
    if (deleted) void this.#reclaimSpace().catch(() => undefined);
    return deleted;
  }

  // # Frames and embeddings

  storeFrameBatch(
    clipId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    options: { asDraft?: boolean } = {},
  ): Promise<string[]> {
    return timed('store', () => this.#storeFrameBatch(clipId, frames, modelVersion, options));
  }

  async #storeFrameBatch(
    clipId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    { asDraft = false }: { asDraft?: boolean },
  ): Promise<string[]> {
    const embeddings = checkEmbeddings(frames, modelVersion);
    const rows = frames.map(({ frameIndex, timestampMs, width, height, thumbnail }) => ({
      frameIndex,
      timestampMs,
      width,
      height,
      fileSizeBytes: thumbnail.length,
      framePath: thumbnailPath(clipId, frameIndex, thumbnail),
    }));
    checkFrames(rows);
    for (const { span } of frames) if (span) assertSpan(span);

    let newPaths: string[] = [];
    let sets: EmbeddingSet[] = [];
    try {
      const { ids, set } = await this.#write(clipId, () =>
        this.#db.transaction(async (tx) => {
          sets = await lockClip(tx, clipId);
          // After the clip is known to be there, which must not get a folder otherwise; before any row names them.
          newPaths = await this.#writeThumbnails(rows, frames);
          await addToFrames(tx, clipId, await writeFrames(tx, clipId, rows));
          await writeFrameSpans(tx, clipId, frames);
          const written = asDraft
            ? { ids: [], set: await writeEmbeddingDrafts(tx, clipId, sets, embeddings, modelVersion) }
            : await writeFrameEmbeddings(tx, clipId, sets, embeddings, modelVersion);
          // From here on the rows may be committed although an error follows, and need their thumbnails. Those of rows that
          // were not are written again, or swept up by `removeOrphanFiles`.
          newPaths = [];
          return written;
        }),
      );
      await this.#appendEmbeddings(clipId, sets, set, frames, embeddings);
      return ids;
    } catch (error) {
      await this.#files.remove(newPaths).catch(() => undefined);
      throw toStorageError(error);
    }
  }

  async finishReembedding(clipId: string, modelVersion: string): Promise<void> {
    const before = await setsOf(this.#db, clipId, modelVersion);
    await this.#write(clipId, () =>
      this.#db.transaction(async (tx) => {
        await adoptEmbeddingDrafts(tx, clipId, modelVersion);
        await recordFrameTimestamps(tx, clipId);
        await updateClip(tx, clipId, { modelVersion, ingestState: 'done', ingestError: null });
        await noteChange(tx, clipId);
      }),
    );
    await this.#adoptEmbeddings(clipId, modelVersion, before).catch(() => undefined);
    void this.#reclaimSpace().catch(() => undefined);
  }

  storedFrameIndexes(clipId: string, modelVersion: string): Promise<number[]> {
    return storedFrameIndexes(this.#db, clipId, modelVersion);
  }

  /** Of each clip, what a search with a model compares. */
  searchedSets(modelVersion: string, clipIds: string[]): Promise<SearchedSet[]> {
    return searchedSets(this.#db, modelVersion, clipIds);
  }

  readEmbeddings(
    clipId: string,
    modelVersion: string,
    options: { state: SetState; after?: number; maxRows?: number },
  ): Promise<EmbeddingPage> {
    return this.#db.transaction((tx) => readEmbeddings(tx, clipId, modelVersion, options));
  }

  /**
   * Makes the file of a set anew from the table: see [Note: Packed embeddings].
   *
   * @returns false where this browser has no such files
   */
  async packEmbeddings(clipId: string, modelVersion: string, state: SetState): Promise<boolean> {
    const path = embeddingPath(clipId, modelVersion, state);
    if (this.#packing.has(path)) {
      while (this.#packing.has(path)) await this.#giveWay();
      return true;
    }
    this.#packing.add(path);
    try {
      for (let givesWay = true; ; givesWay = false) {
        // A clip that is gone must not get a folder.
        if ((await setsOf(this.#db, clipId, modelVersion)).every((set) => set.state !== state)) return true;
        if ((await this.#files.edit(path, beginFile)) === null) return false;
        if (await this.#packRows(clipId, modelVersion, state, givesWay)) return true;
      }
    } finally {
      this.#packing.delete(path);
    }
  }

  /** Writes a set to its file, which has been begun. False where the set changes meanwhile. */
  async #packRows(
    clipId: string,
    modelVersion: string,
    state: SetState,
    givesWay: boolean,
  ): Promise<boolean> {
    const path = embeddingPath(clipId, modelVersion, state);
    let packedRevision: number | null = null;
    for (let after = -1; ;) {
      const options = { state, after, maxRows: ROWS_PER_READ };
      const { packed, next, revision } = await this.readEmbeddings(clipId, modelVersion, options);
      packedRevision ??= revision;
      if (revision !== packedRevision) return false;
      await this.#files.edit(path, (file) => {
        appendRows(file, packed, 0, 0);
        if (next === null) finishFile(file, revision);
      });
      if (next === null) return true;
      after = next;
      if (givesWay) await this.#giveWay();
    }
  }

  storeFrameEmbeddingsBatch(
    clipId: string,
    rows: NewFrameEmbedding[],
    modelVersion: string,
  ): Promise<string[]> {
    return this.#write(clipId, () => storeFrameEmbeddingsBatch(this.#db, clipId, rows, modelVersion));
  }

  getFrameEmbeddings(clipId: string, options: FrameEmbeddingFilter = {}): Promise<FrameEmbedding[]> {
    return getFrameEmbeddings(this.#db, clipId, options);
  }

  async deleteFrameEmbeddings(clipId: string): Promise<number> {
    const sets = await this.#db.select().from(embeddingSets).where(eq(embeddingSets.clipId, clipId));
    const deleted = await this.#write(clipId, () =>
      this.#db.transaction(async (tx) => {
        const count = await deleteFrameEmbeddings(tx, clipId);
        await noteChange(tx, clipId);
        return count;
      }),
    );
    const paths = sets.map(({ modelVersion, state }) => embeddingPath(clipId, modelVersion, state));
    await this.#files.remove(paths).catch(() => undefined);
    return deleted;
  }

  // # Taking rows out and bringing them back

  readEventFrameRows(clipId: string, options: PageOptions = {}): Promise<EventFrameRow[]> {
    return readEventFrameRows(this.#db, clipId, options);
  }

  readFrameEmbeddingRows(clipId: string, options: PageOptions = {}): Promise<FrameEmbeddingRow[]> {
    return readFrameEmbeddingRows(this.#db, clipId, options);
  }

  readEmbeddingDraftRows(clipId: string, options: PageOptions = {}): Promise<EmbeddingDraftRow[]> {
    return readEmbeddingDraftRows(this.#db, clipId, options);
  }

  readFrameSpans(clipId: string, frameIndexes?: number[]): Promise<FrameSpan[]> {
    return listFrameSpans(this.#db, clipId, frameIndexes);
  }

  async importClip(
    clip: ImportedClip,
    thumbnails: FrameThumbnail[] = [],
    { moreFollows = false }: MoreFollows = {},
  ): Promise<ImportResult> {
    const checked = await checkClip(clip, this.#giveWay);
    const work = () =>
      this.#db.transaction(async (tx) => {
        const imported = await importClip(tx, checked);
        await noteChange(tx, imported.clipId);
        return imported;
      });
    const isTold = !moreFollows && thumbnails.length === 0;
    const result = await this.#write(clip.event.id, work, { isTold });
    // Of a long clip as much as of hours of reading.
    await shortenLog(this.#db).catch(() => undefined);
    if (thumbnails.length > 0) await this.storeThumbnails(result.clipId, thumbnails, { moreFollows });
    return result;
  }

  async framesWithoutPicture(clipId: string): Promise<(FrameRequest & Moment)[]> {
    const frames = await listFrames(this.#db, clipId);
    const spans = new Map(
      (await this.readFrameSpans(clipId)).map(({ frameIndex, ...span }) => [frameIndex, span]),
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

  async storeThumbnails(
    clipId: string,
    thumbnails: FrameThumbnail[],
    { moreFollows = false }: MoreFollows = {},
  ): Promise<void> {
    const frames = await listFrames(
      this.#db,
      clipId,
      thumbnails.map(({ frameIndex }) => frameIndex),
    );
    const rows = new Map(frames.map((frame) => [frame.frameIndex, frame]));
    const written = thumbnails.flatMap(({ frameIndex, thumbnail }) => {
      const row = rows.get(frameIndex);
      if (!row) return [];
      const path = thumbnailPath(clipId, frameIndex, thumbnail);
      return [{ ...row, framePath: path, fileSizeBytes: thumbnail.length, thumbnail }];
    });
    await this.#writeThumbnails(written, written);
    const work = () =>
      this.#db.transaction(async (tx) => {
        await lockClip(tx, clipId);
        await addToFrames(tx, clipId, await writeFrames(tx, clipId, written));
      });
    await this.#write(clipId, work, { isTold: !moreFollows });
  }

  /** Paths of frames' thumbnails, in the order asked for; null for a frame that is not there. */
  async thumbnailPaths(clipId: string, frameIndexes: number[]): Promise<(string | null)[]> {
    const frames = await listFrames(this.#db, clipId, frameIndexes);
    const paths = new Map(frames.map(({ frameIndex, framePath }) => [frameIndex, framePath]));
    return frameIndexes.map((frameIndex) => paths.get(frameIndex) ?? null);
  }

  /** @throws FramesiftError `storage-unavailable` when the browser has deleted the library's files behind the open page */
  assertKept(): Promise<void> {
    return this.#connection.assertKept();
  }

  /** What does not fit together in this library; see library-scan.ts. */
  scan(): Promise<LibraryFlaws> {
    return scanLibrary(this.#db, this.#files);
  }

  query(text: string, params: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.#connection.queryReadOnly(text, params);
  }

  // # Within

  /**
   * Removes files that no row names: of clips that are gone, which a page closed in the middle of a deletion leaves
   * behind, and of unfinished clips, where a page was ended between a batch's files and its rows.
   */
  async removeOrphanFiles(): Promise<void> {
    // In this order: a clip gets its row before its first file, so a folder seen now has its row by then.
    const withFiles = await this.#files.listClipIds();
    if (withFiles.length === 0) return;
    const clips = new Map((await this.listClips()).map((clip) => [clip.id, clip]));
    for (const clipId of withFiles) {
      const clip = clips.get(clipId);
      if (!clip) await this.#files.removeClip(clipId);
      else if (clip.ingestState !== 'done') await this.#removeUnnamedFiles(clipId);
    }
  }

  async #removeUnnamedFiles(clipId: string): Promise<void> {
    const { needed, spare } = await namedFiles(this.#db, clipId);
    const paths = await this.#files.listFiles(clipId);
    await this.#files.remove(
      // A copy of the clip may be on its way, in another tab; its row comes after it.
      paths.filter((path) => !path.startsWith('clips/') && !needed.has(path) && !spare.has(path)),
    );
  }

  async #write<T>(clipId: string, work: () => Promise<T>, { isTold = true } = {}): Promise<T> {
    await this.#connection.assertKept();
    try {
      return await work();
    } finally {
      if (isTold) this.#onChange(clipId);
      this.#writes += 1;
      if (this.#writes % WRITES_PER_LOOK === 0) void shortenLog(this.#db).catch(() => undefined);
    }
  }

  /** Writes thumbnails to the paths of their rows, and answers which of these are new. A batch that fails leaves none. */
  async #writeThumbnails(
    rows: readonly { framePath: string }[],
    frames: readonly { thumbnail: Uint8Array<ArrayBuffer> }[],
  ): Promise<string[]> {
    const newPaths: string[] = [];
    try {
      await inParallel(frames, async ({ thumbnail }, i) => {
        const path = rows[i]!.framePath;
        if (!(await this.#files.has(path))) newPaths.push(path);
        await this.#files.write(path, thumbnail);
      });
    } catch (error) {
      await this.#files.remove(newPaths).catch(() => undefined);
      throw error;
    }
    return newPaths;
  }

  /** Brings the file of a set up to date with a batch that was stored; what fails is made anew by the next search. */
  async #appendEmbeddings(
    clipId: string,
    sets: readonly EmbeddingSet[],
    set: EmbeddingSet,
    frames: readonly EmbeddedFrame[],
    embeddings: readonly CheckedEmbedding[],
  ): Promise<void> {
    const before = sets.find(
      ({ modelVersion, state }) => modelVersion === set.modelVersion && state === set.state,
    );
    const packed: PackedEmbeddings = {
      frameIndexes: Int32Array.from(frames, ({ frameIndex }) => frameIndex),
      timestampsMs: Int32Array.from(frames, ({ timestampMs }) => timestampMs),
      spansMs: Float64Array.from(frames.flatMap(({ span }) => [span?.startMs ?? NaN, span?.endMs ?? NaN])),
      embeddings: new Float32Array(frames.length * EMBEDDING_DIMENSION),
    };
    embeddings.forEach(({ unit }, row) => packed.embeddings.set(unit, row * EMBEDDING_DIMENSION));
    await this.#files
      .edit(embeddingPath(clipId, set.modelVersion, set.state), (file) =>
        appendRows(file, packed, before?.revision ?? null, set.revision, 2 * set.frames + SPARE_ROWS),
      )
      .catch(() => null);
  }

  /** The replacement's file becomes the current one's, where it was right; the others of the clip go. */
  async #adoptEmbeddings(
    clipId: string,
    modelVersion: string,
    before: readonly EmbeddingSet[],
  ): Promise<void> {
    const replacement = before.find(({ state }) => state === 'replacement');
    const after = (await setsOf(this.#db, clipId, modelVersion)).find(({ state }) => state === 'current');
    const from = embeddingPath(clipId, modelVersion, 'replacement');
    const bytes = replacement && (await this.#files.readWhole(from));
    const header = bytes ? readHeader(bytes) : null;
    if (bytes && after && header?.revision === replacement.revision) {
      await this.#files.edit(embeddingPath(clipId, modelVersion, 'current'), (file) => {
        file.truncate(0);
        file.write(bytes, { at: 0 });
        finishFile(file, after.revision);
      });
    }
    await this.#files.remove([from]);
  }

  /** PGlite has no autovacuum: without this the space of deleted rows would never be used again. */
  async #reclaimSpace(): Promise<void> {
    for (const table of ['frame_embeddings', 'event_frames', 'events', 'embedding_sets']) {
      await this.#db.execute(sql.raw(`vacuum ${table}`));
    }
  }
}

/** Names of verbs; what is not here is no verb, whatever the object has. */
export const VERB_NAMES = [
  'info',
  'createClip',
  'getClip',
  'listClips',
  'updateClip',
  'deleteClip',
  'storeFrameBatch',
  'finishReembedding',
  'storedFrameIndexes',
  'searchedSets',
  'readEmbeddings',
  'packEmbeddings',
  'storeFrameEmbeddingsBatch',
  'getFrameEmbeddings',
  'deleteFrameEmbeddings',
  'readEventFrameRows',
  'readFrameEmbeddingRows',
  'readEmbeddingDraftRows',
  'readFrameSpans',
  'importClip',
  'framesWithoutPicture',
  'storeThumbnails',
  'thumbnailPaths',
  'assertKept',
  'scan',
  'query',
] as const satisfies readonly (keyof LibraryVerbs)[];

export type VerbName = (typeof VERB_NAMES)[number];

function thumbnailPath(clipId: string, frameIndex: number, thumbnail: Uint8Array): string {
  return framePath(clipId, frameIndex, thumbnailType(thumbnail) === 'image/jpeg' ? 'jpg' : 'webp');
}
