import type { EmbeddingSet } from '@/lib/ports/library';
import type { CheckedEmbedding } from './checked-embeddings';
import { and, eq, ne, sql } from 'drizzle-orm';
import { chunked, ROWS_PER_INSERT, type Database } from './database';
import { addToSet, countAnew } from './embedding-sets';
import { embeddingSets, frameEmbeddingDrafts, frameEmbeddings } from './schema';

/**
 * Stores embeddings beside those that a clip has of another model. Drafts of a third model make way.
 *
 * @param sets of `lockClip`
 */
export async function writeEmbeddingDrafts(
  tx: Database,
  clipId: string,
  sets: readonly EmbeddingSet[],
  rows: readonly CheckedEmbedding[],
  modelVersion: string,
): Promise<EmbeddingSet> {
  if (sets.some((set) => set.state === 'replacement' && set.modelVersion !== modelVersion)) {
    await tx
      .delete(frameEmbeddingDrafts)
      .where(
        and(eq(frameEmbeddingDrafts.clipId, clipId), ne(frameEmbeddingDrafts.modelVersion, modelVersion)),
      );
    await tx
      .delete(embeddingSets)
      .where(
        and(
          eq(embeddingSets.clipId, clipId),
          eq(embeddingSets.state, 'replacement'),
          ne(embeddingSets.modelVersion, modelVersion),
        ),
      );
  }
  const createdAt = new Date();
  let added = 0;
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    const written = await tx
      .insert(frameEmbeddingDrafts)
      .values(
        chunk.map(({ frameIndex, json }) => ({
          clipId,
          frameIndex,
          embedding: json,
          modelVersion,
          createdAt,
        })),
      )
      .onConflictDoUpdate({
        target: [frameEmbeddingDrafts.clipId, frameEmbeddingDrafts.frameIndex],
        set: { embedding: sql`excluded.embedding`, createdAt: sql`excluded.created_at` },
      })
      .returning({ isNew: sql<boolean>`(xmax = 0)` });
    added += written.filter(({ isNew }) => isNew).length;
  }
  return addToSet(tx, clipId, { modelVersion, state: 'replacement' }, added);
}

/**
 * Puts the drafts of a model in the place of the clip's embeddings of every other one, in the caller's
 * transaction: nobody sees half of each. A frame's row keeps its id; a frame without a draft loses its embedding.
 */
export async function adoptEmbeddingDrafts(
  tx: Database,
  clipId: string,
  modelVersion: string,
): Promise<void> {
  await tx.execute(sql`
    insert into ${frameEmbeddings} (id, event_id, frame_index, embedding, model_version, created_at)
    select gen_random_uuid()::text, event_id, frame_index, embedding, model_version, created_at
    from ${frameEmbeddingDrafts} where event_id = ${clipId} and model_version = ${modelVersion}
    on conflict (event_id, frame_index) do update
    set embedding = excluded.embedding, model_version = excluded.model_version, created_at = excluded.created_at`);
  await tx
    .delete(frameEmbeddings)
    .where(and(eq(frameEmbeddings.clipId, clipId), ne(frameEmbeddings.modelVersion, modelVersion)));
  await deleteEmbeddingDrafts(tx, clipId);
  await countAnew(tx, clipId, { isChanged: true });
}

export async function deleteEmbeddingDrafts(tx: Database, clipId: string): Promise<void> {
  await tx.delete(frameEmbeddingDrafts).where(eq(frameEmbeddingDrafts.clipId, clipId));
}
