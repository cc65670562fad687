import type {
  ClipFields,
  ImportResult,
  ImportedClip,
  ImportedFrame,
  ImportedEmbedding,
} from '@/lib/ports/library';
import { checkEmbeddings, type CheckedEmbedding } from './checked-embeddings';
import { SOURCE_TYPES } from '@/lib/shared/clip-columns';
import { and, eq, inArray, sql } from 'drizzle-orm';
import { chunked, ROWS_PER_INSERT, type Database } from './database';
import { writeEmbeddingDrafts } from './embedding-drafts';
import { countAnew, lockClip } from './embedding-sets';
import { checkFrames, countFrames, framePath } from './frames';
import { assertFields, recordFrameTimestamps } from './clips';
import { assertSpan, writeFrameSpans } from './frame-spans';
import { eventFrames, events, frameEmbeddings } from './schema';
import { assertClipId } from '@/lib/shared/clip-id';
import { assertDistinctFrames, assertText, badInput } from './validate';

/** Ids of rows; the server's and ours are UUIDs. */
const ROW_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** A clip that has passed every check and is ready to be written. */
export interface CheckedClip {
  clip: ImportedClip;
  /** Of its frames, in order. */
  paths: string[];
  /** Of its embeddings, in order. */
  embeddings: { json: string }[];
  drafts: CheckedEmbedding[];
  /** Of the drafts; undefined where there are none. */
  draftVersion: string | undefined;
}

/**
 * Checks everything about a clip that can be refused without asking the database.
 *
 * @param giveWay called now and then: of a long clip this takes seconds
 * @throws FramesiftError `bad-input` with what is wrong in the file
 */
export async function checkClip(clip: ImportedClip, giveWay: () => Promise<void>): Promise<CheckedClip> {
  const { event, frames } = clip;
  assertClipId(event.id);
  assertFields({ ...event.fields, description: event.description, timestamp: event.timestamp });
  if (!SOURCE_TYPES.includes(event.sourceType)) {
    throw badInput(`A source type is one of ${SOURCE_TYPES.join(', ')}; "${event.sourceType}" is not.`);
  }
  assertDates([event, ...frames, ...clip.embeddings]);
  assertIds(frames, 'event_frames');
  assertIds(clip.embeddings, 'frame_embeddings');
  const paths = frames.map((frame) => ownFramePath(event.id, frame));
  checkFrames(frames.map((frame, i) => ({ ...frame, framePath: paths[i]! })));
  assertSizes(frames);
  assertDistinctFrames(clip.embeddings);
  assertDistinctFrames(clip.drafts);
  assertDistinctFrames(clip.spans);
  clip.spans.forEach(assertSpan);
  const [draftVersion, ...otherVersions] = new Set(clip.drafts.map(({ modelVersion }) => modelVersion));
  if (otherVersions.length > 0) throw badInput('The rows of frame_embedding_drafts are of several models.');
  const checked: CheckedClip = { clip, paths, embeddings: [], drafts: [], draftVersion };
  for (const chunk of chunked(clip.embeddings, ROWS_PER_INSERT)) {
    for (const row of chunk) {
      for (const { json } of checkEmbeddings([row], row.modelVersion)) checked.embeddings.push({ json });
    }
    await giveWay();
  }
  for (const chunk of chunked(clip.drafts, ROWS_PER_INSERT)) {
    checked.drafts.push(...checkEmbeddings(chunk, draftVersion!));
    await giveWay();
  }
  return checked;
}

/**
 * Puts a clip into the library in one transaction: all of it, or nothing. A clip that is there is updated by its id;
 * its frames that the file does not have stay, and so do all pictures and the copy of its file, which are not in it.
 */
export async function importClip(
  db: Database,
  { clip, paths, embeddings, drafts, draftVersion }: CheckedClip,
): Promise<ImportResult> {
  const { event, frames } = clip;
  return db.transaction(async (tx) => {
    const [before] = await tx
      .select({ state: events.ingestState, modelVersion: events.modelVersion })
      .from(events)
      .where(eq(events.id, event.id))
      .for('update');
    const row = {
      timestamp: event.timestamp,
      description: event.description,
      sourceType: event.sourceType,
      modelVersion:
        before?.modelVersion ?? commonest(clip.embeddings.map(({ modelVersion }) => modelVersion)),
      framesPlanned: frames.length,
      ...event.fields,
      // A clip that is being read in another tab says itself how far it is; one that was, when it was exported, is not.
      ingestState: before?.state === 'running' ? before.state : settledState(event.fields.ingestState),
    };
    if (before) await tx.update(events).set(row).where(eq(events.id, event.id));
    else await tx.insert(events).values({ ...row, id: event.id, createdAt: event.createdAt });
    await writeFrames(tx, event.id, frames, paths);
    await writeEmbeddings(tx, event.id, clip.embeddings, embeddings);
    await writeFrameSpans(
      tx,
      event.id,
      clip.spans.map(({ frameIndex, ...span }) => ({ frameIndex, span })),
    );
    await countAnew(tx, event.id, { isChanged: true });
    if (draftVersion !== undefined) await writeDrafts(tx, event.id, drafts, draftVersion);
    const stored = await countFrames(tx, event.id);
    // Where the file has every frame, its own text of their times is kept letter for letter.
    if (stored !== frames.length) await recordFrameTimestamps(tx, event.id);
    return { clipId: event.id, isNew: !before, frames: frames.length, embeddings: embeddings.length };
  });
}

