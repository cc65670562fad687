import { escapeLiteral, type Pool, type PoolClient, type QueryResult } from 'pg';
import {
  clipDetails,
  eventRow,
  type ClipChange,
  type ClipDetails,
  type EventColumns,
  type RevisionRequest,
} from '@/lib/protocol/clips';
import { combineStates, EMPTY_STATE, rowsDigest, stateOfClip } from '@/lib/protocol/digests';
import { readClip } from './changes';
import { Problem } from './problem';
import { changedMeanwhile, committedChange, type Revision } from './push';
import { deleteHalfVectors, fillHalfVectors, hasHalfVectors } from './search/vector-index';
import { property } from '@/lib/shared/errors';
import { withClient } from './transaction';

/*
 * [Note: Commit] A change of a clip is one transaction. It locks the clip's row first and the clock last. The number comes
 * from the clock in one message with `commit`, so that nobody waits for a client between the two, and so that numbers become
 * visible in their order: a sequence gives them before the commit, and a reader that remembers the highest passes over those
 * that commit later. Rows reach their tables in no other way, so that nobody sees half a clip.
 */

/** Which change, by whom and when. */
interface Change extends Revision {
  deviceId: string;
  now: Date;
}

/** What a change leaves of its clip. */
interface Outcome {
  kind: RevisionRequest['kind'];
  state: ClipChange['state'];
  /** Of `clips`, as far as they change. */
  columns: Partial<ClipDetails & Record<'frames' | 'vectors' | 'pictures' | 'rows_digest', number | string>>;
}

/** Commits what `beginPush` and its pages have brought. Returns the number of the change. */
export function commitPush(pool: Pool, change: Change): Promise<number> {
  return commit(pool, change, async (client, current) => {
    const push = await readPush(client, change);
    if ((current?.revision ?? null) !== push.base) throw changedMeanwhile(current);
    await assertComplete(client, change, push);
    if (current?.state === 'live') await deleteRows(client, change.clip);
    await writeEvent(client, push.event);
    const vectors = await insertRows(client, change);
    await indexVectors(client, change.clip);
    await client.query('delete from pushes where event_id = $1 and revision = $2', [
      change.clip,
      change.revision,
    ]);
    const { frames, pictures, rows_digest } = push;
    return {
      kind: 'rows',
      state: 'live',
      columns: { frames, vectors, pictures, rows_digest, ...push.details },
    };
  });
}

/** Commits a change that needs no rows: of the clip's own row, or its end. Returns the number of the change. */
export function commitAtOnce(
  pool: Pool,
  change: Change,
  request: Exclude<RevisionRequest, { kind: 'rows' }>,
): Promise<number> {
  return commit(pool, change, async (client, current) => {
    if (!current) throw new Problem('unknown', 'The library has never had this clip. Share it first.');
    if (current.revision !== request.base) throw changedMeanwhile(current);
    const { kind } = request;
    if (kind === 'edit') {
      if (current.state !== 'live') throw changedMeanwhile(current);
      await writeEvent(client, request.event);
      return { kind, state: 'live', columns: request.details };
    }
    // Rows and pictures go with it.
    await client.query('delete from events where id = $1', [change.clip]);
    const columns = { frames: 0, vectors: 0, pictures: 0, rows_digest: '' };
    return { kind, state: kind === 'delete' ? 'deleted' : 'unshared', columns };
  });
}

async function commit(
  pool: Pool,
  change: Change,
  write: (client: PoolClient, current: ClipChange | null) => Promise<Outcome>,
): Promise<number> {
  return withClient(pool, async (client) => {
    await client.query('begin');
    try {
      await lockClip(client, change);
      const committed = await committedChange(client, change);
      if (committed !== null) {
        await client.query('rollback');
        return committed;
      }
      const current = await readClip(client, change.clip);
      const outcome = await write(client, current);
      await updateClip(client, change, outcome);
      return await tickAndCommit(client, change, outcome, await stateChange(change, current, outcome));
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw takenId(error) ?? error;
    }
  });
}

