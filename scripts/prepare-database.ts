/**
 * Makes lib/library/prepared-database.tar.gz: PostgreSQL's files as they are after initdb and every migration, so
 * that a first visit unpacks them instead of making them. `npm run db:generate` runs it after the migrations
 * are bundled; a unit test opens the committed file and compares it with a library made from nothing.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrateDatabase } from '@/lib/library/migrate';
import * as schema from '@/lib/library/schema';

const target = path.resolve(import.meta.dirname, '../lib/library/prepared-database.tar.gz');

// Segments of 1 MiB instead of 16: the write-ahead log of an empty library was two thirds of its size.
const pg = await PGlite.create({ initDbStartParams: ['--wal-segsize=1'] });
await migrateDatabase(drizzle(pg, { schema }));
// Only CREATE DATABASE needs the templates, and every file is one more handle to open on every visit.
for (const template of ['template0', 'template1']) {
  await pg.exec(`ALTER DATABASE ${template} IS_TEMPLATE false`);
  await pg.exec(`DROP DATABASE ${template}`);
}
// Of the log, what is kept for reuse after recovery (80 MB by default) and zeros written ahead.
await pg.exec("ALTER SYSTEM SET min_wal_size TO '4MB'");
await pg.exec("ALTER SYSTEM SET max_wal_size TO '16MB'");
await pg.exec('ALTER SYSTEM SET wal_init_zero TO off');
await pg.exec('CHECKPOINT');
const files = await pg.dumpDataDir('gzip');
writeFileSync(target, new Uint8Array(await files.arrayBuffer()));
await pg.close();
console.log(`Wrote ${path.basename(target)}, ${files.size} bytes.`);
