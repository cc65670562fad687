import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { DurablePGlite } from '@/lib/library/durable-pglite';

let pg: DurablePGlite;

beforeAll(async () => {
  pg = new DurablePGlite();
  await pg.waitReady;
  await pg.exec('create table t (n int)');
}, 60_000);
afterAll(() => pg.close());

it('flushes once a transaction, when it has ended', async () => {
  const flush = vi.spyOn(PGlite.prototype, 'syncToFs');
  try {
    await pg.transaction(async (tx) => {
      await tx.query('insert into t values ($1)', [1]);
      await tx.query('insert into t values ($1)', [2]);
      expect(flush).not.toHaveBeenCalled();
    });
    expect(flush).toHaveBeenCalledTimes(1);
    await pg.query('insert into t values ($1)', [3]);
    expect(flush).toHaveBeenCalledTimes(2);
  } finally {
    flush.mockRestore();
  }
});
