import type {
  EmbeddingSet,
  ClipFields,
  ClipPlace,
  EventRow,
  ClipSummary,
  NewClip,
} from '@/lib/ports/library';
import { INGEST_STATES, SMART_DETECTION_TYPES, SOURCE_TYPES } from '@/lib/shared/clip-columns';
import { asc, desc, eq, sql } from 'drizzle-orm';
import type { Database } from './database';
import { listFrames } from './frames';
import { events, PATH_MAX_LENGTH } from './schema';
import { assertClipId } from '@/lib/shared/clip-id';
import { assertModelVersion, assertText, badInput, unknownClip } from './validate';

/** Adds a clip. A second call with the same `id` changes nothing and returns what is there. */
export async function createClip(db: Database, clip: NewClip): Promise<EventRow> {
  const id = clip.id ?? crypto.randomUUID();
  assertClipId(id);
  assertFields(clip);
  if (clip.sourceType !== undefined) assertOneOf(clip.sourceType, SOURCE_TYPES, 'A source type');
  const now = new Date();
  const [created] = await db
    .insert(events)
    .values({
      ...clip,
      id,
      timestamp: clip.timestamp ?? now,
      sourceType: clip.sourceType ?? 'upload',
      createdAt: now,
    })
    .onConflictDoNothing({ target: events.id })
    .returning();
  return created ?? (await requireClipRow(db, id));
}

/** The clip, or null when there is none. */
export async function getClip(db: Database, clipId: string): Promise<ClipSummary | null> {
  const [found] = await selectSummaries(db).where(eq(events.id, clipId));
  return found ? toSummary(found) : null;
}

/** All clips, the newest in the library first. */
export async function listClips(db: Database): Promise<ClipSummary[]> {
  const rows = await selectSummaries(db).orderBy(desc(events.createdAt), asc(events.id));
  return rows.map(toSummary);
}

/** Changes the named columns of a clip; throws `unknown-clip` when it is not there. */
export async function updateClip(db: Database, clipId: string, changes: ClipFields): Promise<EventRow> {
  assertFields(changes);
  if (Object.values(changes).every((value) => value === undefined)) return requireClipRow(db, clipId);
  const [updated] = await db.update(events).set(changes).where(eq(events.id, clipId)).returning();
  if (!updated) throw unknownClip(clipId);
  return updated;
}

/** Removes a clip; its frames and embeddings go with it. False when it was not there. */
export async function deleteClip(db: Database, clipId: string): Promise<boolean> {
  const deleted = await db.delete(events).where(eq(events.id, clipId)).returning({ id: events.id });
  return deleted.length > 0;
}

/**
 * Writes `frame_timestamps` from the stored frames. Done once, when a clip is finished: PGlite has no
 * autovacuum, and rewriting a growing text with every batch would leave all its versions behind.
 */
export async function recordFrameTimestamps(db: Database, clipId: string): Promise<void> {
  const frames = await listFrames(db, clipId);
  const seconds = frames.map((frame) => frame.timestampMs / 1000);
  await updateClip(db, clipId, { frameTimestamps: JSON.stringify(seconds), frameCountUsed: frames.length });
}

async function requireClipRow(db: Database, clipId: string): Promise<EventRow> {
  const [found] = await db.select().from(events).where(eq(events.id, clipId));
  if (!found) throw unknownClip(clipId);
  return found;
}

/** Counts are kept by the writer, so that this takes no longer for a long clip. */
function selectSummaries(db: Database) {
  return db
    .select({
      clip: events,
      // Drizzle writes a column of a one-table query without its table, so these name it themselves.
      sets: sql<EmbeddingSet[]>`(
        select coalesce(json_agg(json_build_object('modelVersion', s.model_version, 'state', s.state,
          'frames', s.frames, 'revision', s.revision) order by s.state, s.model_version), '[]'::json)
        from embedding_sets s where s.event_id = "events"."id" and s.frames > 0
      )`,
      sharedIn: sql<ClipPlace | null>`(
        select json_build_object('libraryId', s.library_id, 'name', l.name,
          'frames', case when "events"."frames_stored" = 0 then s.frames_there end)
        from shared_clips s join libraries l on l.id = s.library_id
        where s.event_id = "events"."id" and s.known_revision is not null
          and (l.holding = 'list' or (s.frames_there is not null and "events"."frames_stored" = 0))
        order by s.library_id limit 1
      )`,
    })
    .from(events)
    .$dynamic();
}

function toSummary({
  clip,
  sets,
  sharedIn,
}: {
  clip: EventRow;
  sets: EmbeddingSet[];
  sharedIn: ClipPlace | null;
}): ClipSummary {
  const current = sets.filter(({ state }) => state === 'current');
  return {
    ...clip,
    sharedIn,
    frameCount: clip.framesStored,
    embeddingCount: current.reduce((sum, { frames }) => sum + frames, 0),
    embeddingCounts: Object.fromEntries(current.map(({ modelVersion, frames }) => [modelVersion, frames])),
    embeddingSets: sets,
  };
}

/** Everything about a clip's columns that can be refused without asking the database. */
export function assertFields(fields: ClipFields): void {
  if (fields.smartDetectionType != null) {
    assertOneOf(fields.smartDetectionType, SMART_DETECTION_TYPES, 'A smart detection type');
  }
  if (fields.ingestState !== undefined) assertOneOf(fields.ingestState, INGEST_STATES, 'An ingest state');
  if (fields.modelVersion != null) assertModelVersion(fields.modelVersion);
  if (fields.videoPath != null && fields.videoPath.length > PATH_MAX_LENGTH) {
    throw badInput(`A video path has at most ${PATH_MAX_LENGTH} characters.`);
  }
  if (fields.timestamp !== undefined && Number.isNaN(fields.timestamp.getTime())) {
    throw badInput("A clip's time is not a valid date.");
  }
  for (const name of [
    'fileBytes',
    'durationMs',
    'width',
    'height',
    'framesPlanned',
    'frameCountUsed',
    'videoTrack',
  ] as const) {
    const value = fields[name];
    const limit = name === 'fileBytes' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1;
    if (value != null && (!Number.isInteger(value) || value < 0 || value > limit)) {
      throw badInput(`A clip's ${name} is a whole number from 0 to ${limit}; ${value} is not.`);
    }
  }
  if (fields.playerStartMs != null && !Number.isFinite(fields.playerStartMs)) {
    throw badInput(`A clip's playerStartMs is a number; ${fields.playerStartMs} is not.`);
  }
  for (const name of [
    'description',
    'fileName',
    'fileFingerprint',
    'videoPath',
    'frameTimestamps',
    'ingestError',
    'sampling',
    'gaps',
  ] as const) {
    assertText(fields[name], `A clip's ${name}`);
  }
}

function assertOneOf(value: string, allowed: readonly string[], what: string): void {
  if (!allowed.includes(value)) throw badInput(`${what} is one of ${allowed.join(', ')}; "${value}" is not.`);
}
