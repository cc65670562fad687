import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { connectionOver, type DatabaseConnection } from '@/lib/library/client';
import { ClipDatabase, type Connect } from '@/lib/library/clip-database';
import { countAnew } from '@/lib/library/embedding-sets';
import { ClipFiles } from '@/lib/library/clip-files';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { migrateDatabase } from '@/lib/library/migrate';
import { gatewayNames } from '@/lib/library/stores';
import { embeddingToJson } from '@/lib/shared/embedding-json';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { FakeDirectory } from '../../support/fake-opfs';
import { openPreparedPglite } from '../../support/memory-database';
import { NO_OTHERS } from '../../support/no-others';

/** A migrated PGlite in memory. Starting one takes most of a second: a test file shares it and empties it between tests. */
export async function openMemoryDatabase(): Promise<{ pg: PGlite; connection: DatabaseConnection }> {
  const pg = await openPreparedPglite();
  const connection = connectionOver(pg, 'memory');
  await migrateDatabase(connection.db);
  return { pg, connection };
}

/** A library of one tab over `connection`, with its pictures in `root`. */
export function makeClipDatabase(
  connection: DatabaseConnection,
  root = new FakeDirectory({ hasAccess: false }),
): ClipDatabase {
  return clipDatabaseOf(
    () => Promise.resolve(connection),
    () => Promise.resolve(new ClipFiles(new OpfsTree(root.asHandle()))),
  );
}

export function clipDatabaseOf(
  connect: Connect,
  openFiles: () => Promise<ClipFiles>,
  others = NO_OTHERS,
): ClipDatabase {
  return new ClipDatabase({
    join: () => Promise.resolve({ ports: null, names: gatewayNames('idb'), connect }),
    openFiles,
    others,
  });
}

/** One of a clip's frames, 1.5 s apart, with the embedding of `seed`; of every second one nobody knows the span. */
export function embeddedFrame(frameIndex: number, seed = frameIndex): EmbeddedFrame {
  return {
    frameIndex,
    timestampMs: frameIndex * 1500,
    span: frameIndex % 2 ? null : { startMs: frameIndex * 1500 - 3.25, endMs: frameIndex * 1500 + 30.117 },
    width: 320,
    height: 180,
    thumbnail: Uint8Array.of(0x52, 0x49, 0x46, 0x46, frameIndex),
    embedding: randomEmbedding(seed),
  };
}

export async function emptyTables(pg: PGlite): Promise<void> {
  await pg.exec('truncate events cascade');
}

/** Stores `randomEmbedding(1)` for so many frames, `step` apart from 0 on, at once. */
export async function storeMany(
  { db }: DatabaseConnection,
  clipId: string,
  modelVersion: string,
  count: number,
  step: number,
): Promise<void> {
  await db.execute(sql`
    insert into frame_embeddings (id, event_id, frame_index, embedding, model_version, created_at)
    select gen_random_uuid()::text, ${clipId}, n * ${step}::int, ${embeddingToJson(randomEmbedding(1))}, ${modelVersion}, now()
    from generate_series(0, ${count}::int - 1) n`);
  await countAnew(db, clipId);
}

/** All rows of all tables, to show that a refused call left them as they were. */
export async function snapshot(pg: PGlite): Promise<unknown> {
  const tables: unknown[] = [];
  for (const table of ['events', 'event_frames', 'frame_embeddings']) {
    tables.push((await pg.query(`select * from ${table} order by id`)).rows);
  }
  tables.push((await pg.query('select * from frame_spans order by event_id, frame_index')).rows);
  return tables;
}

/** A reproducible random number generator (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomEmbedding(seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const values = Float64Array.from({ length: EMBEDDING_DIMENSION }, () => random() - 0.5);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}
