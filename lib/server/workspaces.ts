import { Pool } from 'pg';
import { databaseAt } from './database-address';
import { roleOf } from './names';
import { Problem } from './problem';
import { WORKSPACE_VERSION } from './schema-version';
import { rolePassword } from './secrets';

/** Connections of one workspace, and how long an idle one is kept. */
const CONNECTIONS = 4;
const IDLE_MS = 60_000;

/** How long a statement may take here. PostgreSQL ends it before that, but one that has gone silent ends nothing. */
const QUERY_TIMEOUT_MS = 20_000;

/** Where the libraries are, and the secret that their roles' passwords come from. */
export interface DatabaseSettings {
  address: string;
  secret: string;
}

/** A pool of connections as one role. An idle connection that breaks is replaced by the next query. */
export function openPool({ address, secret }: DatabaseSettings, role: string, keyVersion = 1): Pool {
  const pool = new Pool({
    ...databaseAt(address, { user: role, password: rolePassword(secret, role, keyVersion) }),
    max: CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
  });
  pool.on('error', () => undefined);
  return pool;
}

/** A pool of connections for each workspace in use, each as the role that sees this workspace alone. */
export class Workspaces {
  readonly #settings: DatabaseSettings;
  readonly #pools = new Map<string, Pool>();
  readonly #upToDate = new Set<string>();

  constructor(settings: DatabaseSettings) {
    this.#settings = settings;
  }

  /** The pool of a workspace. Throws `migrating` where its tables are older than this server. */
  async open({ workspace, keyVersion }: { workspace: string; keyVersion: number }): Promise<Pool> {
    const key = `${workspace} ${keyVersion}`;
    let pool = this.#pools.get(key);
    if (!pool) this.#pools.set(key, (pool = openPool(this.#settings, roleOf(workspace), keyVersion)));
    if (!this.#upToDate.has(key)) {
      await assertUpToDate(pool);
      this.#upToDate.add(key);
    }
    return pool;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.end()));
  }
}

async function assertUpToDate(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ version: number | null }>(
    'select max(version) as version from schema_version',
  );
  if ((rows[0]?.version ?? 0) >= WORKSPACE_VERSION) return;
  throw new Problem(
    'migrating',
    'This library is older than its server. Run `npm run library -- migrate` on the server, then try again.',
    { retryAfter: 30 },
  );
}
