import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { ROWS_PER_READ, type Database } from './database';
import { eventFrames, frameEmbeddingDrafts, frameEmbeddings, frameSpans } from './schema';
import { readVectorInto } from './vector-json';

/** The vectors of one event and one model, in frame order, ready for scoring. */
export interface PackedVectors {
  frameIndexes: Int32Array<ArrayBuffer>;
  /** Time of each frame from the start of the clip; UNKNOWN_TIME for a vector whose frame has no row. */
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Start and end of each frame's picture in clip time, two numbers a frame; NaN where nobody knows. */
  spansMs: Float64Array<ArrayBuffer>;
  /** `frameIndexes.length` rows of 512. */
  vectors: Float32Array<ArrayBuffer>;
}

/** The time of a frame that has a vector but no row in event_frames. */
export const UNKNOWN_TIME = -1;

/**
 * What tells one state of an event's vectors of a model from another.
 *
 * [Note: Stamps] Each row carries the number of the transaction that wrote it (`xmin`), which only rises. So whatever
 * is written makes `newest` rise, and whatever is deleted makes `rows` fall or `newest` rise; a clock, which
 * stands still for a millisecond and can be set back, would not tell. Rows above a stamp's `newest` are those that
 * came since.
 */
export interface VectorStamp {
  /** Where the vectors lie: in their table, or beside it while a clip is being read again. */
  source: 'stored' | 'draft';
  rows: number;
  /** Highest transaction number among the rows, as PostgreSQL prints it; null when there are no rows. */
  newest: string | null;
  /** Vectors that the event has of other models. */
  otherRows: number;
}

/** Rows of one answer of `readVectors`: 8 MB of vectors, read in well under a second. */
const ROWS_PER_CALL = 4 * ROWS_PER_READ;

/** One page of an event's vectors. */
export interface VectorPage {
  /** The state that the event's vectors were in when these were read. */
  stamp: VectorStamp;
  packed: PackedVectors;
  /** `after` of the next page; null when this is the last. */
  next: number | null;
}

type VectorTable = typeof frameEmbeddings | typeof frameEmbeddingDrafts;

const TABLES: Record<VectorStamp['source'], VectorTable> = {
  stored: frameEmbeddings,
  draft: frameEmbeddingDrafts,
};

/** The state of each event's vectors of one model, in the order of `eventIds`. Two queries, however many events. */
export async function vectorStamps(
  db: Database,
  modelVersion: string,
  eventIds: readonly string[],
): Promise<VectorStamp[]> {
  if (eventIds.length === 0) return [];
  const stored = await readStamps(db, 'stored', modelVersion, eventIds);
  const drafts = await readStamps(db, 'draft', modelVersion, eventIds);
  return eventIds.map((eventId) => {
    const inTable = stored.get(eventId);
    const draft = drafts.get(eventId);
    if (draft && draft.rows > 0 && !inTable?.rows) return { ...draft, otherRows: inTable?.otherRows ?? 0 };
    return inTable ?? { source: 'stored', rows: 0, newest: null, otherRows: 0 };
  });
}

async function readStamps(
  db: Database,
  source: VectorStamp['source'],
  modelVersion: string,
  eventIds: readonly string[],
): Promise<Map<string, VectorStamp>> {
  const table = TABLES[source];
  const ofModel = eq(table.modelVersion, modelVersion);
  const rows = await db
    .select({
      eventId: table.eventId,
      rows: sql<number>`count(*) filter (where ${ofModel})::int`,
      otherRows: sql<number>`count(*) filter (where not ${ofModel})::int`,
      newest: sql<string | null>`(max(xmin::text::bigint) filter (where ${ofModel}))::text`,
    })
    .from(table)
    .where(inArray(table.eventId, [...eventIds]))
    .groupBy(table.eventId);
  return new Map(rows.map(({ eventId, ...stamp }) => [eventId, { source, ...stamp }]));
}

/**
 * Vectors of one event and model in frame order, some thousand at a time. With its stamp, so in a transaction.
 *
 * @param options.newerThan leaves out rows that a stamp with this `newest` has seen
 * @param options.after `next` of the page before
 */
export async function readVectors(
  db: Database,
  eventId: string,
  modelVersion: string,
  options: { source: VectorStamp['source']; newerThan?: string | null; after?: number },
): Promise<VectorPage> {
  const [stamp] = await vectorStamps(db, modelVersion, [eventId]);
  const table = TABLES[options.source];
  const pages: PackedVectors[] = [];
  let after = options.after ?? -1;
  while (pages.length * ROWS_PER_READ < ROWS_PER_CALL) {
    const rows = await db
      .select({
        frameIndex: table.frameIndex,
        embedding: table.embedding,
        timestampMs: eventFrames.timestampOffsetMs,
        startMs: frameSpans.startMs,
        endMs: frameSpans.endMs,
      })
      .from(table)
      .leftJoin(
        eventFrames,
        and(
          eq(eventFrames.eventId, table.eventId),
          eq(eventFrames.frameNumber, sql`${table.frameIndex} + 1`),
        ),
      )
      .leftJoin(
        frameSpans,
        and(eq(frameSpans.eventId, table.eventId), eq(frameSpans.frameIndex, table.frameIndex)),
      )
      .where(
        and(
          eq(table.eventId, eventId),
          eq(table.modelVersion, modelVersion),
          gt(table.frameIndex, after),
          options.newerThan == null
            ? undefined
            : sql`${table}.xmin::text::bigint > ${options.newerThan}::bigint`,
        ),
      )
      .orderBy(asc(table.frameIndex))
      .limit(ROWS_PER_READ);
    pages.push(pack(rows));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_READ) {
      return { stamp: stamp!, packed: concatenatePacked(pages), next: null };
    }
    after = last.frameIndex;
  }
  return { stamp: stamp!, packed: concatenatePacked(pages), next: after };
}

function allocate(rows: number): PackedVectors {
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    spansMs: new Float64Array(2 * rows),
    vectors: new Float32Array(rows * EMBEDDING_DIMENSION),
  };
}

interface PackedRow {
  frameIndex: number;
  embedding: string;
  timestampMs: number | null;
  startMs: number | null;
  endMs: number | null;
}

function pack(rows: PackedRow[]): PackedVectors {
  const packed = allocate(rows.length);
  rows.forEach((row, i) => {
    packed.frameIndexes[i] = row.frameIndex;
    packed.timestampsMs[i] = row.timestampMs ?? UNKNOWN_TIME;
    packed.spansMs[2 * i] = row.startMs ?? NaN;
    packed.spansMs[2 * i + 1] = row.endMs ?? NaN;
    readVectorInto(packed.vectors, i * EMBEDDING_DIMENSION, row.embedding, EMBEDDING_DIMENSION);
  });
  return packed;
}

/** All pages one after another. */
function concatenatePacked(pages: readonly PackedVectors[]): PackedVectors {
  if (pages.length === 1) return pages[0]!;
  const all = allocate(pages.reduce((sum, page) => sum + page.frameIndexes.length, 0));
  let row = 0;
  for (const page of pages) {
    all.frameIndexes.set(page.frameIndexes, row);
    all.timestampsMs.set(page.timestampsMs, row);
    all.spansMs.set(page.spansMs, 2 * row);
    all.vectors.set(page.vectors, row * EMBEDDING_DIMENSION);
    row += page.frameIndexes.length;
  }
  return all;
}
