import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClipDatabase } from '@/lib/library/clip-database';
import { toJsonLines } from '@/lib/exchange/jsonl';
import { readClips } from '@/lib/exchange/read-rows';
import { SERVER_TABLES, TABLE_NAMES, type TableName } from '@/lib/exchange/rows';
import { toSql } from '@/lib/exchange/sql';
import { startPostgres, type PostgresCluster } from '../support/postgres-cluster';
import { makeClipDatabase, openMemoryDatabase, randomEmbedding } from '../unit/library/support';
import {
  COLUMNS_SQL,
  CONSTRAINTS_SQL,
  INDEXES_SQL,
  SERVER_COLUMNS,
  SERVER_CONSTRAINTS,
  SERVER_INDEXES,
} from './server-catalog';

/** More frames than one page of rows, and than one statement. */
const FRAMES = 520;
const MODEL = 'clip-ViT-B-32-v1';
const NASTY = "it's a \\ \"clip\"\nwith 'all' of it; drop table events; -- \\' ünïcødé 🐟 E'\\n'";

let cluster: PostgresCluster;
let client: Client;
let source: PGlite;
let library: ClipDatabase;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'framesift-sql-'));
  cluster = startPostgres();
  client = new Client({ host: cluster.host, user: cluster.user, database: cluster.database });
  await client.connect();
  await client.query(readFileSync(join(import.meta.dirname, 'server-tables.sql'), 'utf8'));

  const { pg, connection } = await openMemoryDatabase();
  source = pg;
  library = makeClipDatabase(connection);
  for (const [i, description] of ['a clip', NASTY].entries()) {
    const { id } = await library.createClip({
      description,
      fileName: `${description}.mp4`,
      smartDetectionType: i === 0 ? 'person' : null,
      durationMs: 520_000,
      sampling: '{"kind":"rate","framesPerSecond":1}',
    });
    const count = i === 0 ? FRAMES : 3;
    await library.storeFrameBatch(
      id,
      Array.from({ length: count }, (_, frameIndex) => ({
        frameIndex,
        timestampMs: frameIndex * 1000 + 3,
        width: 640,
        height: 360,
        thumbnail: Uint8Array.of(0x52, 0x49, 0x46, 0x46),
        embedding: randomEmbedding(frameIndex * 2 + i),
      })),
      MODEL,
    );
    await library.updateClip(id, { ingestState: 'done', modelVersion: MODEL });
  }
}, 60_000);

afterAll(async () => {
  await client.end().catch(() => undefined);
  cluster.stop();
  rmSync(folder, { recursive: true, force: true });
  await source.close();
});

beforeEach(() => client.query('truncate events cascade'));

const header = { createdAt: '2026-01-01T00:00:00.000Z', clips: 2 };

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

async function exported(write: typeof toSql | typeof toJsonLines): Promise<string> {
  return textOf(write(readClips(library, await library.listClips()), header));
}

function psql(sql: string, ...settings: string[]): void {
  const path = join(folder, 'export.sql');
  writeFileSync(path, sql);
  execFileSync(
    join(cluster.bin, 'psql'),
    [
      '-h',
      cluster.host,
      '-U',
      cluster.user,
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      '-f',
      path,
      cluster.database,
    ],
    { stdio: 'pipe', env: { ...process.env, PGOPTIONS: settings.join(' ') } },
  );
}

type Query = (sql: string) => Promise<{ rows: unknown[] }>;

/** Every row of every table in the server's columns, as text that PostgreSQL itself writes. */
async function rowsOf(query: Query): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of TABLE_NAMES) {
    const columns = SERVER_TABLES[table].map((column) =>
      // The server knows no uploads; see lib/exchange/rows.ts.
      column === 'source_type' ? `replace(source_type, 'upload', 'rtsp') as source_type` : column,
    );
    all[table] = (await query(`select ${columns.join(', ')} from ${table} order by id collate "C"`)).rows;
  }
  return all;
}
const onServer = () => rowsOf((sql) => client.query(sql));
const inLibrary = () => rowsOf((sql) => source.query(sql));

describe('the server’s tables', () => {
  it('are those of the contract', async () => {
    const rows = async (sql: string) => (await client.query(sql, ['frame_embeddings'])).rows as unknown[];
    expect(await rows(COLUMNS_SQL)).toEqual(SERVER_COLUMNS);
    expect(await rows(CONSTRAINTS_SQL)).toEqual(SERVER_CONSTRAINTS);
    expect(await rows(INDEXES_SQL)).toEqual(SERVER_INDEXES);
  });
});

describe('SQL in a real PostgreSQL', () => {
  it('has every row as it is in the library', async () => {
    psql(await exported(toSql));
    const server = await onServer();
    expect(server.frame_embeddings).toHaveLength(FRAMES + 3);
    expect(server).toEqual(await inLibrary());
  });

  it('changes nothing when it is loaded again', async () => {
    const sql = await exported(toSql);
    psql(sql);
    const before = await onServer();
    psql(sql);
    expect(await onServer()).toEqual(before);
  });

  it('brings rows up to date and keeps the ids that the server gave them', async () => {
    const sql = await exported(toSql);
    psql(sql);
    await client.query(
      `update frame_embeddings set id = 'own-' || event_id || frame_index, embedding = '[]', model_version = 'old' where frame_index < 2`,
    );
    psql(sql);
    const { rows } = await client.query(
      `select count(*)::int as rows, count(*) filter (where id like 'own-%')::int as own,
              count(*) filter (where model_version = 'old')::int as old from frame_embeddings`,
    );
    expect(rows).toEqual([{ rows: FRAMES + 3, own: 4, old: 0 }]);
  });

  it('means the same where backslashes are escapes in every text', async () => {
    psql(await exported(toSql), '-c standard_conforming_strings=off', '-c escape_string_warning=off');
    expect(await onServer()).toEqual(await inLibrary());
  });

  it('leaves nothing of a clip of which a row is refused', async () => {
    const sql = (await exported(toSql)).replaceAll(MODEL, 'x'.repeat(51));
    expect(() => psql(sql)).toThrow(/too long/);
    expect((await onServer()).events).toEqual([]);
  });

  it('goes with its clip when that is deleted', async () => {
    psql(await exported(toSql));
    await client.query('delete from events');
    expect(await onServer()).toEqual({ events: [], event_frames: [], frame_embeddings: [] });
  });
});

describe('JSON lines in a real PostgreSQL', () => {
  it('have every row as it is in the library', async () => {
    const [, ...lines] = (await exported(toJsonLines)).trimEnd().split('\n');
    for (const line of lines) {
      const { table, ...row } = JSON.parse(line) as { table: TableName } & Record<string, unknown>;
      const columns = SERVER_TABLES[table];
      const places = columns.map((_, i) => `$${i + 1}`).join(', ');
      await client.query(
        `insert into ${table} (${columns.join(', ')}) values (${places})`,
        columns.map((column) => row[column]),
      );
    }
    expect(await onServer()).toEqual(await inLibrary());
  });
});
