import { Client, type ClientConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, type Workspace } from '@/lib/server/administration';
import { databaseAt } from '@/lib/server/database-address';
import { readMigrations } from '@/lib/server/migrations';
import { REGISTRY_ROLE, roleOf, schemaOf } from '@/lib/server/names';
import { WORKSPACE_VERSION } from '@/lib/server/schema-version';
import { rolePassword } from '@/lib/server/secrets';
import { startTestServer, type TestServer } from '../support/library-server';
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

let test: TestServer;
let yard: Workspace;
let roof: Workspace;

beforeAll(async () => {
  test = await startTestServer();
  yard = await test.makeWorkspace('Yard');
  roof = await test.makeWorkspace('Roof');
});
afterAll(() => test.stop());

describe('a workspace’s tables', () => {
  it.each([
    ['frame_embeddings', SERVER_COLUMNS, SERVER_CONSTRAINTS, SERVER_INDEXES],
    ['event_frames', SERVER_FRAME_COLUMNS, SERVER_FRAME_CONSTRAINTS, []],
    [
      'events',
      SERVER_EVENT_COLUMNS,
      [{ kind: 'primary key', name: null, definition: 'PRIMARY KEY (id)' }],
      [],
    ],
  ])('%s is the server’s, in each workspace', async (table, columns, constraints, indexes) => {
    for (const workspace of [yard, roof]) {
      const rowsOf = (sql: string) => test.queryAsOwner(workspace, sql, [table]);
      expect(await rowsOf(COLUMNS_SQL)).toEqual(columns);
      expect(await rowsOf(CONSTRAINTS_SQL)).toEqual(constraints);
      expect(await rowsOf(INDEXES_SQL)).toEqual(indexes);
    }
  });

  it('have no sequences, and no defaults but the server’s own', async () => {
    const made = await test.queryAsOwner(
      yard,
      `select c.relname || '.' || a.attname as "column" from pg_attrdef d
       join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
       where c.relnamespace = $1::regnamespace
       union all select relname from pg_class where relkind = 'S' and relnamespace = $1::regnamespace`,
      [schemaOf(yard.id)],
    );
    expect(made).toEqual([{ column: 'events.source_type' }]);
  });
});

describe('migrations', () => {
  it('are as many as the server says that it needs', () => {
    expect(readMigrations('workspace').at(-1)?.version).toBe(WORKSPACE_VERSION);
  });

  it('run once', async () => {
    const runs = await Administration.open(test.settings, (administration) =>
      administration.migrate(new Date()),
    );
    expect(runs).toEqual([
      { name: 'framesift', run: [] },
      { name: 'Roof', run: [] },
      { name: 'Yard', run: [] },
    ]);
  });

  it('are refused where one was changed after it had run, and leave the library as it is', async () => {
    const checksum = () => test.queryAsOwner(roof, 'select checksum from schema_version where version = 1');
    const [before] = await checksum();
    await test.queryAsOwner(roof, `update schema_version set checksum = 'other' where version = 1`);
    await expect(
      Administration.open(test.settings, (administration) => administration.migrate(new Date())),
    ).rejects.toThrow('Migration 0001-workspace.sql was changed after it had run.');
    expect(await checksum()).toEqual([{ checksum: 'other' }]);
    await test.queryAsOwner(roof, 'update schema_version set checksum = $1 where version = 1', [
      before?.checksum,
    ]);
  });
});

/** What `role` is answered when it logs in and runs `sql`. */
async function runAs(role: string, sql: string, password?: string): Promise<string> {
  const { address, secret } = test.settings;
  const login: ClientConfig = databaseAt(address, {
    user: role,
    password: password ?? rolePassword(secret, role),
  });
  const client = new Client(login);
  try {
    await client.connect();
    await client.query(sql);
    return 'allowed';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe('a workspace’s role', () => {
  it('reads and writes its own tables', async () => {
    expect(await runAs(roleOf(yard.id), 'select * from events')).toBe('allowed');
    expect(await runAs(roleOf(yard.id), `delete from clips where event_id = 'none'`)).toBe('allowed');
  });

  it('needs its own password', async () => {
    const other = rolePassword(test.settings.secret, roleOf(roof.id));
    expect(await runAs(roleOf(yard.id), 'select 1', other)).toMatch('password authentication failed');
  });

  it.each([
    ['reading another', () => `select * from ${schemaOf(roof.id)}.events`],
    ['writing to another', () => `delete from ${schemaOf(roof.id)}.clips`],
    ['searching in another', () => `set search_path = ${schemaOf(roof.id)}; select * from events`],
    ['becoming another’s role', () => `set role ${roleOf(roof.id)}`],
    ['becoming the registry’s role', () => `set role ${REGISTRY_ROLE}`],
    ['reading tokens', () => 'select * from framesift.tokens'],
    ['making tables', () => 'create table more (id text)'],
    ['making temporary tables', () => 'create temporary table more (id text)'],
    ['making tables for everybody', () => 'create table public.more (id text)'],
    ['changing its tables', () => 'alter table events add column more text'],
    ['saying that a migration has run', () => `update schema_version set version = 9`],
    ['running programs', () => `copy events to program 'cat'`],
    ['reading files', () => `select pg_read_file('/etc/passwd')`],
    ['reading passwords', () => 'select * from pg_authid'],
  ])('is refused %s', async (_, sql) => {
    expect(await runAs(roleOf(yard.id), sql())).toMatch(
      /permission denied|must be owner|must be superuser|relation "events" does not exist/,
    );
  });
});

describe('the registry’s role', () => {
  it('reads tokens and no workspace', async () => {
    expect(await runAs(REGISTRY_ROLE, 'select * from tokens')).toBe('allowed');
    expect(await runAs(REGISTRY_ROLE, `select * from ${schemaOf(yard.id)}.events`)).toMatch(
      'permission denied',
    );
    expect(await runAs(REGISTRY_ROLE, `set role ${roleOf(yard.id)}`)).toMatch('permission denied');
  });
});
