import { eq, sql } from 'drizzle-orm';
import type { ClipContents } from '@/lib/ports/sharing';
import { ROWS_PER_PAGE } from '@/lib/protocol/limits';
import type { WritableRow } from '@/lib/protocol/rows';
import { parsePostgresTimestamp } from '@/lib/shared/postgres-timestamp';
import type { Database } from './database';
import { countAnew } from './embedding-sets';
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

/** Removes all rows of a clip, in the caller's transaction. */
export async function clearRows(tx: Database, clip: string): Promise<void> {
  for (const table of [frameEmbeddings, eventFrames, frameSpans])
    await tx.delete(table).where(eq(table.clipId, clip));
}

/**
 * Adds a page of rows to a clip that does not have them, in the caller's transaction. The lines have been checked; vectors
 * are kept to the last digit, so that the digest stays what the library says. PostgreSQL reads the lines itself: a page is
 * one statement with two parameters, which takes a third of the time of rows with a parameter a value.
 *
 * A row whose id another clip of this browser has gets a new one: a library knows nothing of clips that are not in it.
 *
 * @param lines see `readPage`
 * @param pathOf where the picture of a frame lies
 */
export async function insertPage(
  tx: Database,
  clip: string,
  page: number,
  lines: Uint8Array,
  pathOf: (frameIndex: number) => string,
): Promise<void> {
  const rows = `[${new TextDecoder().decode(lines).trimEnd().replaceAll('\n', ',')}]`;
  const paths = Array.from({ length: ROWS_PER_PAGE }, (_, i) => pathOf(page * ROWS_PER_PAGE + i));
  await tx.execute(sql`
    with rows as materialized (
      select * from json_to_recordset(${rows}::json)
        as row (i int, f text, t int, w int, h int, b int, at timestamptz, s json, v text, m text, e text, vat timestamptz)
    ), frames as (
      insert into event_frames (id, event_id, frame_number, frame_path, timestamp_offset_ms, width, height,
        file_size_bytes, created_at)
      select case when exists (select from event_frames o where o.id = f and o.event_id <> ${clip})
          then gen_random_uuid()::text else f end,
        ${clip}, i + 1, ${JSON.stringify(paths)}::json ->> (i - ${page * ROWS_PER_PAGE}::int), t, w, h, b, at
      from rows where f is not null
    ), spans as (
      insert into frame_spans (event_id, frame_index, start_ms, end_ms)
      select ${clip}, i, (s ->> 0)::float8, (s ->> 1)::float8 from rows where s is not null
    )
    insert into frame_embeddings (id, event_id, frame_index, embedding, model_version, created_at)
    select case when exists (select from frame_embeddings o where o.id = v and o.event_id <> ${clip})
        then gen_random_uuid()::text else v end,
      ${clip}, i, e, m, vat
    from rows where v is not null`);
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