/** Locks the clip's row, which is made where there is none: that of a clip which is added twice at once waits here too. */
async function lockClip(client: PoolClient, { clip, deviceId, now }: Change): Promise<void> {
  await client.query(
    `insert into clips (event_id, state, device_id, frames, vectors, pictures, rows_digest, committed_at)
     values ($1, 'live', $2, 0, 0, 0, '', $3)
     on conflict (event_id) do update set device_id = clips.device_id`,
    [clip, deviceId, now],
  );
}

/** See [Note: Commit]. A message of several statements takes no parameters: all that stands in it is checked and escaped. */
async function tickAndCommit(
  client: PoolClient,
  { clip, revision }: Change,
  { kind }: Outcome,
  state: string,
): Promise<number> {
  const key = `event_id = ${escapeLiteral(clip)}`;
  const results = (await client.query(`
    update clock set change_seq = change_seq + 1, state = state # ${escapeLiteral(`x${state}`)}::bit(128) where one = 1
      returning change_seq;
    update clips set change_seq = clock.change_seq from clock where ${key};
    insert into revisions (event_id, revision, change_seq, kind, device_id, committed_at)
      select event_id, revision, change_seq, ${escapeLiteral(kind)}, device_id, committed_at from clips
      where ${key} and revision = ${escapeLiteral(revision)};
    commit`)) as unknown as QueryResult<{ change_seq: string }>[];
  return Number(results[0]!.rows[0]!.change_seq);
}

/** What the library's state changes by: the clip as it was leaves it, the clip as it is joins it. */
async function stateChange(
  { clip, revision }: Change,
  current: ClipChange | null,
  { state }: Outcome,
): Promise<string> {
  const before = current?.state === 'live' ? await stateOfClip(clip, current.revision) : EMPTY_STATE;
  const after = state === 'live' ? await stateOfClip(clip, revision) : EMPTY_STATE;
  return combineStates(before, after);
}

interface Push {
  base: string | null;
  event: EventColumns;
  details: ClipDetails;
  frames: number;
  pictures: number;
  rows_digest: string;
}

/** The lock holds off pages that come late: what is counted is what is taken. */
async function readPush(client: PoolClient, { clip, revision }: Revision): Promise<Push> {
  const { rows } = await client.query<Omit<Push, 'event' | 'details'> & { event: string; details: string }>(
    `select base, event, details, frames, pictures, rows_digest from pushes
     where event_id = $1 and revision = $2 for update`,
    [clip, revision],
  );
  const push = rows[0];
  if (!push) throw new Problem('unknown', 'This change has not been begun. Send its revision first.');
  return {
    ...push,
    event: eventRow.parse(JSON.parse(push.event)),
    details: clipDetails.parse(JSON.parse(push.details)),
  };
}

async function assertComplete(client: PoolClient, { clip, revision }: Revision, push: Push): Promise<void> {
  const { rows } = await client.query<{ frames: number; pictures: number; pages: PageDigest[] }>(
    `select (select count(*)::integer from push_rows where event_id = $1 and revision = $2) as frames,
       (select count(*)::integer from push_pictures where event_id = $1 and revision = $2) as pictures,
       (select coalesce(json_agg(json_build_object('page', page, 'digest', digest) order by page), '[]') from push_pages
        where event_id = $1 and revision = $2 and kind = 'rows') as pages`,
    [clip, revision],
  );
  const { frames, pictures, pages } = rows[0]!;
  const isWhole =
    frames === push.frames &&
    pictures === push.pictures &&
    (await rowsDigest(pages.map(({ digest }) => digest))) === push.rows_digest;
  if (isWhole) return;
  throw new Problem(
    'incomplete',
    `${frames} of ${push.frames} rows and ${pictures} of ${push.pictures} pictures are here. Send the pages that are missing.`,
    { have: pages.map(({ page }) => page) },
  );
}

interface PageDigest {
  page: number;
  digest: string;
}

