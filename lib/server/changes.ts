import type { ClientBase, Pool } from 'pg';
import {
  DETAIL_COLUMNS,
  type ChangesAnswer,
  type ClipChange,
  type ClipDetails,
  type EventColumns,
} from '@/lib/protocol/clips';
import { MAX_CHANGES } from '@/lib/protocol/limits';

/** An answer ends behind the change that passes so many characters: a long clip's `frame_timestamps` has 160,000. */
const MAX_ANSWER_CHARACTERS = 4 * 1024 * 1024;

/** Names of the columns of `events`, other than its key, as the queries below give them. */
const EVENT_COLUMNS = [
  'timestamp',
  'description',
  'source_type',
  'smart_detection_type',
  'frame_count_used',
  'frame_timestamps',
  'video_path',
  'created_at',
] as const;

/** A clip with its row of `events`, whose columns begin with `event_` here. */
const CLIP_COLUMNS = `
  c.event_id, c.revision, c.change_seq, c.state, c.frames, c.pictures, c.rows_digest, c.committed_at,
  d.name as device, ${DETAIL_COLUMNS.map((column) => `c.${column}`).join(', ')},
  ${EVENT_COLUMNS.map((column) => `e.${column} as event_${column}`).join(', ')}`;
const CLIP_TABLES =
  'clips c left join events e on e.id = c.event_id left join devices d on d.id = c.device_id';

type ClipRecord = {
  event_id: string;
  revision: string;
  /** `bigint` comes as text. */
  change_seq: string;
  state: ClipChange['state'];
  frames: number;
  pictures: number;
  rows_digest: string;
  committed_at: Date;
  device: string | null;
} & ClipDetails &
  Record<`event_${(typeof EVENT_COLUMNS)[number]}`, unknown>;

interface ClockRecord {
  clock_seq: string;
  clock_state: string;
  clock_epoch: string;
}

/** The clips that changed after `after`, in the order of their changes, with the state of the library at the same moment. */
export async function readChanges(pool: Pool, after: number): Promise<ChangesAnswer> {
  // One statement, and so one moment. Without changes it gives one row with the clock alone.
  const { rows } = await pool.query<ClockRecord & (ClipRecord | { event_id: null })>({
    name: 'changes',
    text: `select k.change_seq as clock_seq, k.state::text as clock_state, k.epoch as clock_epoch, f.*
           from clock k left join
             (select ${CLIP_COLUMNS} from ${CLIP_TABLES} where c.change_seq > $1 order by c.change_seq limit $2) f on true
           order by f.change_seq`,
    values: [after, MAX_CHANGES + 1],
  });
  const { clock_seq, clock_state, clock_epoch } = rows[0]!;
  const all = rows.filter((row) => row.event_id !== null).map(toChange);
  const changes = all.slice(0, countThatFits(all));
  return {
    epoch: clock_epoch,
    changes,
    next: changes.at(-1)?.change ?? Number(clock_seq),
    more: changes.length < all.length,
    state: hexadecimal(clock_state),
  };
}

/** A clip as it is now; null where the library has never had it. */
export async function readClip(client: ClientBase, clip: string): Promise<ClipChange | null> {
  const { rows } = await client.query<ClipRecord>(
    `select ${CLIP_COLUMNS} from ${CLIP_TABLES} where c.event_id = $1 and c.revision is not null`,
    [clip],
  );
  return rows[0] ? toChange(rows[0]) : null;
}

function countThatFits(changes: readonly ClipChange[]): number {
  let characters = 0;
  const end = changes.findIndex((change) => {
    characters += change.event?.frame_timestamps?.length ?? 0;
    return characters > MAX_ANSWER_CHARACTERS;
  });
  return Math.min(end === -1 ? changes.length : end + 1, MAX_CHANGES);
}

function toChange(row: ClipRecord): ClipChange {
  const isLive = row.state === 'live';
  const details = Object.fromEntries(DETAIL_COLUMNS.map((column) => [column, row[column]]));
  // `bigint` comes as text; a file's length is far below 2 ** 53.
  if (details.file_bytes !== null) details.file_bytes = Number(details.file_bytes);
  const event = Object.fromEntries(
    EVENT_COLUMNS.map((column) => {
      const value = row[`event_${column}`];
      return [column, value instanceof Date ? value.toISOString() : value];
    }),
  );
  return {
    clip: row.event_id,
    revision: row.revision,
    change: Number(row.change_seq),
    state: row.state,
    frames: row.frames,
    pictures: row.pictures,
    digest: row.rows_digest,
    device: row.device ?? '',
    at: row.committed_at.toISOString(),
    event: isLive ? ({ id: row.event_id, ...event } as EventColumns) : null,
    details: isLive ? (details as ClipDetails) : null,
  };
}

/** The 128 digits of a `bit(128)` as 32 hexadecimal ones. */
function hexadecimal(bits: string): string {
  return BigInt(`0b${bits}`).toString(16).padStart(32, '0');
}
