import { and, asc, count, eq, gt, gte, max, sql } from 'drizzle-orm';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { ROWS_PER_READ, type Database } from './database';
import { eventFrames, frameEmbeddingDrafts, frameEmbeddings } from './schema';
import { readVectorInto } from './vector-json';

/** The vectors of one event and one model, in frame order, ready for scoring. */
export interface PackedVectors {
  frameIndexes: Int32Array<ArrayBuffer>;
  /** Time of each frame from the start of the clip; -1 for a vector whose frame has no row. */
  timestampsMs: Int32Array<ArrayBuffer>;
  /** `frameIndexes.length` rows of 512. */
  vectors: Float32Array<ArrayBuffer>;
}

/** What tells one state of the rows from another. */
interface RowsStamp {
  rows: number;
  /** Text of the newest created_at, to the microsecond; null when there are no rows. */
  newest: string | null;
}

interface CacheEntry {
  eventId: string;
  stamp: RowsStamp;
  packed: PackedVectors;
}

/** Rows that may lie in the cache, all events together: 2 KB each, so at most 100 MB. */
const MAX_CACHED_ROWS = 50_000;

/** The time of a frame that has a vector but no row in event_frames. */
const UNKNOWN_TIME = -1;

/**
 * Vectors packed as float32 so that a second question does not parse the JSON again. It is never the
 * truth: before it is used, count and newest created_at are compared with the table, which other
 * tabs write to as well. While a clip is being ingested only the rows that came since are read.
 */
export class PackedVectorCache {
  /** Least recently used first. */
  readonly #entries = new Map<string, CacheEntry>();

  async read(db: Database, eventId: string, modelVersion: string): Promise<PackedVectors> {
    const key = JSON.stringify([eventId, modelVersion]);
    const cached = this.#entries.get(key);
    const { stamp, packed } = await db.transaction(async (tx) => {
      const { table, stamp } = await findRows(tx, eventId, modelVersion);
      if (cached && isSame(cached.stamp, stamp)) return { stamp, packed: cached.packed };
      if (cached?.stamp.newest != null && stamp.rows >= cached.stamp.rows) {
        const newer = await readPacked(tx, table, eventId, modelVersion, cached.stamp.newest);
        const merged = merge(cached.packed, newer);
        // Fewer or more than there are means that rows went away or came in late: read all again.
        if (merged.frameIndexes.length === stamp.rows) return { stamp, packed: merged };
      }
      return { stamp, packed: await readPacked(tx, table, eventId, modelVersion) };
    });
    this.#entries.delete(key);
    this.#entries.set(key, { eventId, stamp, packed });
    this.#evict();
    return packed;
  }

