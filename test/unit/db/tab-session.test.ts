import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LeaderPGlite } from '@/lib/db/leader-pglite';
import { TabSession } from '@/lib/db/tab-session';

let pg: LeaderPGlite;

beforeAll(async () => {
  pg = new LeaderPGlite();
  await pg.waitReady;
  await pg.exec('create table t (n int)');
}, 60_000);
afterAll(() => pg.close());
beforeEach(async () => {
  await pg.exec('truncate t');
});

let calls = 0;
async function call(session: TabSession, method: string, ...args: unknown[]) {
  const answer = await session.answer({ type: 'rpc-call', callId: String(calls++), method, args });
  if (answer.type === 'rpc-error') throw Object.assign(new Error(answer.error.message), answer.error);
  return answer.result;
}

/** A simple query in PostgreSQL's wire protocol. */
function simpleQuery(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text + '\0');
  return Uint8Array.of(0x51, 0, 0, 0, bytes.length + 4, ...bytes);
}
const run = (session: TabSession, text: string) => call(session, 'execProtocolStream', simpleQuery(text));
const rows = async () =>
  (await pg.query<{ n: number }>('select n from t order by n')).rows.map((row) => row.n);

describe('a tab that goes away', () => {
  it('inside a transaction: its work is undone, also when another tab is already waiting', async () => {
    const dying = new TabSession(pg);
    await call(dying, '_acquireTransactionLock');
    await run(dying, 'begin');
    await run(dying, 'insert into t values (1)');
    const other = pg.transaction((tx) => tx.query('insert into t values (2)'));
    dying.close();
    await other;
    expect(await rows()).toEqual([2]);
  });

  it('while it waits for its turn: the turn passes', async () => {
    const busy = new TabSession(pg);
    const dying = new TabSession(pg);
    await call(busy, '_acquireTransactionLock');
    void call(dying, '_acquireTransactionLock');
    const other = pg.query('insert into t values (3)');
    dying.close();
    await call(busy, '_releaseTransactionLock');
    await other;
    expect(await rows()).toEqual([3]);
  });

  it('between a statement’s messages: the next turn finds the protocol in order', async () => {
    const dying = new TabSession(pg);
    await call(dying, '_acquireTransactionLock');
    const parse = new TextEncoder().encode('\0insert into t values (4)\0\0\0');
    await call(dying, 'execProtocolStream', Uint8Array.of(0x50, 0, 0, 0, parse.length + 4, ...parse));
    dying.close();
    await pg.query('insert into t values (5)');
    expect(await rows()).toEqual([5]);
  });

  it('without closing (a frozen tab): its turn ends and its later messages are refused', async () => {
    const frozen = new TabSession(pg, 50);
    await call(frozen, '_acquireTransactionLock');
    await run(frozen, 'begin');
    await run(frozen, 'insert into t values (6)');
    await pg.query('insert into t values (7)');
    await expect(run(frozen, 'insert into t values (8)')).rejects.toThrow('The turn of this tab is over');
    await expect(call(frozen, '_acquireQueryLock')).rejects.toThrow('The turn of this tab is over');
    expect(await rows()).toEqual([7]);
  });
});

describe('a session', () => {
  it('carries PostgreSQL’s error code', async () => {
    const session = new TabSession(pg);
    await call(session, '_acquireTransactionLock');
    await expect(run(session, 'select * from nowhere')).rejects.toMatchObject({ code: '42P01' });
    await call(session, '_releaseTransactionLock');
  });

  it('refuses messages outside a turn, and methods that are not part of the protocol', async () => {
    const session = new TabSession(pg);
    await expect(run(session, 'select 1')).rejects.toThrow('turn');
    await expect(call(session, 'close')).rejects.toThrow('does not offer close()');
  });
});

describe('LeaderPGlite', () => {
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
});
