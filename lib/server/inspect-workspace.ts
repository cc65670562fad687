import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { combineStates, EMPTY_STATE, stateOfClip } from '@/lib/protocol/digests';
import { schemaOf } from './names';
import { findUnindexedClips, hasHalfVectors } from './search/vector-index';
import { inTransaction } from './transaction';

/** What a library holds. */
export interface WorkspaceSize {
  clips: number;
  frames: number;
  /** With indexes, pictures and what has come and is not committed. */
  bytes: number;
  /** Number of the last change. */
  change: number;
}

/** Counts what a library holds. */
export function measureWorkspace(owner: ClientBase, id: string): Promise<WorkspaceSize> {
  return within(owner, id, async () => {
    const { rows } = await owner.query<Record<keyof WorkspaceSize, string>>(
      `select (select count(*) from clips where state = 'live') as clips,
         (select coalesce(sum(frames), 0) from clips) as frames,
         (select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class
          where relnamespace = $1::regnamespace and relkind = 'r') as bytes,
         (select change_seq from clock) as change`,
      [schemaOf(id)],
    );
    const { clips, frames, bytes, change } = rows[0]!;
    return { clips: Number(clips), frames: Number(frames), bytes: Number(bytes), change: Number(change) };
  });
}

/** Clips whose rows are not as many as they should be, and numbers that do not fit, as sentences. Empty for a library that is whole. */
export function findFaults(owner: ClientBase, id: string): Promise<string[]> {
  return within(owner, id, async () => {
    const clips = await owner.query<{ event_id: string }>(
      `select c.event_id from clips c
       where (c.state = 'live') <> exists (select 1 from events e where e.id = c.event_id)
          or c.vectors <> (select count(*) from frame_embeddings v where v.event_id = c.event_id)
          or c.pictures <> (select count(*) from frame_pictures p where p.event_id = c.event_id)
          or c.frames <> (select count(distinct n) from (
               select frame_number as n from event_frames f where f.event_id = c.event_id
               union all select frame_index + 1 from frame_embeddings v where v.event_id = c.event_id) r)
       order by c.event_id`,
    );
    const faults = clips.rows.map(
      ({ event_id }) => `Clip ${event_id} does not have the rows that it should.`,
    );
    const strays = await owner.query(
      'select 1 from events e where not exists (select 1 from clips c where c.event_id = e.id)',
    );
    if (strays.rowCount) faults.push(`${strays.rowCount} clips are in no list of changes.`);
    const live = await owner.query<{ event_id: string; revision: string }>(
      `select event_id, revision from clips where state = 'live'`,
    );
    const states = await Promise.all(live.rows.map((row) => stateOfClip(row.event_id, row.revision)));
    const bits = BigInt(`0x${combineStates(EMPTY_STATE, ...states)}`)
      .toString(2)
      .padStart(128, '0');
    const clock = await owner.query<{ isRight: boolean }>(
      `select state = $1::bit(128) and change_seq >= (select coalesce(max(change_seq), 0) from clips) as "isRight"
       from clock`,
      [bits],
    );
    if (!clock.rows[0]?.isRight) faults.push('The state of the library is not that of its clips.');
    return faults;
  });
}

/** How many clips the index of a library lacks, in whole or in part; none where it has no index. */
export function countUnindexed(owner: ClientBase, id: string): Promise<number> {
  return within(owner, id, async () =>
    (await hasHalfVectors(owner)) ? (await findUnindexedClips(owner)).length : 0,
  );
}

/** Says to all devices that the library comes from a backup: they compare what they have with it. */
export async function announceRestored(owner: ClientBase, id: string): Promise<void> {
  await within(owner, id, () => owner.query('update clock set epoch = $1 where one = 1', [randomUUID()]));
}

function within<T>(owner: ClientBase, id: string, work: () => Promise<T>): Promise<T> {
  return inTransaction(owner, async () => {
    await owner.query(`set local search_path = ${schemaOf(id)}`);
    return work();
  });
}
