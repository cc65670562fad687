import { escapeLiteral, type Pool, type PoolClient } from 'pg';
import { NO_TIME } from '@/lib/protocol/search';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { readCopy, type BinaryField } from '../copy-binary';
import { withClient } from '../transaction';
import { fillVectors } from './fill-vectors';
import { ROW_BYTES } from './row-layout';

/** Vectors that are read with one statement, as long as one clip has not more: 16 MB. */
const VECTORS_AT_ONCE = 8192;

/** Clips that are read with one statement. */
const CLIPS_AT_ONCE = 500;

/** Where a library is. */
export interface LibraryClock {
  change: number;
  /** Another after the library was restored from a backup. */
  epoch: string;
}

/** A clip that changed. */
export interface ChangedClip {
  clip: string;
  revision: string;
  /** Null for a clip that is no longer there. */
  recordedMs: number | null;
  /** Number of the change that brought its rows: an edit of its words leaves them. */
  rowsChange: number;
  /** Its frames with vectors of the model, in order; null where they are as they were. */
  frames: ClipFrames | null;
}

/** Frames of a clip, as the index keeps them. */
export interface ClipFrames {
  frameIndexes: Int32Array<ArrayBuffer>;
  /** `NO_TIME` where nobody knows. */
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Two a frame. */
  spansMs: Float64Array<ArrayBuffer>;
  /** Row-major [frames, 512]. */
  vectors: Float32Array<ArrayBuffer>;
}

interface ClipRecord {
  event_id: string;
  revision: string;
  change_seq: string;
  state: string;
  vectors: number;
  recorded_at: Date | null;
  rows_change: string | null;
  filled: number;
}

/** Number of the library's last change. */
export async function readClock(pool: Pick<Pool | PoolClient, 'query'>): Promise<LibraryClock> {
  const { rows } = await pool.query<{ change_seq: string; epoch: string }>({
    name: 'clock',
    text: 'select change_seq, epoch from clock where one = 1',
  });
  return { change: Number(rows[0]!.change_seq), epoch: rows[0]!.epoch };
}

/** Vectors of all clips together, and the models of clips that have any. */
export async function measureVectors(pool: Pool): Promise<{ vectors: number; models: string[] }> {
  const { rows } = await pool.query<{ model_version: string | null; vectors: string }>(
    `select model_version, sum(vectors) as vectors from clips where state = 'live' and vectors > 0
     group by model_version order by model_version`,
  );
  return {
    vectors: rows.reduce((sum, { vectors }) => sum + Number(vectors), 0),
    models: rows.flatMap(({ model_version }) => model_version ?? []),
  };
}

/**
 * The next clips that changed after `after`, in the order of their changes, and the number of the last of them; null where there
 * are none. What belongs together is read at one moment.
 *
 * @param isKnown whether the rows that a clip has since a change are at hand
 */
export function readChangedClips(
  pool: Pool,
  model: string,
  after: number,
  isKnown: (clip: string, rowsChange: number) => boolean,
): Promise<{ clips: ChangedClip[]; change: number } | null> {
  return withClient(pool, async (client) => {
    // A clip whose rows are damaged stays short of them.
    const tried = new Set<string>();
    for (;;) {
      await client.query('begin transaction isolation level repeatable read');
      try {
        const records = await readRecords(client, after);
        const unfilled = records.filter(
          ({ event_id, vectors, filled }) => filled < vectors && !tried.has(event_id),
        );
        if (unfilled.length === 0) {
          const clips = await withFrames(client, model, records, isKnown);
          await client.query('commit');
          const last = records.at(-1);
          return last ? { clips, change: Number(last.change_seq) } : null;
        }
        await client.query('rollback');
        for (const { event_id } of unfilled) {
          tried.add(event_id);
          await fillVectors(client, event_id);
        }
      } catch (error) {
        await client.query('rollback').catch(() => undefined);
        throw error;
      }
    }
  });
}

async function readRecords(client: PoolClient, after: number): Promise<ClipRecord[]> {
  const { rows } = await client.query<ClipRecord>(
    `select c.event_id, c.revision, c.change_seq, c.state, c.vectors, e.timestamp as recorded_at,
       (select max(r.change_seq) from revisions r where r.event_id = c.event_id and r.kind = 'rows') as rows_change,
       (select count(*)::integer from frame_vectors v where v.event_id = c.event_id) as filled
     from clips c left join events e on e.id = c.event_id
     where c.change_seq > $1 order by c.change_seq limit $2`,
    [after, CLIPS_AT_ONCE],
  );
  let vectors = 0;
  const end = rows.findIndex((row) => (vectors += row.vectors) > VECTORS_AT_ONCE);
  return end === -1 ? rows : rows.slice(0, Math.max(1, end));
}