  forget(eventId: string): void {
    for (const [key, entry] of this.#entries) if (entry.eventId === eventId) this.#entries.delete(key);
  }

  #evict(): void {
    let rows = 0;
    for (const entry of this.#entries.values()) rows += entry.packed.frameIndexes.length;
    for (const [key, entry] of this.#entries) {
      // The newest entry stays whatever its size: it is what the person is asking about.
      if (rows <= MAX_CACHED_ROWS || this.#entries.size === 1) return;
      this.#entries.delete(key);
      rows -= entry.packed.frameIndexes.length;
    }
  }
}

function isSame(a: RowsStamp, b: RowsStamp): boolean {
  return a.rows === b.rows && a.newest === b.newest;
}

/** Where vectors lie: in their table, or beside it while a clip is being read again. */
type VectorTable = typeof frameEmbeddings | typeof frameEmbeddingDrafts;

function ofModel(table: VectorTable, eventId: string, modelVersion: string) {
  return and(eq(table.eventId, eventId), eq(table.modelVersion, modelVersion));
}

async function findRows(
  db: Database,
  eventId: string,
  modelVersion: string,
): Promise<{ table: VectorTable; stamp: RowsStamp }> {
  const stamp = await readStamp(db, frameEmbeddings, eventId, modelVersion);
  if (stamp.rows > 0) return { table: frameEmbeddings, stamp };
  const draft = await readStamp(db, frameEmbeddingDrafts, eventId, modelVersion);
  return { table: frameEmbeddingDrafts, stamp: draft };
}

async function readStamp(
  db: Database,
  table: VectorTable,
  eventId: string,
  modelVersion: string,
): Promise<RowsStamp> {
  const [stamp] = await db
    .select({ rows: count(), newest: max(sql<string>`${table.createdAt}::text`) })
    .from(table)
    .where(ofModel(table, eventId, modelVersion));
  return { rows: stamp?.rows ?? 0, newest: stamp?.newest ?? null };
}

/** The rows of one event and model, from `since` on (rows of that very moment included) when it is given. */
async function readPacked(
  db: Database,
  table: VectorTable,
  eventId: string,
  modelVersion: string,
  since?: string,
): Promise<PackedVectors> {
  const pages: PackedVectors[] = [];
  for (let after = -1; ;) {
    const rows = await db
      .select({
        frameIndex: table.frameIndex,
        embedding: table.embedding,
        timestampMs: eventFrames.timestampOffsetMs,
      })
      .from(table)
      .leftJoin(
        eventFrames,
        and(
          eq(eventFrames.eventId, table.eventId),
          eq(eventFrames.frameNumber, sql`${table.frameIndex} + 1`),
        ),
      )
      .where(
        and(
          ofModel(table, eventId, modelVersion),
          gt(table.frameIndex, after),
          since === undefined ? undefined : gte(table.createdAt, sql`${since}::timestamptz`),
        ),
      )
      .orderBy(asc(table.frameIndex))
      .limit(ROWS_PER_READ);
    pages.push(pack(rows));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_READ) return concatenate(pages);
    after = last.frameIndex;
  }
}

function allocate(rows: number): PackedVectors {
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    vectors: new Float32Array(rows * EMBEDDING_DIMENSION),
  };
}

function pack(rows: { frameIndex: number; embedding: string; timestampMs: number | null }[]): PackedVectors {
  const packed = allocate(rows.length);
  rows.forEach((row, i) => {
    packed.frameIndexes[i] = row.frameIndex;
    packed.timestampsMs[i] = row.timestampMs ?? UNKNOWN_TIME;
    readVectorInto(packed.vectors, i * EMBEDDING_DIMENSION, row.embedding, EMBEDDING_DIMENSION);
  });
  return packed;
}

function concatenate(pages: PackedVectors[]): PackedVectors {
  const all = allocate(pages.reduce((sum, page) => sum + page.frameIndexes.length, 0));
  let row = 0;
  for (const page of pages) {
    all.frameIndexes.set(page.frameIndexes, row);
    all.timestampsMs.set(page.timestampsMs, row);
    all.vectors.set(page.vectors, row * EMBEDDING_DIMENSION);
    row += page.frameIndexes.length;
  }
  return all;
}

/** Two packs in one, both in frame order; where both have a frame, the newer one's row counts. */
function merge(older: PackedVectors, newer: PackedVectors): PackedVectors {
  const sources: [PackedVectors, number][] = [];
  for (let i = 0, j = 0; i < older.frameIndexes.length || j < newer.frameIndexes.length;) {
    const a = older.frameIndexes[i] ?? Infinity;
    const b = newer.frameIndexes[j] ?? Infinity;
    if (b <= a) sources.push([newer, j++]);
    else sources.push([older, i]);
    if (a <= b) i++;
  }
  const merged = allocate(sources.length);
  sources.forEach(([source, at], row) => {
    const start = at * EMBEDDING_DIMENSION;
    merged.frameIndexes[row] = source.frameIndexes[at]!;
    merged.timestampsMs[row] = source.timestampsMs[at]!;
    merged.vectors.set(
      source.vectors.subarray(start, start + EMBEDDING_DIMENSION),
      row * EMBEDDING_DIMENSION,
    );
  });
  return merged;
}

/** A copy to give away: transferring the cached arrays would empty the cache. */
export function copyPacked({ frameIndexes, timestampsMs, vectors }: PackedVectors): PackedVectors {
  return { frameIndexes: frameIndexes.slice(), timestampsMs: timestampsMs.slice(), vectors: vectors.slice() };
}
