import { and, eq, inArray, ne, sql } from 'drizzle-orm';
import type { ClipContents } from '@/lib/ports/sharing';
import { ROWS_PER_PAGE } from '@/lib/protocol/limits';
import type { WritableRow } from '@/lib/protocol/rows';
import { parsePostgresTimestamp } from '@/lib/shared/postgres-timestamp';
import { chunked, ROWS_PER_INSERT, type Database } from './database';
import { countAnew } from './embedding-sets';
import { writeFrameSpans } from './frame-spans';
import { framePath } from './frames';
import { eventFrames, frameEmbeddings, frameSpans } from './schema';

/** How many rows a clip has, and in which pages they are. */
export async function listPages(db: Database, clip: string): Promise<Omit<ClipContents, 'pictures'>> {
  const result: unknown = await db.execute(sql`
    select frame_index / ${ROWS_PER_PAGE}::int as page, count(*)::int as frames from (
      select frame_number - 1 as frame_index from event_frames where event_id = ${clip}
      union select frame_index from frame_embeddings where event_id = ${clip}) rows
    group by 1 order by 1`);
  const { rows } = result as { rows: { page: number; frames: number }[] };
  return {
    frames: rows.reduce((sum, { frames }) => sum + frames, 0),
    pages: rows.map(({ page }) => page),
  };
}

interface RowRecord {
  frame_index: number;
  frame_id: string | null;
  timestamp_offset_ms: number | null;
  width: number | null;
  height: number | null;
  file_size_bytes: number | null;
  frame_created_at: Date | string;
  start_ms: number | null;
  end_ms: number | null;
  vector_id: string | null;
  embedding: string | null;
  model_version: string | null;
  vector_created_at: Date | string;
}

/** The rows of a page, in the order of their frames. */
export async function readPage(db: Database, clip: string, page: number): Promise<WritableRow[]> {
  const first = page * ROWS_PER_PAGE;
  const end = first + ROWS_PER_PAGE;
  const result: unknown = await db.execute(sql`
    select coalesce(v.frame_index, f.frame_number - 1) as frame_index, f.id as frame_id, f.timestamp_offset_ms, f.width,
      f.height, f.file_size_bytes, f.created_at as frame_created_at, s.start_ms, s.end_ms, v.id as vector_id, v.embedding, v.model_version,
      v.created_at as vector_created_at
    from (select * from event_frames
          where event_id = ${clip} and frame_number > ${first} and frame_number <= ${end}) f
    full join (select * from frame_embeddings
          where event_id = ${clip} and frame_index >= ${first} and frame_index < ${end}) v
      on v.frame_index = f.frame_number - 1
    left join frame_spans s on s.event_id = ${clip} and s.frame_index = f.frame_number - 1
    order by 1`);
  return (result as { rows: RowRecord[] }).rows.map((row) => ({
    frameIndex: row.frame_index,
    frame:
      row.frame_id === null
        ? null
        : {
            id: row.frame_id,
            timestampMs: row.timestamp_offset_ms!,
            width: row.width,
            height: row.height,
            fileSizeBytes: row.file_size_bytes,
            createdAt: toIso(row.frame_created_at),
            span: row.start_ms === null ? null : { startMs: row.start_ms, endMs: row.end_ms! },
          },
    vector:
      row.vector_id === null
        ? null
        : {
            id: row.vector_id,
            modelVersion: row.model_version!,
            json: row.embedding!,
            createdAt: toIso(row.vector_created_at),
          },
  }));
}

function toIso(value: Date | string): string {
  return (value instanceof Date ? value : parsePostgresTimestamp(value)).toISOString();
}

/**
 * Puts rows in the place of all that a clip has, in the caller's transaction. They have been checked: their vectors are
 * kept to the last digit, so that the digest stays what the library says.
 *
 * @param pathOf where the picture of a frame lies
 */
