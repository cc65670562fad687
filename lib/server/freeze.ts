import type { ClientBase } from 'pg';
import { FramesiftError, property } from '@/lib/shared/errors';
import { roleOf, schemaOf } from './names';
import { inTransaction } from './transaction';

/*
 * [Note: Frozen by rights] A library is frozen by taking from its role the right to write, so that PostgreSQL itself refuses
 * what any server process may still be about to do, one that is older than this too. The rights are the state; nothing else is.
 */

/** How long a freeze waits for changes that are under way; PostgreSQL ends a statement of theirs after 15 s. */
const LOCK_LIMIT = '40s';

/** PostgreSQL's code for a lock that did not come in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Gives the role of a workspace its rights; to a frozen one those to read. */
export async function grantRights(owner: ClientBase, id: string, isFrozen: boolean): Promise<void> {
  const role = roleOf(id);
  const tables = `all tables in schema ${schemaOf(id)}`;
  await owner.query(
    isFrozen
      ? `grant select on ${tables} to ${role};
         revoke insert, update, delete on ${tables} from ${role};
         grant insert, update on ${schemaOf(id)}.devices to ${role};`
      : `grant select, insert, update, delete on ${tables} to ${role};
         revoke insert, update, delete on ${schemaOf(id)}.schema_version from ${role};`,
  );
}

/** Whether devices may only read a workspace. False for one whose rights were never given, as after a backup came back. */
export async function isFrozen(owner: ClientBase, id: string): Promise<boolean> {
  const { rows } = await owner.query<{ reads: boolean; writes: boolean }>(
    `select has_table_privilege($1, oid, 'select') as reads, has_table_privilege($1, oid, 'insert') as writes
     from pg_class where oid = to_regclass($2)`,
    [roleOf(id), `${schemaOf(id)}.clips`],
  );
  const [rights] = rows;
  return rights !== undefined && rights.reads && !rights.writes;
}

/**
 * Freezes a workspace and waits until what was being written is there or refused.
 *
 * @throws FramesiftError `timed-out` where that takes too long; the library is frozen all the same
 */
export async function freezeWorkspace(owner: ClientBase, id: string): Promise<void> {
  await inTransaction(owner, () => grantRights(owner, id, true));
  try {
    await inTransaction(owner, async () => {
      await owner.query(`set local lock_timeout = '${LOCK_LIMIT}'`);
      await owner.query(`set local search_path = ${schemaOf(id)}`);
      // A commit holds this row from its last message on; what has not come so far is refused.
      await owner.query('select 1 from clock for update');
    });
  } catch (error) {
    if (property(error, 'code') !== LOCK_NOT_AVAILABLE) throw error;
    throw new FramesiftError(
      'timed-out',
      'It is frozen, but a change that began before is still under way. Wait a minute, then freeze it again before you copy it.',
      { transient: true, cause: error },
    );
  }
}
