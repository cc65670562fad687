// Served as /sw.js, this takes a site's service worker and its caches out of every browser that still has
// them: `next dev` does so, and docs/deploy.md says when a host might.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      await self.registration.unregister();
      // Its own caches alone: models that a person downloaded are not its business.
      const own = (await caches.keys()).filter((name) => /^(?:serwist|framesift-on-use)/.test(name));
      for (const name of own) await caches.delete(name);
      // Pages under its control show the old build until they are loaded again.
      for (const client of await self.clients.matchAll({ type: 'window' })) await client.navigate(client.url);
    })(),
  );
});