async function writeEvent(client: PoolClient, event: EventColumns): Promise<void> {
  const columns = Object.keys(event) as (keyof EventColumns)[];
  const updates = columns
    .filter((column) => column !== 'id')
    .map((column) => `${column} = excluded.${column}`);
  await client.query(
    `insert into events (${columns.join(', ')}) values (${places(columns.length)})
     on conflict (id) do update set ${updates.join(', ')}`,
    columns.map((column) => event[column]),
  );
}

async function updateClip(
  client: PoolClient,
  { clip, revision, deviceId, now }: Change,
  { state, columns }: Outcome,
): Promise<void> {
  const all = { revision, state, device_id: deviceId, committed_at: now, ...columns };
  const updates = Object.keys(all).map((column, i) => `${column} = $${i + 2}`);
  await client.query(`update clips set ${updates.join(', ')} where event_id = $1`, [
    clip,
    ...Object.values(all),
  ]);
}

async function deleteRows(client: PoolClient, clip: string): Promise<void> {
  await client.query(
    `with frames as (delete from event_frames where event_id = $1),
       spans as (delete from frame_spans where event_id = $1),
       packed as (delete from frame_vectors where event_id = $1),
       vectors as (delete from frame_embeddings where event_id = $1)
     delete from frame_pictures where event_id = $1`,
    [clip],
  );
}

/** Puts the rows that have come where they belong. Returns how many of them are vectors. */
async function insertRows(client: PoolClient, { clip, revision }: Revision): Promise<number> {
  const key = [clip, revision];
  // The server's own pattern of paths; no file lies there, the pictures are rows.
  await client.query(
    `insert into event_frames (id, event_id, frame_number, frame_path, timestamp_offset_ms, width, height,
       file_size_bytes, created_at)
     select frame_id, event_id, frame_index + 1,
       'frames/' || event_id || '/frame_' || lpad((frame_index + 1)::text, greatest(3, length((frame_index + 1)::text)), '0')
         || '.jpg',
       timestamp_offset_ms, width, height, file_size_bytes, frame_created_at
     from push_rows where event_id = $1 and revision = $2 and frame_id is not null`,
    key,
  );
  await client.query(
    `insert into frame_spans (event_id, frame_index, start_ms, end_ms)
     select event_id, frame_index, start_ms, end_ms from push_rows
     where event_id = $1 and revision = $2 and start_ms is not null`,
    key,
  );
  const vectors = await client.query(
    `insert into frame_embeddings (id, event_id, frame_index, embedding, model_version, created_at)
     select vector_id, event_id, frame_index, embedding, model_version, vector_created_at
     from push_rows where event_id = $1 and revision = $2 and vector_id is not null`,
    key,
  );
  // Rows that an older server has put there have none; see fill-vectors.ts.
  await client.query(
    `insert into frame_vectors (event_id, frame_index, model_version, vector)
     select event_id, frame_index, model_version, vector
     from push_rows where event_id = $1 and revision = $2 and vector is not null`,
    key,
  );
  await client.query(
    `insert into frame_pictures (event_id, frame_number, type, bytes)
     select event_id, frame_number, type, bytes from push_pictures where event_id = $1 and revision = $2`,
    key,
  );
  return vectors.rowCount ?? 0;
}

/** Puts a clip's vectors into the index of a library that has one; see [Note: Vector index]. */
async function indexVectors(client: PoolClient, clip: string): Promise<void> {
  if (!(await hasHalfVectors(client))) return;
  await deleteHalfVectors(client, clip);
  await fillHalfVectors(client, clip);
}

/** A row id that is not unique in the library: its clip's own rows are gone by then, so that another clip has it. */
function takenId(error: unknown): Problem | null {
  const constraint = property(error, 'constraint');
  if (constraint !== 'event_frames_pkey' && constraint !== 'frame_embeddings_pkey') return null;
  return new Problem('id-taken', 'Another clip has a row with one of these ids. Give the rows new ids.');
}

function places(count: number): string {
  return Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ');
}
