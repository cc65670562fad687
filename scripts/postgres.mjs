// The PostgreSQL that the contract test loads exports into.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './prepare.mjs';

const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** Folder of `initdb` and `pg_ctl`, the newest version's: they are not on the path in Debian. */
export function findPostgres() {
  const folders = [
    process.env.POSTGRES_BIN,
    ...(existsSync(DEBIAN_FOLDER)
      ? readdirSync(DEBIAN_FOLDER)
          .sort((a, b) => Number(b) - Number(a))
          .map((version) => join(DEBIAN_FOLDER, version, 'bin'))
      : []),
  ];
  return folders.find((folder) => folder && existsSync(join(folder, 'initdb')));
}

/** Installs PostgreSQL from the system's packages when there is none and we may; the test says what to do where not. */
export function installPostgres() {
  if (findPostgres()) return;
  const isRoot = process.getuid?.() === 0;
  const canInstall =
    existsSync('/usr/bin/apt-get') && (isRoot || spawnSync('sudo', ['-n', 'true']).status === 0);
  if (!canInstall) return;
  console.log('Installing PostgreSQL from the system packages…');
  // The package would start a server of its own, which nobody asked for.
  const apt = (...args) => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    const [program, ...rest] = isRoot ? command : ['sudo', '-n', ...command];
    run(program, rest);
  };
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', 'postgresql-common');
  const conf = '/etc/postgresql-common/createcluster.d/framesift-test.conf';
  const tee = ['tee', conf];
  const [program, ...rest] = isRoot ? tee : ['sudo', '-n', ...tee];
  spawnSync(program, rest, { input: 'create_main_cluster = false\n' });
  apt('install', '-y', '-qq', '--no-install-recommends', 'postgresql');
}
