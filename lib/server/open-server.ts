import { libraryApp } from './app';
import { REGISTRY_ROLE } from './names';
import { RateLimiter } from './rate-limit';
import { Registry } from './registry';
import { LibrarySearch } from './search/library-search';
import type { LibrarySettings } from './settings';
import { openPool, Workspaces } from './workspaces';

/** A library server without a port: it answers requests, whoever listens for them. */
export interface OpenLibraryServer {
  fetch: (request: Request) => Promise<Response>;
  /** Ends its connections. */
  close: () => Promise<void>;
}

/** Makes a library server. It connects to the database with the first request, and searches from the first search on. */
export function openLibraryServer(
  settings: Omit<LibrarySettings, 'ownerAddress'>,
  { packs = true, now = () => new Date(), report = console.error as (error: unknown) => void } = {},
): OpenLibraryServer {
  const registryPool = openPool(settings, REGISTRY_ROLE);
  const workspaces = new Workspaces(settings);
  const search = new LibrarySearch(settings.searchMegabytes, settings.exactFrames);
  const answer = libraryApp({
    registry: new Registry(registryPool),
    workspaces,
    search,
    limiter: new RateLimiter(settings.rates),
    origins: settings.origins,
    packs,
    now,
    report,
  });
  return {
    fetch: async (request) => answer(request),
    close: async () => {
      await Promise.all([registryPool.end(), workspaces.close(), search.close()]);
    },
  };
}