async function withFrames(
  client: PoolClient,
  model: string,
  records: readonly ClipRecord[],
  isKnown: (clip: string, rowsChange: number) => boolean,
): Promise<ChangedClip[]> {
  const wanted = records.filter(
    ({ event_id, state, rows_change }) => state === 'live' && !isKnown(event_id, Number(rows_change)),
  );
  const frames = await readFrames(
    client,
    model,
    wanted.map(({ event_id }) => event_id),
  );
  return records.map(({ event_id, revision, state, recorded_at, rows_change }) => ({
    clip: event_id,
    revision,
    recordedMs: state === 'live' ? (recorded_at?.getTime() ?? null) : null,
    rowsChange: Number(rows_change),
    frames: frames.get(event_id) ?? null,
  }));
}

interface FrameRecord {
  frameIndex: number;
  timestampMs: number;
  startMs: number;
  endMs: number;
  vector: Buffer;
}

/** The frames of each clip; none where it has no vector of the model. */
export async function readFrames(
  client: PoolClient,
  model: string,
  clips: readonly string[],
): Promise<Map<string, ClipFrames>> {
  const found = new Map(clips.map((clip) => [clip, [] as FrameRecord[]]));
  if (clips.length === 0) return new Map();
  const ids = clips.map((clip) => escapeLiteral(clip)).join(', ');
  const query = `select v.event_id, v.frame_index, f.timestamp_offset_ms, s.start_ms, s.end_ms, v.vector
    from frame_vectors v
    left join event_frames f on f.event_id = v.event_id and f.frame_number = v.frame_index + 1
    left join frame_spans s on s.event_id = v.event_id and s.frame_index = v.frame_index
    where v.event_id in (${ids}) and v.model_version = ${escapeLiteral(model)}`;
  for await (const fields of readCopy(client, query)) {
    const [clip, frameIndex, timestamp, start, end, vector] = fields as [
      Buffer,
      Buffer,
      BinaryField,
      BinaryField,
      BinaryField,
      Buffer,
    ];
    if (vector.length !== ROW_BYTES)
      throw new Error(`A vector of clip ${clip.toString()} has another length.`);
    found.get(clip.toString())!.push({
      frameIndex: frameIndex.readInt32BE(),
      timestampMs: timestamp?.readInt32BE() ?? NO_TIME,
      startMs: start?.readDoubleBE() ?? 0,
      endMs: end?.readDoubleBE() ?? 0,
      vector,
    });
  }
  return new Map([...found].map(([clip, frames]) => [clip, pack(frames)]));
}

/** A frame by its clip. */
export interface FrameAddress {
  clip: string;
  /** 0-based. */
  frameIndex: number;
}

/** Vectors of frames, row-major, in the order asked for; zeros for a frame that has none. */
export async function readVectors(
  client: PoolClient,
  frames: readonly FrameAddress[],
): Promise<Float32Array<ArrayBuffer>> {
  const vectors = new Float32Array(frames.length * EMBEDDING_DIMENSION);
  if (frames.length === 0) return vectors;
  const bytes = new Uint8Array(vectors.buffer);
  const clips = frames.map(({ clip }) => escapeLiteral(clip)).join();
  const indexes = frames.map(({ frameIndex }) => frameIndex).join();
  const query = `select w.place::integer, v.vector
    from unnest(array[${clips}], array[${indexes}]) with ordinality as w (clip, frame_index, place)
    join frame_vectors v on v.event_id = w.clip and v.frame_index = w.frame_index`;
  for await (const [place, vector] of readCopy(client, query))
    bytes.set(vector!, (place!.readInt32BE() - 1) * ROW_BYTES);
  return vectors;
}

function pack(frames: FrameRecord[]): ClipFrames {
  frames.sort((a, b) => a.frameIndex - b.frameIndex);
  const vectors = new Float32Array(frames.length * EMBEDDING_DIMENSION);
  const bytes = new Uint8Array(vectors.buffer);
  frames.forEach(({ vector }, i) => bytes.set(vector, i * ROW_BYTES));
  return {
    frameIndexes: Int32Array.from(frames, ({ frameIndex }) => frameIndex),
    timestampsMs: Int32Array.from(frames, ({ timestampMs }) => timestampMs),
    spansMs: Float64Array.from(frames.flatMap(({ startMs, endMs }) => [startMs, endMs])),
    vectors,
  };
}
