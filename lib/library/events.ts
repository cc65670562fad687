import type { EmbeddingSet, EventFields, EventRow, EventSummary, NewEvent } from '@/lib/ports/library';
import { INGEST_STATES, SMART_DETECTION_TYPES, SOURCE_TYPES } from '@/lib/shared/clip-columns';
import { asc, desc, eq, sql } from 'drizzle-orm';
import type { Database } from './database';
import { listEventFrames } from './event-frames';
import { events, PATH_MAX_LENGTH } from './schema';
import { assertEventId, assertModelVersion, assertText, badInput, unknownEvent } from './validate';

/** Adds a clip. A second call with the same `id` changes nothing and returns what is there. */
export async function createEvent(db: Database, event: NewEvent): Promise<EventRow> {
  const id = event.id ?? crypto.randomUUID();
  assertEventId(id);
  assertFields(event);
  if (event.sourceType !== undefined) assertOneOf(event.sourceType, SOURCE_TYPES, 'A source type');
  const now = new Date();
  const [created] = await db
    .insert(events)
    .values({
      ...event,
      id,
      timestamp: event.timestamp ?? now,
      sourceType: event.sourceType ?? 'upload',
      createdAt: now,
    })
    .onConflictDoNothing({ target: events.id })
    .returning();
  return created ?? (await requireEventRow(db, id));
}

/** The clip, or null when there is none. */
export async function getEvent(db: Database, eventId: string): Promise<EventSummary | null> {
  const [event] = await selectSummaries(db).where(eq(events.id, eventId));
  return event ? toSummary(event) : null;
}

/** All clips, the newest in the library first. */
export async function listEvents(db: Database): Promise<EventSummary[]> {
  const rows = await selectSummaries(db).orderBy(desc(events.createdAt), asc(events.id));
  return rows.map(toSummary);
}

/** Changes the named columns of a clip; throws `unknown-event` when it is not there. */
export async function updateEvent(db: Database, eventId: string, changes: EventFields): Promise<EventRow> {
  assertFields(changes);
  if (Object.values(changes).every((value) => value === undefined)) return requireEventRow(db, eventId);
  const [updated] = await db.update(events).set(changes).where(eq(events.id, eventId)).returning();
  if (!updated) throw unknownEvent(eventId);
  return updated;
}

/** Removes a clip; its frames and vectors go with it. False when it was not there. */
export async function deleteEvent(db: Database, eventId: string): Promise<boolean> {
  const deleted = await db.delete(events).where(eq(events.id, eventId)).returning({ id: events.id });
  return deleted.length > 0;
}

/**
 * Writes `frame_timestamps` from the stored frames. Done once, when a clip is finished: PGlite has no
 * autovacuum, and rewriting a growing text with every batch would leave all its versions behind.
 */
export async function recordFrameTimestamps(db: Database, eventId: string): Promise<void> {
  const frames = await listEventFrames(db, eventId);
  const seconds = frames.map((frame) => frame.timestampMs / 1000);
  await updateEvent(db, eventId, { frameTimestamps: JSON.stringify(seconds), frameCountUsed: frames.length });
}

async function requireEventRow(db: Database, eventId: string): Promise<EventRow> {
  const [found] = await db.select().from(events).where(eq(events.id, eventId));
  if (!found) throw unknownEvent(eventId);
  return found;
}

/** Counts are kept by the writer, so that this takes no longer for a long clip. */
function selectSummaries(db: Database) {
  return db
    .select({
      event: events,
      // Drizzle writes a column of a one-table query without its table, so these name it themselves.
      sets: sql<EmbeddingSet[]>`(
        select coalesce(json_agg(json_build_object('modelVersion', s.model_version, 'state', s.state,
          'frames', s.frames, 'revision', s.revision) order by s.state, s.model_version), '[]'::json)
        from embedding_sets s where s.event_id = "events"."id" and s.frames > 0
      )`,
    })
    .from(events)
    .$dynamic();
}

function toSummary({ event, sets }: { event: EventRow; sets: EmbeddingSet[] }): EventSummary {
  const current = sets.filter(({ state }) => state === 'current');
  return {
    ...event,
    frameCount: event.framesStored,
    embeddingCount: current.reduce((sum, { frames }) => sum + frames, 0),
    embeddingCounts: Object.fromEntries(current.map(({ modelVersion, frames }) => [modelVersion, frames])),
    embeddingSets: sets,
  };
}

/** Everything about a clip's columns that can be refused without asking the database. */
export function assertFields(fields: EventFields): void {
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
