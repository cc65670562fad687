import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema';

/** What the verbs take: a Drizzle database or transaction over PGlite in the page or node-postgres on a server. */
export type Database = PgDatabase<PgQueryResultHKT, typeof schema>;

/**
 * Rows in one INSERT. PostgreSQL takes 65,535 parameters and a frame has at most nine, so this is about
 * the size of a message: 100 embeddings are 0.6 MB of JSON, and PGlite on `opfs-ahp` hung on one of 60 MB.
 */
export const ROWS_PER_INSERT = 100;

/** Rows in one SELECT of embeddings (6 KB each), which bounds what one answer holds in memory. */
export const ROWS_PER_READ = 1000;

/** `items` in runs of at most `size`. */
export function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
