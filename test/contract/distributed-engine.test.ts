import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workspace } from '@/lib/server/administration';
import { prepareWorkspace } from '@/lib/server/create-workspace';
import { announceRestored, findFaults, measureWorkspace } from '@/lib/server/inspect-workspace';
import { readMigrations } from '@/lib/server/migrations';
import { packVector } from '@/lib/protocol/search';
import { pushClip } from '@/lib/sync/push-clip';
import { objectionsTo, type PrimaryKeys } from '../support/distributed-rules';
import { madeEvent, makeClip, MODEL, startTestServer, type TestServer } from '../support/library-server';

/*
 * One workspace lies on one node of a cluster (Citus, a schema a tenant). Everything that can be done to a library is done
 * here once, what the server and the command line send is written down, and what such an engine would refuse is looked for.
 */

interface Sent {
  sql: string;
  role: string;
}

const sent: Sent[] = [];
const plainQuery = Object.getOwnPropertyDescriptor(Client.prototype, 'query')!;

/** Writes down what every connection sends from now on, `copy` included. */
function record(): void {
  const query = plainQuery.value as (this: Client, ...args: unknown[]) => unknown;
  Client.prototype.query = function (this: Client, ...args: unknown[]) {
    const [first] = args;
    const sql = typeof first === 'string' ? first : (first as { text?: string }).text;
    if (sql !== undefined) sent.push({ sql, role: this.user ?? '' });
    return query.apply(this, args);
  } as Client['query'];
}

let test: TestServer;
let yard: Workspace;
let keys: PrimaryKeys;

beforeAll(async () => {
  test = await startTestServer();
  record();
  yard = await test.makeWorkspace('Yard');
  await everything();
  Object.defineProperty(Client.prototype, 'query', plainQuery);
  keys = new Map(
    (
      await test.queryAsOwner(
        yard,
        `select c.relname as "table", array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as key
         from pg_index i join pg_class c on c.oid = i.indrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
         where i.indisprimary and c.relnamespace in ($1::regnamespace, 'framesift'::regnamespace) group by c.relname`,
        [`ws_${yard.id}`],
      )
    ).map(({ table, key }) => [table as string, key as string[]]),
  );
}, 60_000);
afterAll(async () => {
  Object.defineProperty(Client.prototype, 'query', plainQuery);
  await test.stop();
});

/** All routes and commands, each once at least. */
async function everything(): Promise<void> {
  const { client } = await test.makeDevice(yard);
  const clip = await makeClip();
  await pushClip(client, clip);
  await pushClip(client, clip);
  const again = await makeClip({ clip: clip.clip, base: clip.revision, seed: 2 });
  await pushClip(client, again);
  const edit = randomUUID();
  await client.putRevision(clip.clip, edit, {
    kind: 'edit',
    base: again.revision,
    ...madeEvent(clip.clip, 'the gate'),
  });
  await client.changes(0);
  await client.readRows(clip.clip, edit, 0);
  await client.readPictures(clip.clip, edit, [1, 2]);
  await client.findClips('ab12', MODEL);
  await client.devices();
  await client.search({
    model: MODEL,
    vectors: [packVector(clip.rows[0]!.vector!.values)],
    negatives: [],
    clips: 20,
    frames: 100,
    scope: { clips: null, from: null, to: null },
  });
  const other = await makeClip();
  await pushClip(client, other);
  await client.putRevision(other.clip, randomUUID(), { kind: 'unshare', base: other.revision });
  await client.putRevision(clip.clip, randomUUID(), { kind: 'delete', base: edit });
  await test.administer(async (administration) => {
    await administration.freeze(yard);
    await administration.thaw(yard);
    await administration.migrate(test.clock.now);
    await findFaults(administration.client, yard.id);
    await measureWorkspace(administration.client, yard.id);
    await announceRestored(administration.client, yard.id);
    const [device] = await administration.devices(yard);
    await administration.revoke(yard, device!.deviceId, test.clock.now);
  });
}

/** Statements with what would be said against them, as lines. */
async function objections(statements: readonly string[], isOwner: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const sql of new Set(statements))
    for (const reason of await objectionsTo(sql, { keys, isOwner }))
      found.push(`${reason}: ${sql.replace(/\s+/g, ' ').trim()}`);
  return found;
}

describe('what a workspace’s role sends', () => {
  it('is taken by an engine that keeps it on one node', async () => {
    const statements = sent.filter(({ role }) => role === `fsw_${yard.id}`).map(({ sql }) => sql);
    // Reads, writes and copies: without them nothing was tried.
    expect(new Set(statements).size).toBeGreaterThan(25);
    expect(statements.some((sql) => /^\s*copy /i.test(sql))).toBe(true);
    expect(await objections(statements, false)).toEqual([]);
  });
});

describe('what the migrations of a workspace define', () => {
  it('is taken there', async () => {
    const statements = readMigrations('workspace').map(({ sql }) => sql);
    expect(await objections(statements, true)).toEqual([]);
  });

  it('has a primary key in every table, without which none is moved while it is used', async () => {
    const rows = await test.queryAsOwner(
      yard,
      `select relname from pg_class where relkind = 'r' and relnamespace = $1::regnamespace order by 1`,
      [`ws_${yard.id}`],
    );
    expect(rows.map(({ relname }) => relname as string).filter((table) => !keys.has(table))).toEqual([]);
  });
});

describe('a workspace that is made for a cluster', () => {
  it('has no unlogged tables, and the rights of any other', async () => {
    const workspace = { id: '0123456789abcdef', name: 'Far', keyVersion: 1 };
    await test.administer(({ client }) =>
      prepareWorkspace(client, workspace, test.settings.secret, test.clock.now, { isDistributed: true }),
    );
    const rows = await test.queryAsOwner(
      yard,
      `select count(*) filter (where relpersistence = 'u')::int as unlogged,
         bool_and(has_table_privilege('fsw_0123456789abcdef', oid, 'select')) as reads
       from pg_class where relkind = 'r' and relnamespace = 'ws_0123456789abcdef'::regnamespace`,
    );
    expect(rows).toEqual([{ unlogged: 0, reads: true }]);
  });
});

describe('what the command line sends', () => {
  it('locks no tables and knows no sequences', async () => {
    const statements = sent.filter(({ role }) => role === 'framesift_owner').map(({ sql }) => sql);
    expect(statements.length).toBeGreaterThan(20);
    expect(await objections(statements, true)).toEqual([]);
  });
});