export async function replaceRows(
  tx: Database,
  clip: string,
  rows: readonly WritableRow[],
  pathOf: (frameIndex: number) => string,
): Promise<void> {
  for (const table of [frameEmbeddings, eventFrames, frameSpans])
    await tx.delete(table).where(eq(table.clipId, clip));
  for (const chunk of chunked(rows, ROWS_PER_INSERT)) {
    const frames = chunk.flatMap(({ frame, frameIndex }) => (frame ? [{ ...frame, frameIndex }] : []));
    const vectors = chunk.flatMap(({ vector, frameIndex }) => (vector ? [{ ...vector, frameIndex }] : []));
    if (frames.length > 0) {
      const taken = await takenIds(tx, eventFrames, clip, frames);
      await tx.insert(eventFrames).values(
        frames.map((frame) => ({
          id: taken.has(frame.id) ? crypto.randomUUID() : frame.id,
          clipId: clip,
          frameNumber: frame.frameIndex + 1,
          framePath: pathOf(frame.frameIndex),
          timestampOffsetMs: frame.timestampMs,
          width: frame.width,
          height: frame.height,
          fileSizeBytes: frame.fileSizeBytes,
          createdAt: new Date(frame.createdAt),
        })),
      );
    }
    await writeFrameSpans(tx, clip, frames);
    if (vectors.length > 0) {
      const taken = await takenIds(tx, frameEmbeddings, clip, vectors);
      await tx.insert(frameEmbeddings).values(
        vectors.map((vector) => ({
          id: taken.has(vector.id) ? crypto.randomUUID() : vector.id,
          clipId: clip,
          frameIndex: vector.frameIndex,
          embedding: vector.json,
          modelVersion: vector.modelVersion,
          createdAt: new Date(vector.createdAt),
        })),
      );
    }
  }
  await countAnew(tx, clip, { isChanged: true });
}

/** Ids that another clip of this browser has: a library knows nothing of those that are not in it. */
async function takenIds(
  tx: Database,
  table: typeof eventFrames | typeof frameEmbeddings,
  clip: string,
  rows: readonly { id: string }[],
): Promise<Set<string>> {
  const ids = rows.map(({ id }) => id);
  const taken = await tx
    .select({ id: table.id })
    .from(table)
    .where(and(inArray(table.id, ids), ne(table.clipId, clip)));
  return new Set(taken.map(({ id }) => id));
}

/** Copies the rows of a clip to another id, in the caller's transaction; `copyFiles` has copied the files. */
export async function copyClipRows(
  tx: Database,
  clip: string,
  copy: string,
  videoPath: string | null,
): Promise<void> {
  await tx.execute(sql`
    insert into events (id, timestamp, description, source_type, smart_detection_type, frame_count_used, frame_timestamps,
      video_path, created_at, file_name, file_bytes, file_fingerprint, duration_ms, width, height, model_version,
      ingest_state, ingest_error, frames_planned, sampling, player_start_ms, video_track, gaps, frames_stored)
    select ${copy}, timestamp, description, source_type, smart_detection_type, frame_count_used, frame_timestamps,
      ${videoPath}, created_at, file_name, file_bytes, file_fingerprint, duration_ms, width, height, model_version,
      ingest_state, ingest_error, frames_planned, sampling, player_start_ms, video_track, gaps, frames_stored
    from events where id = ${clip}`);
  const [from, to] = [folderOf(clip), folderOf(copy)];
  await tx.execute(sql`
    insert into event_frames (id, event_id, frame_number, frame_path, timestamp_offset_ms, width, height,
      file_size_bytes, created_at)
    select gen_random_uuid()::text, ${copy}, frame_number, replace(frame_path, ${from}, ${to}), timestamp_offset_ms,
      width, height, file_size_bytes, created_at from event_frames where event_id = ${clip}`);
  await tx.execute(sql`
    insert into frame_embeddings (id, event_id, frame_index, embedding, model_version, created_at)
    select gen_random_uuid()::text, ${copy}, frame_index, embedding, model_version, created_at
    from frame_embeddings where event_id = ${clip}`);
  await tx.execute(sql`
    insert into frame_spans (event_id, frame_index, start_ms, end_ms)
    select ${copy}, frame_index, start_ms, end_ms from frame_spans where event_id = ${clip}`);
  await countAnew(tx, copy, { isChanged: true });
}

/** `frames/<id>/` */
function folderOf(clip: string): string {
  const path = framePath(clip, 0);
  return path.slice(0, path.lastIndexOf('/') + 1);
}
