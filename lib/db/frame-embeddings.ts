import { and, asc, count, eq, gt, inArray, sql } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { chunked, ROWS_PER_INSERT, ROWS_PER_READ, type Database } from './database';
import { deleteEmbeddingDrafts } from './embedding-drafts';
import { frameEmbeddingDrafts, frameEmbeddings } from './schema';
import { assertDistinctFrames, assertModelVersion, requireEvent, toUnitVector } from './validate';
import { vectorFromJson, vectorToJson } from './vector-json';

export interface FrameVector {
  /** 0-based position of the frame in its event. */
  frameIndex: number;
  /** 512 finite numbers; stored at unit length. */
  embedding: Float32Array | readonly number[];
}

export interface FrameEmbedding {
  id: string;
  frameIndex: number;
  /** Unit length, 512 long. */
  embedding: Float32Array<ArrayBuffer>;
  modelVersion: string;
}

/**
 * Stores one vector and returns its row's id. A vector that the frame already has is replaced and
 * keeps its id.
 */
export async function storeFrameEmbedding(
  db: Database,
  frame: FrameVector & { eventId: string; modelVersion: string },
): Promise<string> {
  const [id] = await storeFrameEmbeddingsBatch(db, frame.eventId, [frame], frame.modelVersion);
  return id!;
}

/** Stores vectors of one event in one transaction, all or none, and returns their rows' ids in order. */
export async function storeFrameEmbeddingsBatch(
  db: Database,
  eventId: string,
  rows: readonly FrameVector[],
  modelVersion: string,
): Promise<string[]> {
  const checked = checkFrameVectors(rows, modelVersion);
  return db.transaction((tx) => writeFrameEmbeddings(tx, eventId, checked, modelVersion));
}

/** A vector that has passed every check and is ready to be written. */
export interface CheckedFrameVector {
  frameIndex: number;
  json: string;
}

/** Everything about a batch that can be refused without asking the database. */
export function checkFrameVectors(rows: readonly FrameVector[], modelVersion: string): CheckedFrameVector[] {
  assertModelVersion(modelVersion);
  assertDistinctFrames(rows);
  return rows.map(({ frameIndex, embedding }) => ({
    frameIndex,
    json: vectorToJson(toUnitVector(embedding)),
  }));
}

/** The writing half of `storeFrameEmbeddingsBatch`, for a caller that has a transaction of its own. */
export async function writeFrameEmbeddings(
  tx: Database,
  eventId: string,
  rows: readonly CheckedFrameVector[],
  modelVersion: string,
): Promise<string[]> {
  await requireEvent(tx, eventId);
  const createdAt = new Date();
  const idByFrameIndex = new Map<number, string>();
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    const written = await tx
      .insert(frameEmbeddings)
      .values(
        chunk.map(({ frameIndex, json }) => ({
          id: crypto.randomUUID(),
          eventId,
          frameIndex,
          embedding: json,
          modelVersion,
          createdAt,
        })),
      )
      .onConflictDoUpdate({
        target: [frameEmbeddings.eventId, frameEmbeddings.frameIndex],
        set: {
          embedding: sql`excluded.embedding`,
          modelVersion: sql`excluded.model_version`,
          createdAt: sql`excluded.created_at`,
        },
      })
      .returning({ id: frameEmbeddings.id, frameIndex: frameEmbeddings.frameIndex });
    for (const { id, frameIndex } of written) idByFrameIndex.set(frameIndex, id);
    await assertWritten(tx, eventId, chunk, modelVersion);
  }
  return rows.map(({ frameIndex }) => {
    const id = idByFrameIndex.get(frameIndex);
    if (id === undefined) throw writeIncomplete(rows.length, idByFrameIndex.size);
    return id;
  });
}

/** Counts the rows after writing: an insert that says it went well is not yet a row that is there. */
async function assertWritten(
  tx: Database,
  eventId: string,
  rows: readonly CheckedFrameVector[],
  modelVersion: string,
): Promise<void> {
  const [found] = await tx
    .select({ rows: count() })
    .from(frameEmbeddings)
    .where(
      and(
        eq(frameEmbeddings.eventId, eventId),
        eq(frameEmbeddings.modelVersion, modelVersion),
        inArray(
          frameEmbeddings.frameIndex,
          rows.map((row) => row.frameIndex),
        ),
      ),
    );
  if (found?.rows !== rows.length) throw writeIncomplete(rows.length, found?.rows ?? 0);
}

function writeIncomplete(expected: number, found: number): FramesiftError {
  return new FramesiftError(
    'write-incomplete',
    `Only ${found} of ${expected} vectors reached the library, so none of them was kept. Try again.`,
    { transient: true },
  );
}

/** Which of an event's vectors are wanted; all where nothing is said. */
export interface FrameEmbeddingFilter {
  modelVersion?: string;
  frameIndex?: number;
}

/** The vectors of an event in frame order, those that a filter leaves. Empty when there are none. */
export async function getFrameEmbeddings(
  db: Database,
  eventId: string,
  options: FrameEmbeddingFilter = {},
): Promise<FrameEmbedding[]> {
  const embeddings: FrameEmbedding[] = [];
  for await (const page of pagesOfFrameEmbeddings(db, eventId, options)) {
    for (const { embedding, ...row } of page) {
      embeddings.push({ ...row, embedding: vectorFromJson(embedding, EMBEDDING_DIMENSION) });
    }
  }
  return embeddings;
}

async function* pagesOfFrameEmbeddings(
  db: Database,
  eventId: string,
  { modelVersion, frameIndex }: FrameEmbeddingFilter,
) {
  for (let after = -1; ;) {
    const page = await db
      .select({
        id: frameEmbeddings.id,
        frameIndex: frameEmbeddings.frameIndex,
        embedding: frameEmbeddings.embedding,
        modelVersion: frameEmbeddings.modelVersion,
      })
      .from(frameEmbeddings)
      .where(
        and(
          eq(frameEmbeddings.eventId, eventId),
          gt(frameEmbeddings.frameIndex, after),
          modelVersion === undefined ? undefined : eq(frameEmbeddings.modelVersion, modelVersion),
          frameIndex === undefined ? undefined : eq(frameEmbeddings.frameIndex, frameIndex),
        ),
      )
      .orderBy(asc(frameEmbeddings.frameIndex))
      .limit(ROWS_PER_READ);
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < ROWS_PER_READ) return;
    after = last.frameIndex;
  }
}

/** Removes the vectors of an event, drafts included, and returns how many there were without those. */
export async function deleteFrameEmbeddings(db: Database, eventId: string): Promise<number> {
  await deleteEmbeddingDrafts(db, eventId);
  const deleted = await db
    .delete(frameEmbeddings)
    .where(eq(frameEmbeddings.eventId, eventId))
    .returning({ id: frameEmbeddings.id });
  return deleted.length;
}

/**
 * Which frames of an event already have a vector of this model, drafts included, in order: what a resumed
 * ingest may skip.
 */
export async function storedFrameIndexes(
  db: Database,
  eventId: string,
  modelVersion: string,
): Promise<number[]> {
  const of = (table: typeof frameEmbeddings | typeof frameEmbeddingDrafts) =>
    db
      .select({ frameIndex: table.frameIndex })
      .from(table)
      .where(and(eq(table.eventId, eventId), eq(table.modelVersion, modelVersion)));
  const rows = await union(of(frameEmbeddings), of(frameEmbeddingDrafts));
  return rows.map((row) => row.frameIndex).sort((a, b) => a - b);
}
