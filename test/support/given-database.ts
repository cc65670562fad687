import { Client } from 'pg';
import { databaseAt } from '@/lib/server/database-address';
import { REGISTRY_ROLE, REGISTRY_SCHEMA, roleOf, schemaOf } from '@/lib/server/names';
import type { TestDatabase } from './library-server';

/**
 * Takes an empty database for the libraries of a test, and takes them out again at the end.
 *
 * @param ownerAddress with name and password of a role that makes schemas and roles there
 * @param options.needsCitus refuses a database without the extension
 */
export async function openGivenDatabase(
  ownerAddress: string,
  { needsCitus = false } = {},
): Promise<TestDatabase> {
  const owner = new Client(databaseAt(ownerAddress));
  await owner.connect();
  try {
    await assertUsable(owner, needsCitus);
  } catch (error) {
    await owner.end();
    throw error;
  }
  return {
    addresses: { address: ownerAddress, ownerAddress },
    endConnections: ({ id }) => endConnections(owner, roleOf(id)),
    stop: async () => {
      try {
        await removeLibraries(owner);
      } finally {
        await owner.end();
      }
    },
  };
}

async function assertUsable(owner: Client, needsCitus: boolean): Promise<void> {
  const { rows } = await owner.query<{ isTaken: boolean; hasCitus: boolean }>(
    `select exists (select 1 from pg_roles where rolname = $1) as "isTaken",
       exists (select 1 from pg_extension where extname = 'citus') as "hasCitus"`,
    [REGISTRY_ROLE],
  );
  // Roles are those of all databases: a test would change the passwords of a server that is in use.
  if (rows[0]?.isTaken)
    throw new Error(
      `This server has or had libraries: there is a role ${REGISTRY_ROLE}. The contract is tested on a server without any, since the test makes roles and drops them.`,
    );
  if (needsCitus && !rows[0]?.hasCitus)
    throw new Error(
      'This database has no Citus. Run “create extension citus” in it and add its nodes (citus_add_node), then run the test again.',
    );
}

async function endConnections(owner: Client, role: string): Promise<void> {
  await owner.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
}

async function removeLibraries(owner: Client): Promise<void> {
  const { rows } = await owner.query<{ hasAny: boolean }>('select to_regclass($1) is not null as "hasAny"', [
    `${REGISTRY_SCHEMA}.workspaces`,
  ]);
  if (!rows[0]?.hasAny) return;
  const libraries = await owner.query<{ id: string }>(`select id from ${REGISTRY_SCHEMA}.workspaces`);
  for (const { id } of libraries.rows) {
    await owner.query(`drop schema ${schemaOf(id)} cascade`);
    await owner.query(`drop role ${roleOf(id)}`);
  }
  await owner.query(`drop schema ${REGISTRY_SCHEMA} cascade`);
  await owner.query(`drop role ${REGISTRY_ROLE}`);
}
