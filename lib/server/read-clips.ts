import type { Pool } from 'pg';
import type { FoundClip } from '@/lib/protocol/clips';
import { ROWS_PER_PAGE } from '@/lib/protocol/limits';
import type { FramePicture } from '@/lib/protocol/pictures';
import type { WritableRow } from '@/lib/protocol/rows';
import { Problem } from './problem';

interface RowRecord {
  revision: string;
  frame_id: string | null;
  frame_number: number | null;
  timestamp_offset_ms: number | null;
  width: number | null;
  height: number | null;
  file_size_bytes: number | null;
  frame_created_at: Date | null;
  start_ms: number | null;
  end_ms: number | null;
  vector_id: string | null;
  frame_index: number | null;
  embedding: string | null;
  model_version: string | null;
  vector_created_at: Date | null;
}

/** The rows of a page. One statement, so that they are of the revision that was asked for or refused. */
export async function readRows(
  pool: Pool,
  clip: string,
  revision: string,
  page: number,
): Promise<WritableRow[]> {
  const first = page * ROWS_PER_PAGE;
  const { rows } = await pool.query<RowRecord>({
    name: 'rows',
    text: `select c.revision, r.* from clips c left join lateral (
             select f.id as frame_id, f.frame_number, f.timestamp_offset_ms, f.width, f.height, f.file_size_bytes,
               f.created_at as frame_created_at, s.start_ms, s.end_ms,
               v.id as vector_id, v.frame_index, v.embedding, v.model_version, v.created_at as vector_created_at
             from (select * from event_frames
                   where event_id = $1 and frame_number > $2 and frame_number <= $3) f
             full join (select * from frame_embeddings
                        where event_id = $1 and frame_index >= $2 and frame_index < $3) v
             on v.frame_index = f.frame_number - 1
             left join frame_spans s on s.event_id = $1 and s.frame_index = f.frame_number - 1
           ) r on true
           where c.event_id = $1 and c.revision is not null
           order by coalesce(r.frame_index, r.frame_number - 1)`,
    values: [clip, first, first + ROWS_PER_PAGE],
  });
  assertRevision(rows[0], revision);
  return rows.filter(({ frame_id, vector_id }) => frame_id !== null || vector_id !== null).map(toRow);
}

function toRow(row: RowRecord): WritableRow {
  return {
    frameIndex: row.frame_index ?? row.frame_number! - 1,
    frame:
      row.frame_id === null
        ? null
        : {
            id: row.frame_id,
            timestampMs: row.timestamp_offset_ms!,
            width: row.width,
            height: row.height,
            fileSizeBytes: row.file_size_bytes,
            createdAt: row.frame_created_at!.toISOString(),
            span: row.start_ms === null ? null : { startMs: row.start_ms, endMs: row.end_ms! },
          },
    vector:
      row.vector_id === null
        ? null
        : {
            id: row.vector_id,
            modelVersion: row.model_version!,
            json: row.embedding!,
            createdAt: row.vector_created_at!.toISOString(),
          },
  };
}

/** Those of the wanted pictures that there are, of the revision that was asked for or refused. */
export async function readPictures(
  pool: Pool,
  clip: string,
  revision: string,
  frameNumbers: readonly number[],
): Promise<FramePicture[]> {
  const { rows } = await pool.query<{
    revision: string;
    frame_number: number | null;
    bytes: Buffer<ArrayBuffer> | null;
  }>({
    name: 'pictures',
    text: `select c.revision, p.frame_number, p.bytes from clips c
           left join frame_pictures p on p.event_id = c.event_id and p.frame_number = any($2::integer[])
           where c.event_id = $1 and c.revision is not null order by p.frame_number`,
    values: [clip, frameNumbers],
  });
  assertRevision(rows[0], revision);
  return rows.flatMap(({ frame_number, bytes }) =>
    frame_number === null || bytes === null ? [] : [{ frameNumber: frame_number, bytes }],
  );
}

/** Live clips of the same file, and of one model where it is named: their vectors need not be made again. */
export async function findClips(pool: Pool, fingerprint: string, model: string | null): Promise<FoundClip[]> {
  const { rows } = await pool.query<FoundClip>(
    `select event_id as clip, frames from clips
     where file_fingerprint = $1 and state = 'live' and ($2::text is null or model_version = $2)
     order by change_seq limit 100`,
    [fingerprint, model],
  );
  return rows;
}

function assertRevision(
  found: { revision: string } | undefined,
  revision: string,
): asserts found is { revision: string } {
  if (!found) throw new Problem('unknown', 'The library does not have this clip. Read its list of changes.');
  if (found.revision !== revision)
    throw new Problem(
      'revision-replaced',
      'The clip was changed while it was read. It comes again later in the list of changes.',
    );
}
