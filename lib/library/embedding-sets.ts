import type { EmbeddingSet } from '@/lib/ports/library';
import { and, eq, sql } from 'drizzle-orm';
import type { Database } from './database';
import { embeddingSets, events } from './schema';
import { unknownClip } from './validate';

/** The number of the transaction: it only rises, over the whole life of a database. */
const THIS_REVISION = sql<number>`pg_current_xact_id()::text::bigint`;

/**
 * The sets of a clip, which stays where it is until the transaction ends.
 *
 * Asked for before writing rather than learned from the foreign key, whose error names no clip.
 *
 * @throws FramesiftError `unknown-clip`
 */
export async function lockClip(tx: Database, clipId: string): Promise<EmbeddingSet[]> {
  const rows = await tx
    .select({
      modelVersion: embeddingSets.modelVersion,
      state: embeddingSets.state,
      frames: embeddingSets.frames,
      revision: embeddingSets.revision,
    })
    .from(events)
    .leftJoin(embeddingSets, eq(embeddingSets.clipId, events.id))
    .where(eq(events.id, clipId))
    .for('key share', { of: events });
  if (rows.length === 0) throw unknownClip(clipId);
  return rows.filter((row): row is EmbeddingSet => row.modelVersion !== null);
}

/** Adds to the count of a set, which is made where there is none, and gives it a new revision. */
export async function addToSet(
  tx: Database,
  clipId: string,
  { modelVersion, state }: Pick<EmbeddingSet, 'modelVersion' | 'state'>,
  added: number,
): Promise<EmbeddingSet> {
  const [set] = await tx
    .insert(embeddingSets)
    .values({ clipId, modelVersion, state, frames: added, revision: THIS_REVISION })
    .onConflictDoUpdate({
      target: [embeddingSets.clipId, embeddingSets.modelVersion, embeddingSets.state],
      set: { frames: sql`${embeddingSets.frames} + excluded.frames`, revision: sql`excluded.revision` },
    })
    .returning({
      modelVersion: embeddingSets.modelVersion,
      state: embeddingSets.state,
      frames: embeddingSets.frames,
      revision: embeddingSets.revision,
    });
  return set!;
}

/** Adds to how many frames of a clip are stored, which is also what `frame_count_used` tells while it is read. */
export async function addToFrames(tx: Database, clipId: string, added: number): Promise<void> {
  if (added === 0) return;
  await tx
    .update(events)
    .set({
      framesStored: sql`${events.framesStored} + ${added}`,
      frameCountUsed: sql`${events.framesStored} + ${added}`,
    })
    .where(eq(events.id, clipId));
}

/**
 * Counts what is stored of a clip: when it is done, and after changes that nobody has counted.
 *
 * @param options.isChanged gives every set a new revision, not only those whose count was wrong
 */
export async function countAnew(tx: Database, clipId: string, { isChanged = false } = {}): Promise<void> {
  await tx.execute(sql`
    with counted as (
      select model_version, 'current' as state, count(*)::int as frames
      from frame_embeddings where event_id = ${clipId} group by model_version
      union all
      select model_version, 'replacement', count(*)::int
      from frame_embedding_drafts where event_id = ${clipId} group by model_version
    ), gone as (
      delete from embedding_sets s where s.event_id = ${clipId}
        and not exists (select from counted c where c.model_version = s.model_version and c.state = s.state)
    )
    insert into embedding_sets (event_id, model_version, state, frames, revision)
    select ${clipId}, model_version, state, frames, ${THIS_REVISION} from counted
    on conflict (event_id, model_version, state) do update
    set frames = excluded.frames, revision = excluded.revision
    where embedding_sets.frames <> excluded.frames or ${isChanged}`);
  await tx.execute(sql`
    update events set frames_stored = (select count(*) from event_frames where event_id = ${clipId})
    where id = ${clipId}`);
}

/** The sets of one clip, as the table has them. */
export function setsOf(tx: Database, clipId: string, modelVersion: string): Promise<EmbeddingSet[]> {
  return tx
    .select({
      modelVersion: embeddingSets.modelVersion,
      state: embeddingSets.state,
      frames: embeddingSets.frames,
      revision: embeddingSets.revision,
    })
    .from(embeddingSets)
    .where(and(eq(embeddingSets.clipId, clipId), eq(embeddingSets.modelVersion, modelVersion)));
}
