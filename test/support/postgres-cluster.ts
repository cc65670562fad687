import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL of its own in a temporary folder, reached by a socket there. */
export interface PostgresCluster {
  /** For node-postgres and for `psql`. */
  host: string;
  user: string;
  database: string;
  /** Folder of the programs. */
  bin: string;
  stop: () => void;
}

const DEBIAN_FOLDER = '/usr/lib/postgresql';

function findPrograms(): string {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER) : [];
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  const found = [process.env.POSTGRES_BIN, ...folders].find(
    (folder) => folder !== undefined && existsSync(join(folder, 'initdb')),
  );
  if (found === undefined) {
    throw new Error(
      'This test needs a PostgreSQL server. Install it (Debian: apt-get install postgresql) or set POSTGRES_BIN to the folder of initdb.',
    );
  }
  return found;
}

/** PostgreSQL does not run as root: there, the user that Debian's package made, or `nobody`, runs it. */
function findServerUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user) throw new Error('There is no user but root to run PostgreSQL.');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Who connects without a password: the superuser alone, so that every other role has to know its own. */
const PASSWORDS = 'local all framesift trust\nlocal all all scram-sha-256\n';

/**
 * Makes and starts a cluster. What is written to it need not outlive it.
 *
 * @param passwords whether roles other than the superuser need theirs
 * @param durable whether commits wait for the disk nevertheless
 */
export function startPostgres({ passwords = false, durable = false } = {}): PostgresCluster {
  const bin = findPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'framesift-pg-'));
  const owner = findServerUser();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  else chmodSync(folder, 0o700);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]) => {
    const { status, stderr, error } = spawnSync(join(bin, program), args, {
      cwd: folder,
      encoding: 'utf8',
      // A server that inherits these would keep them, and the test, open.
      stdio: ['ignore', 'ignore', program === 'initdb' ? 'pipe' : 'ignore'],
      timeout: 60_000,
      ...owner,
    });
    if (status !== 0) {
      const log = join(folder, 'log');
      const detail = existsSync(log) ? readFileSync(log, 'utf8') : '';
      throw new Error(
        `${program} failed: ${error?.message ?? ''}${program === 'initdb' ? stderr : ''}${detail}`,
      );
    }
  };
  try {
    run('initdb', '-D', data, '-U', 'framesift', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N');
    if (passwords) writeFileSync(join(data, 'pg_hba.conf'), PASSWORDS);
    const speed = durable ? '' : '-c fsync=off -c full_page_writes=off -c autovacuum=off';
    const settings = `-k ${folder} -c listen_addresses='' ${speed}`;
    run('pg_ctl', '-D', data, '-l', join(folder, 'log'), '-o', settings, '-w', '-t', '50', 'start');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    host: folder,
    user: 'framesift',
    database: 'postgres',
    bin,
    stop: () => {
      try {
        run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
