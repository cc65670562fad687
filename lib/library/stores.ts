import type { GatewayNames } from './gateway';

/** Where PGlite keeps its files: OPFS behind synchronous access handles, or IndexedDB. */
export type StoreKind = 'opfs-ahp' | 'idb';

/**
 * Name of the database. It carries PostgreSQL's major version, because PGlite traps without a catchable
 * error on a directory of another major (pglite #874), and our schema line, for a day when
 * migrations cannot lead from the old one.
 */
export const DATABASE_NAME = 'framesift-pg18-v1';

export function dataDirectory(store: StoreKind): string {
  return `${store}://${DATABASE_NAME}`;
}

/** What all tabs agree on, to find the one that owns the library (gateway.ts). */
export function gatewayNames(store: StoreKind): GatewayNames {
  return {
    // The name that PGlite's worker client gave it, so that a build which shared PostgreSQL's protocol is waited for.
    lock: `pglite-election-lock:${DATABASE_NAME}:${store}`,
    meeting: `framesift-library-owner:${store}`,
    tab: 'framesift-library:',
  };
}
