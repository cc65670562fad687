import type { MiddlewareHandler } from 'hono';

const ALLOWED_METHODS = 'GET, POST, PUT, DELETE';
const ALLOWED_HEADERS = 'authorization, content-type, content-encoding, content-digest';
const EXPOSED_HEADERS = 'Content-Digest, ETag, Retry-After';

/** How long a browser may remember a preflight: two hours, the most that Chromium takes. */
const MAX_AGE_S = '7200';

/**
 * Lets pages of other origins in: those that are named. There are no cookies, so that nothing of a person travels by itself. A
 * page under cross-origin isolation also needs the resource policy.
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header('Origin');
    const isKnown = origin !== undefined && origins.includes(origin);
    const isPreflight = c.req.method === 'OPTIONS';
    if (isPreflight) c.res = new Response(null, { status: 204 });
    else await next();
    const { headers } = c.res;
    headers.append('Vary', 'Origin');
    headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
    headers.set('X-Content-Type-Options', 'nosniff');
    if (!isKnown) return;
    headers.set('Access-Control-Allow-Origin', origin);
    headers.set('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    if (!isPreflight) return;
    headers.set('Access-Control-Allow-Methods', ALLOWED_METHODS);
    headers.set('Access-Control-Allow-Headers', ALLOWED_HEADERS);
    headers.set('Access-Control-Max-Age', MAX_AGE_S);
  };
}
