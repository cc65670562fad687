import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { FramesiftError } from '@/lib/shared/errors';

/** A numbered file of SQL. Once it has run anywhere it is never changed. */
interface Migration {
  version: number;
  name: string;
  sql: string;
  /** SHA-256 of `sql`. */
  checksum: string;
}

/** The tables of the registry, and those of each workspace. */
export type MigratedKind = 'registry' | 'workspace';

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** The migrations of a kind, in order. */
export function readMigrations(kind: MigratedKind): Migration[] {
  const folder = join(import.meta.dirname, 'migrations', kind);
  return readdirSync(folder)
    .sort()
    .map((name, i) => {
      const version = Number(FILE_NAME.exec(name)?.[1]);
      if (version !== i + 1) throw new Error(`${kind}/${name} should be migration ${i + 1}.`);
      const sql = readFileSync(join(folder, name), 'utf8');
      return { version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings the schema that is first in the search path up to date, within the caller's transaction. Returns the names of what
 * was run. Throws `bad-input` where a migration that has run is not the one that is here.
 */
export async function migrate(client: ClientBase, kind: MigratedKind, now: Date): Promise<string[]> {
  await client.query(
    `create table if not exists schema_version (
       version integer primary key, name text not null, checksum text not null,
       applied_at timestamp with time zone not null)`,
  );
  const { rows } = await client.query<{ version: number; checksum: string }>(
    'select version, checksum from schema_version',
  );
  const applied = new Map(rows.map(({ version, checksum }) => [version, checksum]));
  const run: string[] = [];
  for (const { version, name, sql, checksum } of readMigrations(kind)) {
    const known = applied.get(version);
    if (known === checksum) continue;
    if (known !== undefined) {
      throw new FramesiftError(
        'bad-input',
        `Migration ${name} was changed after it had run. Use the Framesift that made this library, or a newer one.`,
      );
    }
    await client.query(sql);
    await client.query('insert into schema_version values ($1, $2, $3, $4)', [version, name, checksum, now]);
    run.push(name);
  }
  return run;
}
