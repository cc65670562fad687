import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionOver } from '@/lib/library/client';
import { migrateDatabase } from '@/lib/library/migrate';
import { COLUMNS_SQL, CONSTRAINTS_SQL, INDEXES_SQL } from './server-catalog';

const FILE = join(import.meta.dirname, '../../lib/library/prepared-database.tar.gz');

let prepared: PGlite;
let fresh: PGlite;

beforeAll(async () => {
  prepared = await PGlite.create({
    loadDataDir: new Blob([await openAsBlob(FILE)], { type: 'application/gzip' }),
  });
  fresh = await PGlite.create();
  await migrateDatabase(connectionOver(fresh, 'memory').db);
}, 60_000);
afterAll(() => Promise.all([prepared.close(), fresh.close()]));

const rows = async (pg: PGlite, sql: string, parameters: unknown[] = []) =>
  (await pg.query<Record<string, unknown>>(sql, parameters)).rows;

/** `npm run db:generate` renews the file when this fails. */
describe('the prepared database is what initdb and the migrations make', () => {
  const TABLES = `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`;

  it('of the same PostgreSQL', async () => {
    const sql = 'select version()';
    expect(await rows(prepared, sql)).toEqual(await rows(fresh, sql));
  });

  it('with the same tables, columns, keys and indexes', async () => {
    const tables = await rows(fresh, TABLES);
    expect(tables.map(({ name }) => name)).toEqual([
      'embedding_sets',
      'event_frames',
      'events',
      'frame_embedding_drafts',
      'frame_embeddings',
      'frame_spans',
      'libraries',
      'shared_clips',
      'sync_notices',
      'sync_outbox',
    ]);
    expect(await rows(prepared, TABLES)).toEqual(tables);
    for (const { name } of tables) {
      for (const sql of [COLUMNS_SQL, CONSTRAINTS_SQL, INDEXES_SQL]) {
        expect(await rows(prepared, sql, [name])).toEqual(await rows(fresh, sql, [name]));
      }
    }
  });

  it('with every migration noted as done, and no rows', async () => {
    const sql = 'select hash, created_at from drizzle.__drizzle_migrations order by id';
    expect(await rows(prepared, sql)).toEqual(await rows(fresh, sql));
    for (const table of ['events', 'event_frames', 'frame_embeddings', 'libraries']) {
      expect(await rows(prepared, `select count(*)::int as rows from ${table}`)).toEqual([{ rows: 0 }]);
    }
  });

  it('takes migrations and rows', async () => {
    await migrateDatabase(connectionOver(prepared, 'memory').db);
    await prepared.exec(
      'create table trial (id int primary key); insert into trial values (1); drop table trial',
    );
  });

  it('without the templates that only CREATE DATABASE needs', async () => {
    expect(await rows(prepared, 'select datname from pg_database')).toEqual([{ datname: 'postgres' }]);
  });
});
