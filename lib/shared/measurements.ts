import { z } from './zod';

/**
 * [Note: What was measured of a browser]
 *
 * Some things are known of a browser only by trying: which colours it makes, how many threads are quickest. What was measured is kept
 * in the site's own cache for as long as the browser is the same one. Its name for itself says the main version alone,
 * so that a measurement is made anew after a while, too. Where nothing can be kept (a private window, a full disk), each visit measures.
 */

const CACHE_NAME = 'framesift-measurements';

const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

const addressOf = (name: string) => `/measurements/${encodeURIComponent(name)}.json`;

const keptSchema = z.object({ browser: z.string(), measuredAtMs: z.number(), value: z.unknown() });

/** What was kept under a name; undefined where that is nothing, of another browser, or old. */
export async function readMeasurement(name: string): Promise<unknown> {
  try {
    const cache = await caches.open(CACHE_NAME);
    const response = await cache.match(addressOf(name));
    if (!response) return undefined;
    const { browser, measuredAtMs, value } = keptSchema.parse(await response.json());
    const ageMs = Date.now() - measuredAtMs;
    return browser === navigator.userAgent && ageMs >= 0 && ageMs < MAX_AGE_MS ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what was measured, in JSON. Without a cache it is measured anew the next time. */
export async function keepMeasurement(name: string, value: unknown): Promise<void> {
  try {
    const kept: z.infer<typeof keptSchema> = {
      browser: navigator.userAgent,
      measuredAtMs: Date.now(),
      value,
    };
    const cache = await caches.open(CACHE_NAME);
    const headers = { 'content-type': 'application/json' };
    await cache.put(addressOf(name), new Response(JSON.stringify(kept), { headers }));
  } catch {
    // Measured anew the next time.
  }
}
