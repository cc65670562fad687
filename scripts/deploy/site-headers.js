/**
 * What every host sends with this site's files: the one source of next.config.js, of the `_headers` file of
 * a static export, and of vercel.json. Next's configuration imports it, so it is plain JavaScript.
 */

/**
 * Headers for the paths that `prefix` begins, for one exact `path`, or for everything.
 *
 * @typedef {object} HeaderRule
 * @property {{ prefix: string } | { path: string } | 'everything'} where
 * @property {Readonly<Record<string, string>>} headers
 */

/**
 * Where a person may let the page fetch other models from, besides this site: the hub, a mirror that they
 * name, and a server on their own computer, which needs no encryption.
 */
const ANY_MODEL_SOURCE = ['https:', 'http://localhost:*', 'http://127.0.0.1:*'];

const ONE_YEAR = 'public, max-age=31536000, immutable';
/** Kept, but asked about every time. */
const REVALIDATE = 'public, max-age=0, must-revalidate';

/**
 * Reads `FRAMESIFT_MODEL_ORIGINS`, with which a deployment narrows where models may come from: origins, or
 * `none` for this site alone.
 *
 * @returns {readonly string[]}
 */
export function modelSources(value = process.env.FRAMESIFT_MODEL_ORIGINS ?? '') {
  const parts = value.split(/[\s,]+/).filter((part) => part !== '');
  if (parts.length === 0) return ANY_MODEL_SOURCE;
  if (value.trim() === 'none') return [];
  return parts.map((part) => {
    const { origin, protocol } = new URL(part);
    if (protocol !== 'https:' && protocol !== 'http:')
      throw new Error(`FRAMESIFT_MODEL_ORIGINS: ${part} is no address of a web server.`);
    return origin;
  });
}

/**
 * The Content-Security-Policy of the page and its workers. It is the same for every build, because a build
 * leaves no inline script in its pages (see inline-scripts.ts). docs/decisions/009-content-security-policy.md
 * has the reasons.
 *
 * @param {'header' | 'meta'} where `meta` leaves out what a <meta> element cannot say
 * @returns {string}
 */
export function contentSecurityPolicy(where = 'header', sources = modelSources()) {
  const directives = [
    "default-src 'none'",
    // WebAssembly is compiled at run time; nothing else is ever evaluated.
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "media-src 'self' blob:",
    `connect-src ${["'self'", ...sources].join(' ')}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    ...(where === 'header' ? ["frame-ancestors 'none'"] : []),
  ];
  return directives.join('; ');
}

/** What a browser could let a page do and this one never does; Chromium reports names that it does not know. */
const REFUSED_FEATURES = [
  'accelerometer',
  'bluetooth',
  'camera',
  'display-capture',
  'encrypted-media',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'web-share',
  'window-management',
  'xr-spatial-tracking',
];

/**
 * Cross-origin isolation gives the page SharedArrayBuffer, and with it WebAssembly threads. Without these
 * headers everything still works on one thread (lib/encoder/execution-provider.ts).
 *
 * @type {HeaderRule}
 */
export const isolationHeaders = {
  where: 'everything',
  headers: {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
  },
};

/** What every page is refused, see REFUSED_FEATURES. */
export function permissionsPolicy() {
  return REFUSED_FEATURES.map((feature) => `${feature}=()`).join(', ');
}

/**
 * Rules that do not overlap in a header's name: some hosts join the values of two rules with a comma.
 *
 * @param {readonly string[]} modelPrefixes paths that change when a model's files do, and can therefore be kept for ever
 * @returns {HeaderRule[]}
 */
export function siteHeaders(modelPrefixes, sources = modelSources()) {
  return [
    {
      where: 'everything',
      headers: {
        ...isolationHeaders.headers,
        'Content-Security-Policy': contentSecurityPolicy('header', sources),
        'Permissions-Policy': permissionsPolicy(),
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
      },
    },
    // Chunks, workers and engines: their names carry a hash of what they hold.
    { where: { prefix: '/_next/static/' }, headers: { 'Cache-Control': ONE_YEAR } },
    ...modelPrefixes.map((prefix) => ({ where: { prefix }, headers: { 'Cache-Control': ONE_YEAR } })),
    // A kept page or service worker would hide a new version.
    { where: { path: '/' }, headers: { 'Cache-Control': REVALIDATE } },
    { where: { path: '/sw.js' }, headers: { 'Cache-Control': REVALIDATE } },
  ];
}

/** Everything but the library server's routes: it sends its own headers, and Next would join two values with a comma. */
const EVERYTHING_BUT_LIBRARIES = '/((?!library/v1).*)';

/**
 * The rules as next.config.js wants them.
 *
 * @param {readonly HeaderRule[]} rules
 */
export function nextHeaders(rules) {
  return rules.map(({ where, headers }) => ({
    source:
      where === 'everything'
        ? EVERYTHING_BUT_LIBRARIES
        : 'path' in where
          ? where.path
          : `${where.prefix}:path*`,
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
  }));
}

/**
 * The rules as a `_headers` file, which Cloudflare and Netlify read alike.
 *
 * @param {readonly HeaderRule[]} rules
 */
export function headersFile(rules) {
  return rules
    .map(({ where, headers }) => {
      const pattern = where === 'everything' ? '/*' : 'path' in where ? where.path : `${where.prefix}*`;
      return [pattern, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`), ''].join(
        '\n',
      );
    })
    .join('\n');
}

/**
 * The rules as vercel.json wants them.
 *
 * @param {readonly HeaderRule[]} rules
 */
export function vercelHeaders(rules) {
  return rules.map(({ where, headers }) => ({
    source: where === 'everything' ? '/(.*)' : 'path' in where ? where.path : `${where.prefix}(.*)`,
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
  }));
}
