import type { Pool } from 'pg';
import type { RateLimiter } from './rate-limit';
import type { Registry, Session } from './registry';
import type { LibrarySearch } from './search/library-search';
import type { Workspaces } from './workspaces';

/** What the routes work with. */
export interface LibraryServer {
  registry: Registry;
  workspaces: Workspaces;
  search: LibrarySearch;
  limiter: RateLimiter;
  /** Origins of pages that may use this server, besides its own. */
  origins: readonly string[];
  /** Whether answers are packed here; false where whatever stands in front does it. */
  packs: boolean;
  now: () => Date;
  /** Told of what is the server's own fault. */
  report: (error: unknown) => void;
}

/** What every route below `/w/{w}` is given: the device that asks, and its library. */
export interface LibraryEnv {
  Variables: { session: Session; pool: Pool };
}
