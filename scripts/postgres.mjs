// The PostgreSQL that the contract test loads exports into.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installSystemPackage } from './apt.mjs';

const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** Folder of `initdb` and `pg_ctl`, the newest version's: Debian keeps them off the path. Undefined when there is none. */
export function findPostgres() {
  const installed = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const folders = installed
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  return [process.env.POSTGRES_BIN, ...folders].find(
    (folder) => folder && existsSync(join(folder, 'initdb')),
  );
}

/** Installs PostgreSQL when there is none and we may; where we may not, the test that needs it says what to do. */
export function installPostgres() {
  if (!findPostgres()) installSystemPackage('postgresql', 'PostgreSQL');
}
