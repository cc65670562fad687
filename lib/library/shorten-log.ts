import { sql } from 'drizzle-orm';
import type { Database } from './database';

/**
 * [Note: PostgreSQL's log] PostgreSQL makes a checkpoint when its write-ahead log has grown by `max_wal_size`, but only under
 * its postmaster, which PGlite 0.5.16 has none of. So the log grows for as long as the library is open, here by a megabyte
 * for every ten short clips that are read and deleted, and an open after a crash replays all of it.
 */
const MAX_LOG_BYTES = 16 * 1024 * 1024;

/**
 * Makes a checkpoint when the log since the last one is longer than `maxBytes`. Its files are used again or removed then.
 *
 * @returns whether it made one
 */
export async function shortenLog(db: Database, maxBytes = MAX_LOG_BYTES): Promise<boolean> {
  const result: unknown = await db.execute(
    sql`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()`,
  );
  const [log] = (result as { rows: { bytes: number }[] }).rows;
  if (!(log!.bytes > maxBytes)) return false;
  await db.execute(sql`checkpoint`);
  return true;
}
