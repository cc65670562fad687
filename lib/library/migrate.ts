import type { PgDialect, PgSession } from 'drizzle-orm/pg-core';
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
 */
export async function migrateDatabase(db: Database): Promise<void> {
  // Both members are there on every PgDatabase but marked @internal, so the types leave them out.
  const { dialect, session } = db as unknown as { dialect: PgDialect; session: PgSession };
  await dialect.migrate(migrations, session, {
    migrationsFolder: 'drizzle',
    migrationsTable: MIGRATIONS_TABLE,
  });
}
