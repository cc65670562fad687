import { Client } from 'pg';
import type { Workspace } from '@/lib/server/administration';
import { copyRows, integerField, textField, vectorField } from '@/lib/server/copy-binary';
import { databaseAt } from '@/lib/server/database-address';
import { schemaOf } from '@/lib/server/names';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { madeEvent, MODEL, type TestServer } from './library-server';

/** Rows that are written at a time. */
const ROWS_AT_ONCE = 4000;

/**
 * Adds clips that have vectors for the search and nothing else, some twenty times as fast as a device could push them.
 *
 * @param clips name and vectors, row-major [frames, 512]
 */
export async function addSearchedClips(
  { settings }: TestServer,
  { id }: Workspace,
  clips: Iterable<{ clip: string; vectors: Float32Array }>,
): Promise<void> {
  const client = new Client({
    ...databaseAt(settings.ownerAddress),
    options: `-c search_path=${schemaOf(id)}`,
  });
  await client.connect();
  try {
    for (const { clip, vectors } of clips) await addClip(client, clip, vectors);
  } finally {
    await client.end();
  }
}

async function addClip(client: Client, clip: string, vectors: Float32Array): Promise<void> {
  const frames = vectors.length / EMBEDDING_DIMENSION;
  const { timestamp, created_at: createdAt } = madeEvent(clip, clip).event;
  await client.query('begin');
  await client.query(
    'insert into events (id, timestamp, description, source_type, created_at) values ($1, $2, $1, $3, $4)',
    [clip, timestamp, 'rtsp', createdAt],
  );
  for (let first = 0; first < frames; first += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, frames - first) }, (_, i) => {
      const start = (first + i) * EMBEDDING_DIMENSION;
      const vector = vectors.subarray(start, start + EMBEDDING_DIMENSION);
      return [textField(clip), integerField(first + i), textField(MODEL), vectorField(vector)];
    });
    await copyRows(client, 'frame_vectors (event_id, frame_index, model_version, vector)', rows);
  }
  await client.query('update clock set change_seq = change_seq + 1 where one = 1');
  await client.query(
    `insert into clips (event_id, revision, change_seq, state, device_id, frames, vectors, pictures, rows_digest,
       committed_at, model_version)
     select $1, 'made', change_seq, 'live', 'a device', $2, $2, 0, '', $3, $4 from clock`,
    [clip, frames, createdAt, MODEL],
  );
  await client.query(
    `insert into revisions (event_id, revision, change_seq, kind, device_id, committed_at)
     select $1, 'made', change_seq, 'rows', 'a device', $2 from clock`,
    [clip, createdAt],
  );
  await client.query('commit');
}
