import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGivenDatabase } from '../support/given-database';
import { startTestServer } from '../support/library-server';
import { startPostgres, type PostgresCluster } from '../support/postgres-cluster';
import { describeLibrary } from './library-contract';

let cluster: PostgresCluster;
let ownerAddress: string;

/** Rows of a statement, as the superuser. */
async function query(sql: string, database = 'postgres'): Promise<unknown[]> {
  const { host, user } = cluster;
  const client = new Client({ host, user, database });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  cluster = startPostgres({ passwords: true });
  await query(`create role owner login createrole password 'of-the-owner'`);
  await query('create database library owner owner');
  ownerAddress = `postgres:///library?host=${cluster.host}&user=owner&password=of-the-owner`;
});
afterAll(() => cluster.stop());

describe('a library on PostgreSQL', () => {
  describeLibrary(async () => startTestServer({ database: await openGivenDatabase(ownerAddress) }));
});

describe('a database that was given for a test', () => {
  it('has nothing left of it', async () => {
    const left = `select nspname as name from pg_namespace where nspname ~ '^(ws_|framesift)'
      union all select rolname from pg_roles where rolname ~ '^(fsw_|framesift_)'`;
    expect(await query(left, 'library')).toEqual([]);
  });

  it('is refused where a cluster is asked for and it is none', async () => {
    await expect(openGivenDatabase(ownerAddress, { needsCitus: true })).rejects.toThrow(/has no Citus/);
  });

  it('is refused where somebody has libraries', async () => {
    await query('create role framesift_server');
    await expect(openGivenDatabase(ownerAddress)).rejects.toThrow(/has or had libraries/);
    await query('drop role framesift_server');
  });
});