/** Only paths of this clip's own folder are followed; any other is replaced by the one that the frame would have. */
function ownFramePath(clipId: string, { framePath: path, frameIndex }: ImportedFrame): string {
  const jpeg = framePath(clipId, frameIndex, 'jpg');
  return path === jpeg ? jpeg : framePath(clipId, frameIndex);
}

function settledState(state: ClipFields['ingestState']): NonNullable<ClipFields['ingestState']> {
  return state === 'running' || state === 'pending' ? 'paused' : (state ?? 'done');
}

function commonest(values: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: string | null = null;
  for (const [value, count] of counts) if (best === null || count > counts.get(best)!) best = value;
  return best;
}

/** Goes on with a re-reading, unless the clip has been read with that model, or is being read with a third one. */
async function writeDrafts(
  tx: Database,
  clipId: string,
  drafts: readonly CheckedEmbedding[],
  modelVersion: string,
): Promise<void> {
  const sets = await lockClip(tx, clipId);
  const isOver = sets.some((set) => (set.state === 'current') === (set.modelVersion === modelVersion));
  if (isOver) return;
  await writeEmbeddingDrafts(tx, clipId, sets, drafts, modelVersion);
}

function assertIds(rows: readonly { id: string }[], table: string): void {
  const seen = new Set<string>();
  for (const { id } of rows) {
    if (!ROW_ID.test(id)) {
      throw badInput(`An id in ${table} is letters, digits, "-" and "_"; ${JSON.stringify(id)} is not.`);
    }
    if (seen.has(id)) throw badInput(`The id ${id} is twice in ${table}.`);
    seen.add(id);
    assertText(id, 'An id');
  }
}

function assertDates(rows: readonly { createdAt: Date }[]): void {
  for (const { createdAt } of rows) {
    if (Number.isNaN(createdAt.getTime())) throw badInput('A created_at is not a valid date.');
  }
}

function assertSizes(frames: readonly ImportedFrame[]): void {
  for (const frame of frames) {
    for (const name of ['width', 'height', 'fileSizeBytes'] as const) {
      const value = frame[name];
      if (value !== null && (!Number.isInteger(value) || value < 0 || value >= 2 ** 31)) {
        throw badInput(`A frame's ${name} is a whole number from 0 up; ${value} is not.`);
      }
    }
  }
}

async function writeFrames(
  tx: Database,
  clipId: string,
  frames: readonly ImportedFrame[],
  paths: readonly string[],
): Promise<void> {
  const rows = frames.map((frame, i) => ({ ...frame, path: paths[i]! }));
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    const taken = await tx
      .select({ id: eventFrames.id, clipId: eventFrames.clipId, frameNumber: eventFrames.frameNumber })
      .from(eventFrames)
      .where(
        inArray(
          eventFrames.id,
          chunk.map(({ id }) => id),
        ),
      );
    const isTaken = (id: string, frameNumber: number) =>
      taken.some(
        (other) => other.id === id && !(other.clipId === clipId && other.frameNumber === frameNumber),
      );
    await tx
      .insert(eventFrames)
      .values(
        chunk.map((frame) => ({
          id: isTaken(frame.id, frame.frameIndex + 1) ? crypto.randomUUID() : frame.id,
          clipId,
          frameNumber: frame.frameIndex + 1,
          framePath: frame.path,
          timestampOffsetMs: frame.timestampMs,
          width: frame.width,
          height: frame.height,
          fileSizeBytes: frame.fileSizeBytes,
          createdAt: frame.createdAt,
        })),
      )
      // The path and size stay those of the picture that is here.
      .onConflictDoUpdate({
        target: [eventFrames.clipId, eventFrames.frameNumber],
        set: {
          timestampOffsetMs: sql`excluded.timestamp_offset_ms`,
          width: sql`excluded.width`,
          height: sql`excluded.height`,
        },
      });
  }
}

async function writeEmbeddings(
  tx: Database,
  clipId: string,
  embeddings: readonly ImportedEmbedding[],
  checked: readonly { json: string }[],
): Promise<void> {
  const now = new Date();
  const rows = embeddings.map((embedding, i) => ({ ...embedding, json: checked[i]!.json }));
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    const taken = await tx
      .select({
        id: frameEmbeddings.id,
        clipId: frameEmbeddings.clipId,
        frameIndex: frameEmbeddings.frameIndex,
      })
      .from(frameEmbeddings)
      .where(
        inArray(
          frameEmbeddings.id,
          chunk.map(({ id }) => id),
        ),
      );
    const isTaken = (id: string, frameIndex: number) =>
      taken.some((other) => other.id === id && !(other.clipId === clipId && other.frameIndex === frameIndex));
    await tx
      .insert(frameEmbeddings)
      .values(
        chunk.map((embedding) => ({
          id: isTaken(embedding.id, embedding.frameIndex) ? crypto.randomUUID() : embedding.id,
          clipId,
          frameIndex: embedding.frameIndex,
          embedding: embedding.json,
          modelVersion: embedding.modelVersion,
          createdAt: embedding.createdAt,
        })),
      )
      .onConflictDoUpdate({
        target: [frameEmbeddings.clipId, frameEmbeddings.frameIndex],
        set: {
          embedding: sql`excluded.embedding`,
          modelVersion: sql`excluded.model_version`,
          // Caches compare the newest created_at: an embedding that becomes another one must get a new one.
          createdAt: sql`case when ${and(
            sql`${frameEmbeddings.embedding} = excluded.embedding`,
            sql`${frameEmbeddings.modelVersion} = excluded.model_version`,
          )} then ${frameEmbeddings.createdAt} else ${now.toISOString()}::timestamptz end`,
        },
      });
  }
}
