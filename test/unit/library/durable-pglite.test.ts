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

it('lets the thread receive messages between the statements of a transaction', async () => {
  const { port1, port2 } = new MessageChannel();
  let isHeard = false;
  port1.onmessage = () => (isHeard = true);
  await pg.transaction(async (tx) => {
    await tx.query('select 1');
    port2.postMessage('ping');
    const startMs = performance.now();
    while (performance.now() - startMs < 200) await tx.query('select 1');
    expect(isHeard).toBe(true);
  });
  port1.close();
});

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
