import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packVector } from '@/lib/protocol/search';
import { writePage } from '@/lib/protocol/rows';
import { Administration, type Workspace } from '@/lib/server/administration';
import { databaseAt } from '@/lib/server/database-address';
import { findFaults } from '@/lib/server/inspect-workspace';
import { readMigrations } from '@/lib/server/migrations';
import { REGISTRY_ROLE, roleOf, schemaOf } from '@/lib/server/names';
import { WORKSPACE_VERSION } from '@/lib/server/schema-version';
import { rolePassword } from '@/lib/server/secrets';
import { dotAt } from '@/lib/shared/vectors';
import { pushClip } from '@/lib/sync/push-clip';
import { madeEvent, makeClip, MODEL, type TestServer } from '../support/library-server';
import { pullRows } from '../support/pull-rows';
import { randomEmbedding } from '../unit/library/support';
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

/**
 * What a library is in any PostgreSQL: its tables, the rights of its role, and what devices do with it.
 *
 * @param start a server over a database without libraries
 */
export function describeLibrary(start: () => Promise<TestServer>): void {
  let test: TestServer;
  let yard: Workspace;
  let roof: Workspace;

  beforeAll(async () => {
    test = await start();
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

  describe('devices', () => {
    it('read what others have committed, row by row', async () => {
      const [anna, ben] = [await test.makeDevice(yard), await test.makeDevice(yard)];
      const clip = await makeClip({ frames: 40 });
      const change = await pushClip(anna.client, clip);
      const found = (await ben.client.changes(0)).changes.find((one) => one.clip === clip.clip)!;
      expect(found).toMatchObject({
        change,
        revision: clip.revision,
        state: 'live',
        frames: 40,
        pictures: 40,
      });
      expect(writePage(await pullRows(ben.client, found))).toBe(writePage(clip.rows));
      expect(await ben.client.readPictures(clip.clip, clip.revision, [1, 40])).toEqual([
        clip.pictures[0],
        clip.pictures[39],
      ]);
    });

    it('are given the same answer when they commit twice, and a refusal on another’s base', async () => {
      const { client } = await test.makeDevice(yard);
      const clip = await makeClip();
      const change = await pushClip(client, clip);
      expect(await client.commit(clip.clip, clip.revision)).toBe(change);
      const late = { kind: 'edit', base: randomUUID(), ...madeEvent(clip.clip, 'late') } as const;
      await expect(client.putRevision(clip.clip, randomUUID(), late)).rejects.toMatchObject({
        problem: { type: 'changed-meanwhile' },
      });
    });

    it('edit, read again, stop sharing and delete', async () => {
      const { client } = await test.makeDevice(yard);
      const clip = await makeClip();
      await pushClip(client, clip);
      const again = await makeClip({ clip: clip.clip, base: clip.revision, frames: 7, seed: 2 });
      await pushClip(client, again);
      const edit = randomUUID();
      const renamed = { kind: 'edit', base: again.revision, ...madeEvent(clip.clip, 'the gate') } as const;
      await client.putRevision(clip.clip, edit, renamed);
      const stateOf = async () => {
        const { changes } = await client.changes(0);
        const { state, frames, event } = changes.find((one) => one.clip === clip.clip)!;
        return { state, frames, description: event?.description };
      };
      expect(await stateOf()).toEqual({ state: 'live', frames: 7, description: 'the gate' });
      await client.putRevision(clip.clip, randomUUID(), { kind: 'delete', base: edit });
      expect(await stateOf()).toEqual({ state: 'deleted', frames: 0, description: undefined });
    });

    it('who write at once leave a feed without gaps, of which a reader misses nothing', async () => {
      const workspace = await test.makeWorkspace('Feed');
      const reader = await test.makeDevice(workspace);
      const writers = await Promise.all(Array.from({ length: 4 }, () => test.makeDevice(workspace)));
      const seen: number[] = [];
      const end = new AbortController();
      const reading = (async () => {
        for (let after = 0, isLast = false; !isLast;) {
          isLast = end.signal.aborted;
          const { changes, next } = await reader.client.changes(after);
          seen.push(...changes.map(({ change }) => change));
          after = next;
        }
      })();
      await Promise.all(
        writers.map(async ({ client }) => {
          for (let n = 0; n < FEED_COMMITS; n += 1) await pushClip(client, await makeClip({ frames: 1 }));
        }),
      );
      end.abort();
      await reading;
      expect(seen).toEqual(Array.from({ length: 4 * FEED_COMMITS }, (_, i) => i + 1));
    });

    it('are told the clips that a comparison with every vector finds', async () => {
      const workspace = await test.makeWorkspace('Search');
      const { client } = await test.makeDevice(workspace);
      const clips = await Promise.all(
        Array.from({ length: 12 }, (_, i) => makeClip({ frames: 5, seed: 100 + i })),
      );
      for (const clip of clips) await pushClip(client, clip);
      const question = randomEmbedding(7);
      const best = clips
        .map(({ clip, rows }) => ({
          clip,
          score: Math.max(...rows.map(({ vector }) => dotAt(vector!.values, 0, question))),
        }))
        .sort((a, b) => b.score - a.score)
        .slice(0, 3);
      const answer = await client.search({
        model: MODEL,
        vectors: [packVector(question)],
        negatives: [],
        clips: 3,
        frames: 10,
        scope: { clips: null, from: null, to: null },
      });
      expect(answer).toMatchObject({ total: 60, totalClips: 12 });
      expect(answer.clips.map(({ clip }) => clip)).toEqual(best.map(({ clip }) => clip));
    });

    it('are refused changes of a frozen library until it is thawed', async () => {
      const { client } = await test.makeDevice(yard);
      const clip = await makeClip();
      await test.administer((administration) => administration.freeze(yard));
      await expect(pushClip(client, clip)).rejects.toMatchObject({ problem: { type: 'frozen' } });
      await test.administer((administration) => administration.thaw(yard));
      await expect(pushClip(client, clip)).resolves.toBeGreaterThan(0);
    });

    it('leave every library whole', async () => {
      await test.administer(async (administration) => {
        for (const { id } of await administration.list())
          expect(await findFaults(administration.client, id)).toEqual([]);
      });
      expect(test.faults).toEqual([]);
    });
  });
}

/** Commits of each writer. */
const FEED_COMMITS = 25;
