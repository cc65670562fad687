import { CacheFirst, createPartialResponse, Serwist, type SerwistPlugin } from 'serwist';
import type {
  KeepReply,
  OfflineFile,
  OfflineFiles,
  OfflineGroup,
  OfflineRequest,
  TakeOverReply,
} from '@/lib/shared/offline-protocol';

/*
 * Keeps the page, its engines and its model in the browser's cache, so that they work without a network.
 * One version is at work in all tabs: a new one is stored beside it and waits until a person asks for it
 * (see docs/decisions/012-offline.md).
 */

declare const self: ServiceWorkerGlobalScope & {
  /** Written in front of this script by scripts/deploy/service-worker.ts. */
  framesiftFiles: OfflineFiles;
};

const ON_USE_CACHE = 'framesift-on-use';

const { always, onUse } = self.framesiftFiles;

/** The key of a file in a cache: its address, with its revision where that does not name it. */
function cacheKeyOf({ url, revision }: OfflineFile): string {
  const key = new URL(url, self.location.href);
  if (revision !== null) key.searchParams.set('revision', revision);
  return key.href;
}

const onUseKeys = new Map(
  onUse.map((file) => [new URL(file.url, self.location.href).href, cacheKeyOf(file)]),
);

/** Serves what is stored, also in parts, which is how a player asks for a video. */
const onUseStrategy = new CacheFirst({
  cacheName: ON_USE_CACHE,
  plugins: [
    {
      cacheKeyWillBeUsed: ({ request }) => Promise.resolve(onUseKeys.get(request.url) ?? request.url),
    },
    {
      // Not Serwist's own plugin, which looks for the range in the key above.
      handlerWillRespond: ({ request, response }) =>
        response.status === 200 && request.headers.has('range')
          ? createPartialResponse(request, response)
          : Promise.resolve(response),
    },
  ],
});

/**
 * The bundler hands a worker what to load in its own address, behind a “#” or “?”. A stored response would
 * give it the address that it was stored under; one without an address takes that of the request.
 */
const addressOfRequest: SerwistPlugin = {
  handlerWillRespond: ({ request, response: stored }) => {
    // Some browsers leave what is behind the “#” out of `request.url` too.
    if (request.destination !== 'worker' && stored.url === request.url) return Promise.resolve(stored);
    const { body, status, statusText, headers } = stored;
    return Promise.resolve(new Response(body, { status, statusText, headers }));
  },
};

const serwist = new Serwist({
  precacheEntries: always,
  precacheOptions: {
    plugins: [addressOfRequest],
    cleanupOutdatedCaches: true,
    // The page that is at work needs the network too.
    concurrency: 4,
    // Switches in the page's address do not make it another page; a request for its data does.
    ignoreURLParametersMatching: [/^(?!_rsc$)/],
  },
  // Only on consent: see the `take-over` message.
  skipWaiting: false,
  // The page of the first visit is served from then on too, not only after a reload.
  clientsClaim: true,
  runtimeCaching: [{ matcher: ({ url }) => onUseKeys.has(url.href), handler: onUseStrategy }],
});

serwist.addEventListeners();

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOutdated());
});

/** Deletes what earlier versions stored on use and this one has no use for. */
async function forgetOutdated(): Promise<void> {
  const cache = await self.caches.open(ON_USE_CACHE);
  const wanted = new Set(onUseKeys.values());
  const stored = await cache.keys();
  await Promise.all(stored.filter(({ url }) => !wanted.has(url)).map((request) => cache.delete(request)));
}

self.addEventListener('message', (event) => {
  const request = event.data as OfflineRequest;
  const [port] = event.ports;
  // A guard against the library's own messages, which have other types and no port.
  if (!port) return;
  switch (request.type) {
    case 'keep':
      event.waitUntil(
        keep(request.groups, event).then((kept) => port.postMessage({ kept } satisfies KeepReply)),
      );
      break;
    case 'take-over':
      event.waitUntil(
        takeOver(event.source).then((otherTabs) => port.postMessage({ otherTabs } satisfies TakeOverReply)),
      );
      break;
  }
});

async function keep(groups: readonly OfflineGroup[], event: ExtendableEvent): Promise<boolean> {
  try {
    // One after another: a person may be using the network.
    for (const { url, group } of onUse) {
      if (!groups.includes(group)) continue;
      const [response, stored] = onUseStrategy.handleAll({ event, request: new Request(url) });
      if (!(await response).ok) return false;
      await stored;
    }
    return true;
  } catch {
    // No network or no room: the next visit tries again.
    return false;
  }
}

async function takeOver(asking: ExtendableMessageEvent['source']): Promise<number> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const askingId = asking && 'id' in asking ? asking.id : null;
  const otherTabs = windows.filter(({ id }) => id !== askingId).length;
  if (otherTabs === 0) await self.skipWaiting();
  return otherTabs;
}
