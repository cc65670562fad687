import { detectStore, openConnection } from './client';
import type { ClipDatabaseParts } from './clip-database';
import { BROWSER_PORTS } from './gateway';
import { gatewayNames } from './stores';

/** How the library workers of this browser share its library. */
export const joinLibrary: ClipDatabaseParts['join'] = async () => {
  const store = await detectStore();
  return {
    // What is kept in memory is this tab's alone.
    ports: store === 'memory' ? null : BROWSER_PORTS,
    names: gatewayNames(store === 'memory' ? 'idb' : store),
    connect: (options) => openConnection(store, options),
  };
};
