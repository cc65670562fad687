import type { SearchedSet, SetState, EmbeddingPage } from '@/lib/ports/library';
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { UNKNOWN_TIME } from '@/lib/shared/frames';
import type { PackedEmbeddings } from '@/lib/shared/packed-layout';
import { ROWS_PER_READ, type Database } from './database';
import { setsOf } from './embedding-sets';
import { embeddingSets, eventFrames, frameEmbeddingDrafts, frameEmbeddings, frameSpans } from './schema';
import { searchedSet } from '@/lib/shared/searched-set';
import { readEmbeddingInto } from '@/lib/shared/embedding-json';

/** Most rows of one answer of `readEmbeddings`: 8 MB of embeddings, read in well under a second. */
const ROWS_PER_CALL = 4 * ROWS_PER_READ;

const TABLES = { current: frameEmbeddings, replacement: frameEmbeddingDrafts } satisfies Record<
  SetState,
  unknown
>;

/** The set of each clip that a search with a model compares, in the order of `clipIds`; one query, however many. */
export async function searchedSets(
  db: Database,
  modelVersion: string,
  clipIds: readonly string[],
): Promise<SearchedSet[]> {
  if (clipIds.length === 0) return [];
  const rows = await db
    .select()
    .from(embeddingSets)
    .where(inArray(embeddingSets.clipId, [...clipIds]));
  const byClip = new Map<string, typeof rows>();
  for (const row of rows) byClip.set(row.clipId, [...(byClip.get(row.clipId) ?? []), row]);
  return clipIds.map((clipId) => {
    const sets = byClip.get(clipId) ?? [];
    const own = searchedSet(sets, modelVersion);
    const others = sets.filter((set) => set.state === 'current' && set.modelVersion !== modelVersion);
    return {
      clipId,
      state: own?.state ?? null,
      frames: own?.frames ?? 0,
      revision: own?.revision ?? 0,
      otherFrames: others.reduce((sum, { frames }) => sum + frames, 0),
    };
  });
}

/**
 * Embeddings of one clip and model in frame order, some thousand at a time. With their revision, so in a transaction.
 *
 * @param options.after `next` of the page before
 * @param options.maxRows a multiple of ROWS_PER_READ
 */
export async function readEmbeddings(
  db: Database,
  clipId: string,
  modelVersion: string,
  options: { state: SetState; after?: number; maxRows?: number },
): Promise<EmbeddingPage> {
  const set = (await setsOf(db, clipId, modelVersion)).find(({ state }) => state === options.state);
  const revision = set?.revision ?? 0;
  const table = TABLES[options.state];
  const pages: PackedEmbeddings[] = [];
  let after = options.after ?? -1;
  while (pages.length * ROWS_PER_READ < (options.maxRows ?? ROWS_PER_CALL)) {
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
        and(eq(eventFrames.clipId, table.clipId), eq(eventFrames.frameNumber, sql`${table.frameIndex} + 1`)),
      )
      .leftJoin(
        frameSpans,
        and(eq(frameSpans.clipId, table.clipId), eq(frameSpans.frameIndex, table.frameIndex)),
      )
      .where(and(eq(table.clipId, clipId), eq(table.modelVersion, modelVersion), gt(table.frameIndex, after)))
      .orderBy(asc(table.frameIndex))
      .limit(ROWS_PER_READ);
    pages.push(pack(rows));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_READ) {
      return { revision, packed: concatenatePacked(pages), next: null };
    }
    after = last.frameIndex;
  }
  return { revision, packed: concatenatePacked(pages), next: after };
}

function allocate(rows: number): PackedEmbeddings {
  return {
    frameIndexes: new Int32Array(rows),
    timestampsMs: new Int32Array(rows),
    spansMs: new Float64Array(2 * rows),
    embeddings: new Float32Array(rows * EMBEDDING_DIMENSION),
  };
}

interface PackedRow {
  frameIndex: number;
  embedding: string;
  timestampMs: number | null;
  startMs: number | null;
  endMs: number | null;
}

function pack(rows: PackedRow[]): PackedEmbeddings {
  const packed = allocate(rows.length);
  rows.forEach((row, i) => {
    packed.frameIndexes[i] = row.frameIndex;
    packed.timestampsMs[i] = row.timestampMs ?? UNKNOWN_TIME;
    packed.spansMs[2 * i] = row.startMs ?? NaN;
    packed.spansMs[2 * i + 1] = row.endMs ?? NaN;
    readEmbeddingInto(packed.embeddings, i * EMBEDDING_DIMENSION, row.embedding, EMBEDDING_DIMENSION);
  });
  return packed;
}

/** All pages one after another. */
function concatenatePacked(pages: readonly PackedEmbeddings[]): PackedEmbeddings {
  if (pages.length === 1) return pages[0]!;
  const all = allocate(pages.reduce((sum, page) => sum + page.frameIndexes.length, 0));
  let row = 0;
  for (const page of pages) {
    all.frameIndexes.set(page.frameIndexes, row);
    all.timestampsMs.set(page.timestampsMs, row);
    all.spansMs.set(page.spansMs, 2 * row);
    all.embeddings.set(page.embeddings, row * EMBEDDING_DIMENSION);
    row += page.frameIndexes.length;
  }
  return all;
}
