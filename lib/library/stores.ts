import type { GatewayNames } from './gateway';

/** Where PGlite keeps its files: OPFS behind synchronous access handles, or IndexedDB. */
export type StoreKind = 'opfs-ahp' | 'idb';

/**
 * Name of the database. It carries PostgreSQL's major version, because PGlite traps without a catchable
 * error on a directory of another major (pglite #874), and our schema line, for a day when
 * migrations cannot lead from the old one.
 */
export const DATABASE_NAME = 'framesift-pg18-v1';

/** Whether a name is that of a library, of whichever version of the page. */
export function isLibraryName(name: string): boolean {
  return /^framesift-pg\d+-v\d+(?:\.\d+)?$/.test(name);
}

/** Whether a name is that of a library which this version can open: `DATABASE_NAME`, or with a number where one was begun anew. */
export function isOfThisVersion(name: string): boolean {
  return isLibraryName(name) && name.split('.')[0] === DATABASE_NAME;
}

export function dataDirectory(store: StoreKind, library: string): string {
  return `${store}://${library}`;
}

/**
 * What all tabs agree on, to find the one that owns the library (gateway.ts). The number of the meeting's name counts
 * the changes of the verbs: a tab whose build has others is not met but waited for.
 */
export function gatewayNames(store: StoreKind): GatewayNames {
  return {
    // The name that PGlite's worker client gave it, so that a build which shared PostgreSQL's protocol is waited for.
    lock: `pglite-election-lock:${DATABASE_NAME}:${store}`,
    meeting: `framesift-library-owner-2:${store}`,
    tab: 'framesift-library:',
  };
}
