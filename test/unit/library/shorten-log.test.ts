import type { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DatabaseConnection } from '@/lib/library/client';
import { shortenLog } from '@/lib/library/shorten-log';
import { makeClipDatabase, openMemoryDatabase, storeMany } from './support';

let pg: PGlite;
let connection: DatabaseConnection;

beforeAll(async () => {
  ({ pg, connection } = await openMemoryDatabase());
}, 60_000);
afterAll(() => pg.close());

const logBytes = async () => {
  const { rows } = await pg.query<{ bytes: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
  );
  return rows[0]!.bytes;
};

it('PostgreSQL’s log is as short as it may be after writes, however many there were (#22)', async () => {
  const database = makeClipDatabase(connection);
  const { id } = await database.createClip({ description: 'a' });
  await storeMany(connection, id, 'm@1/fp32/p1', 4000, 1);
  // PostgreSQL itself does nothing about it here.
  expect(await logBytes()).toBeGreaterThan(17_000_000);
  for (let write = 0; write < 8; write += 1) await database.updateClip(id, { description: `${write}` });
  await expect.poll(logBytes).toBeLessThan(1_000_000);
  expect(await shortenLog(connection.db)).toBe(false);
  expect(await shortenLog(connection.db, 0)).toBe(true);
}, 60_000);
