import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionOver } from '@/lib/library/client';
import { migrateDatabase } from '@/lib/library/migrate';
import {
  COLUMNS_SQL,
  CONSTRAINTS_SQL,
  INDEXES_SQL,
  SERVER_COLUMNS,
  SERVER_CONSTRAINTS,
  SERVER_EVENT_COLUMNS,
  SERVER_FRAME_COLUMNS,
  SERVER_FRAME_CONSTRAINTS,
  SERVER_INDEXES,
} from './server-catalog';

let pg: PGlite;

beforeAll(async () => {
  pg = await PGlite.create();
  await migrateDatabase(connectionOver(pg, 'memory').db);
}, 60_000);
afterAll(() => pg.close());

const rowsOf = async (sql: string, table: string) => (await pg.query(sql, [table])).rows;

describe('frame_embeddings is the server’s table', () => {
  it('has its columns, types and nullability, and no defaults', async () => {
    expect(await rowsOf(COLUMNS_SQL, 'frame_embeddings')).toEqual(SERVER_COLUMNS);
  });
  it('has its keys and its named unique constraint', async () => {
    expect(await rowsOf(CONSTRAINTS_SQL, 'frame_embeddings')).toEqual(SERVER_CONSTRAINTS);
  });
  it('has its three indexes', async () => {
    expect(await rowsOf(INDEXES_SQL, 'frame_embeddings')).toEqual(SERVER_INDEXES);
  });
});

describe('the tables beside it', () => {
  it('event_frames is the server’s', async () => {
    expect(await rowsOf(COLUMNS_SQL, 'event_frames')).toEqual(SERVER_FRAME_COLUMNS);
    expect(await rowsOf(CONSTRAINTS_SQL, 'event_frames')).toEqual(SERVER_FRAME_CONSTRAINTS);
  });

  it('events starts with the server’s columns', async () => {
    const columns = await rowsOf(COLUMNS_SQL, 'events');
    expect(columns.slice(0, SERVER_EVENT_COLUMNS.length)).toEqual(SERVER_EVENT_COLUMNS);
  });
});
