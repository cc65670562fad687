import { randomUUID } from 'node:crypto';
import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { grantRights, isFrozen } from './freeze';
import { migrate } from './migrations';
import { REGISTRY_ROLE, REGISTRY_SCHEMA, roleOf, schemaOf } from './names';
import { fillVectors, findUnfilledClips } from './search/fill-vectors';
import { fillIndex, hasHalfVectors } from './search/vector-index';
import { rolePassword } from './secrets';
import { inTransaction } from './transaction';

/*
 * What the owner of the database does, from the command line alone: schemas, roles and their rights. The server itself can
 * do none of it.
 */

/** A statement of a role that takes longer, and a transaction that stands still for longer, are ended by PostgreSQL. */
const STATEMENT_LIMIT = '15s';
const IDLE_LIMIT = '30s';

/** By default every role may make temporary tables and, before PostgreSQL 15, tables in `public`. */
const NOTHING_FOR_EVERYBODY = `
  do $$
  begin
    execute format('revoke temporary on database %I from public', current_database());
    if to_regnamespace('public') is not null then
      revoke create on schema public from public;
    end if;
  end
  $$`;

/** Makes the registry, its role and its rights, or brings them up to date. Returns the migrations that were run. */
export async function prepareRegistry(owner: ClientBase, serverSecret: string, now: Date): Promise<string[]> {
  return inTransaction(owner, async () => {
    await makeSchema(owner, REGISTRY_SCHEMA, REGISTRY_ROLE, rolePassword(serverSecret, REGISTRY_ROLE));
    const run = await migrate(owner, 'registry', now);
    await owner.query(`
      grant select on workspaces, schema_version to ${REGISTRY_ROLE};
      grant select, update on invitations to ${REGISTRY_ROLE};
      grant select, insert, update, delete on tokens to ${REGISTRY_ROLE};`);
    await owner.query(NOTHING_FOR_EVERYBODY);
    return run;
  });
}

/**
 * Makes a workspace's schema, role and tables, or brings them up to date. Returns the migrations that were run.
 *
 * @param options.isDistributed makes the schema one that Citus keeps on one of its nodes; without unlogged tables, which stand
 *   in the way of a move
 */
export async function prepareWorkspace(
  owner: ClientBase,
  { id, keyVersion }: { id: string; keyVersion: number },
  serverSecret: string,
  now: Date,
  { isDistributed = false } = {},
): Promise<string[]> {
  const role = roleOf(id);
  return inTransaction(owner, async () => {
    const wasFrozen = (await isKnownRole(owner, role)) && (await isFrozen(owner, id));
    if (isDistributed) await owner.query('set local citus.enable_schema_based_sharding to on');
    await makeSchema(owner, schemaOf(id), role, rolePassword(serverSecret, role, keyVersion));
    const run = await migrate(owner, 'workspace', now);
    await owner.query(
      `insert into clock (one, change_seq, state, epoch) values (1, 0, repeat('0', 128)::bit(128), $1)
       on conflict (one) do nothing`,
      [randomUUID()],
    );
    if (isDistributed) await logAllTables(owner, schemaOf(id));
    await grantRights(owner, id, wasFrozen);
    return run;
  });
}

/** Fills in what earlier versions did not write: a transaction a clip, so that it may be cut off and begun again. */
export async function fillWorkspace(owner: ClientBase, id: string): Promise<void> {
  await owner.query(`set search_path = ${schemaOf(id)}`);
  try {
    for (const clip of await findUnfilledClips(owner)) await fillVectors(owner, clip);
    if (await hasHalfVectors(owner)) await fillIndex(owner);
  } finally {
    await owner.query('reset search_path');
  }
}

/** Makes a schema and the one role that may use it, and puts the schema first in this transaction's search path. */
async function makeSchema(owner: ClientBase, schema: string, role: string, password: string): Promise<void> {
  const login = `${escapeIdentifier(role)} login password ${escapeLiteral(password)}`;
  await owner.query((await isKnownRole(owner, role)) ? `alter role ${login}` : `create role ${login}`);
  await owner.query(`
    alter role ${role} set search_path = ${schema};
    alter role ${role} set statement_timeout = '${STATEMENT_LIMIT}';
    alter role ${role} set idle_in_transaction_session_timeout = '${IDLE_LIMIT}';
    create schema if not exists ${schema};
    grant usage on schema ${schema} to ${role};
    set local search_path = ${schema};`);
}

/** What comes of a clip lies in unlogged tables on one machine; a node of several sends its log to another. */
async function logAllTables(owner: ClientBase, schema: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and relpersistence = 'u'`,
    [schema],
  );
  for (const { name } of rows) await owner.query(`alter table ${escapeIdentifier(name)} set logged`);
}

async function isKnownRole(owner: ClientBase, role: string): Promise<boolean> {
  const { rowCount } = await owner.query('select 1 from pg_roles where rolname = $1', [role]);
  return rowCount !== 0;
}
