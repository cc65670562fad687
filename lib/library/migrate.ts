import type { PgDialect, PgSession } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';
import { FramesiftError } from '@/lib/shared/errors';
import type { Database } from './database';
import { migrations } from './migrations.generated';

/** Where Drizzle notes which migrations have run, in its own schema `drizzle`. */
const MIGRATIONS_TABLE = '__drizzle_migrations';

/**
 * Brings the database up to lib/library/schema.ts; does nothing when it is there already.
 *
 * Drizzle's `migrate()` for PGlite reads files with Node's fs (drizzle-orm #2117), so its dialect is
 * called with the migrations that scripts/bundle-migrations.ts made into a module. Drizzle looks up what
 * has run outside the transaction that applies the rest: callers that share a database call this one
 * at a time (client.ts holds a Web Lock).
 *
 * @throws FramesiftError `storage-unavailable` for a library that a newer version of the page has migrated
 */
export async function migrateDatabase(db: Database): Promise<void> {
  await refuseNewer(db);
  // Both members are there on every PgDatabase but marked @internal, so the types leave them out.
  const { dialect, session } = db as unknown as { dialect: PgDialect; session: PgSession };
  await dialect.migrate(migrations, session, {
    migrationsFolder: 'drizzle',
    migrationsTable: MIGRATIONS_TABLE,
  });
}

/** Drizzle skips migrations that it does not know, and this version would write rows that the newer one cannot read. */
async function refuseNewer(db: Database): Promise<void> {
  const rowsOf = async (query: string) => {
    const result: unknown = await db.execute(sql.raw(query));
    return (result as { rows: { value: unknown }[] }).rows;
  };
  const [journal] = await rowsOf(`select to_regclass('drizzle.${MIGRATIONS_TABLE}') as value`);
  if (journal?.value === null || journal === undefined) return;
  const [last] = await rowsOf(`select max(created_at)::float8 as value from drizzle.${MIGRATIONS_TABLE}`);
  if (Number(last?.value) <= Math.max(...migrations.map(({ folderMillis }) => folderMillis))) return;
  throw new FramesiftError(
    'storage-unavailable',
    'A newer version of Framesift has used this library, and this older one cannot read it. Close all tabs of Framesift and open the page again to get the newer version. If there is none any more, save a copy and start anew.',
  );
}
