/**
 * Turns drizzle/ into lib/library/migrations.generated.ts, because Drizzle's own migrator reads the folder
 * with Node's fs, which a browser does not have. `npm run db:generate` runs it after drizzle-kit.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const target = path.join(root, 'lib/library/migrations.generated.ts');

/** The module's text for the migrations in `folder`; a unit test compares it with the committed file. */
export function renderMigrations(folder = path.join(root, 'drizzle')): string {
  const migrations = readMigrationFiles({ migrationsFolder: folder });
  return [
    '// Generated from drizzle/ by scripts/bundle-migrations.ts; run `npm run db:generate` to renew it.',
    "import type { MigrationMeta } from 'drizzle-orm/migrator';",
    '',
    '// prettier-ignore',
    `export const migrations: MigrationMeta[] = ${JSON.stringify(migrations, null, 2)};`,
    '',
  ].join('\n');
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(target, renderMigrations());
  console.log(`Wrote ${path.relative(root, target)}.`);
}
