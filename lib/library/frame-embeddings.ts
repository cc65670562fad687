import type {
  EmbeddingSet,
  FrameEmbedding,
  FrameEmbeddingFilter,
  NewFrameEmbedding,
} from '@/lib/ports/library';
import { type CheckedEmbedding, checkEmbeddings } from './checked-embeddings';
import { and, asc, count, eq, gt, inArray, ne, sql } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { FramesiftError } from '@/lib/shared/errors';
import { chunked, ROWS_PER_INSERT, ROWS_PER_READ, type Database } from './database';
import { deleteEmbeddingDrafts } from './embedding-drafts';
import { addToSet, lockClip } from './embedding-sets';
import { embeddingSets, frameEmbeddingDrafts, frameEmbeddings } from './schema';
import { embeddingFromJson } from '@/lib/shared/embedding-json';

/**
 * Stores one embedding and returns its row's id. An embedding that the frame already has is replaced and
 * keeps its id.
 */
export async function storeFrameEmbedding(
  db: Database,
  frame: NewFrameEmbedding & { clipId: string; modelVersion: string },
): Promise<string> {
  const [id] = await storeFrameEmbeddingsBatch(db, frame.clipId, [frame], frame.modelVersion);
  return id!;
}

/** Stores embeddings of one clip in one transaction, all or none, and returns their rows' ids in order. */
export async function storeFrameEmbeddingsBatch(
  db: Database,
  clipId: string,
  rows: readonly NewFrameEmbedding[],
  modelVersion: string,
): Promise<string[]> {
  const checked = checkEmbeddings(rows, modelVersion);
  return db.transaction(async (tx) => {
    const sets = await lockClip(tx, clipId);
    return (await writeFrameEmbeddings(tx, clipId, sets, checked, modelVersion)).ids;
  });
}

/**
 * Writes embeddings of a clip in the caller's transaction and counts them.
 *
 * @param sets of `lockClip`
 * @returns the ids of their rows, in order, and the set that they belong to
 */
export async function writeFrameEmbeddings(
  tx: Database,
  clipId: string,
  sets: readonly EmbeddingSet[],
  rows: readonly CheckedEmbedding[],
  modelVersion: string,
): Promise<{ ids: string[]; set: EmbeddingSet }> {
  const createdAt = new Date();
  const idByFrameIndex = new Map<number, string>();
  let added = 0;
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    added += await takeFromOtherSets(tx, clipId, sets, chunk, modelVersion);
    const written = await tx
      .insert(frameEmbeddings)
      .values(
        chunk.map(({ frameIndex, json }) => ({
          id: crypto.randomUUID(),
          clipId,
          frameIndex,
          embedding: json,
          modelVersion,
          createdAt,
        })),
      )
      .onConflictDoUpdate({
        target: [frameEmbeddings.clipId, frameEmbeddings.frameIndex],
        set: {
          embedding: sql`excluded.embedding`,
          modelVersion: sql`excluded.model_version`,
          createdAt: sql`excluded.created_at`,
        },
      })
      .returning({
        id: frameEmbeddings.id,
        frameIndex: frameEmbeddings.frameIndex,
        isNew: sql<boolean>`(xmax = 0)`,
      });
    for (const { id, frameIndex } of written) idByFrameIndex.set(frameIndex, id);
    added += written.filter(({ isNew }) => isNew).length;
  }
  const ids = rows.map(({ frameIndex }) => {
    const id = idByFrameIndex.get(frameIndex);
    if (id === undefined) throw writeIncomplete(rows.length, idByFrameIndex.size);
    return id;
  });
  return { ids, set: await addToSet(tx, clipId, { modelVersion, state: 'current' }, added) };
}

/** How many of these rows another model's set has now and is about to lose; they are taken from its count. */
async function takeFromOtherSets(
  tx: Database,
  clipId: string,
  sets: readonly EmbeddingSet[],
  rows: readonly CheckedEmbedding[],
  modelVersion: string,
): Promise<number> {
  if (!sets.some((set) => set.state === 'current' && set.modelVersion !== modelVersion)) return 0;
  const replaced = await tx
    .select({ modelVersion: frameEmbeddings.modelVersion, rows: count() })
    .from(frameEmbeddings)
    .where(
      and(
        eq(frameEmbeddings.clipId, clipId),
        ne(frameEmbeddings.modelVersion, modelVersion),
        inArray(
          frameEmbeddings.frameIndex,
          rows.map(({ frameIndex }) => frameIndex),
        ),
      ),
    )
    .groupBy(frameEmbeddings.modelVersion);
  let taken = 0;
  for (const other of replaced) {
    await addToSet(tx, clipId, { modelVersion: other.modelVersion, state: 'current' }, -other.rows);
    taken += other.rows;
  }
  return taken;
}

function writeIncomplete(expected: number, found: number): FramesiftError {
  return new FramesiftError(
    'write-incomplete',
    `Only ${found} of ${expected} embeddings reached the library, so none of them was kept. Try again.`,
    { transient: true },
  );
}

/** The embeddings of a clip in frame order, those that a filter leaves. Empty when there are none. */
export async function getFrameEmbeddings(
  db: Database,
  clipId: string,
  options: FrameEmbeddingFilter = {},
): Promise<FrameEmbedding[]> {
  const embeddings: FrameEmbedding[] = [];
  for await (const page of pagesOfFrameEmbeddings(db, clipId, options)) {
    for (const { embedding, ...row } of page) {
      embeddings.push({ ...row, embedding: embeddingFromJson(embedding, EMBEDDING_DIMENSION) });
    }
  }
  return embeddings;
}

async function* pagesOfFrameEmbeddings(
  db: Database,
  clipId: string,
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
          eq(frameEmbeddings.clipId, clipId),
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

/**
 * Removes the embeddings of a clip, drafts included, in the caller's transaction, and returns how many there were
 * without those.
 */
export async function deleteFrameEmbeddings(tx: Database, clipId: string): Promise<number> {
  await deleteEmbeddingDrafts(tx, clipId);
  const deleted = await tx
    .delete(frameEmbeddings)
    .where(eq(frameEmbeddings.clipId, clipId))
    .returning({ id: frameEmbeddings.id });
  await tx.delete(embeddingSets).where(eq(embeddingSets.clipId, clipId));
  return deleted.length;
}

/**
 * Which frames of a clip already have an embedding of this model, drafts included, in order: what a resumed
 * ingest may skip.
 */
export async function storedFrameIndexes(
  db: Database,
  clipId: string,
  modelVersion: string,
): Promise<number[]> {
  const of = (table: typeof frameEmbeddings | typeof frameEmbeddingDrafts) =>
    db
      .select({ frameIndex: table.frameIndex })
      .from(table)
      .where(and(eq(table.clipId, clipId), eq(table.modelVersion, modelVersion)));
  const rows = await union(of(frameEmbeddings), of(frameEmbeddingDrafts));
  return rows.map((row) => row.frameIndex).sort((a, b) => a - b);
}
