import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import { Hono, type Context } from 'hono';
import { contentDigest } from '@/lib/protocol/digests';
import { packPictures } from '@/lib/protocol/pictures';
import { writePage } from '@/lib/protocol/rows';
import { MEDIA_TYPES } from './body';
import { readChanges } from './changes';
import { listDevices } from './devices';
import type { LibraryEnv } from './environment';
import { afterQuery, framesQuery, idParameter, pageParameter, revisionQuery, textQuery } from './parameters';
import { Problem } from './problem';
import { findClips, readPictures, readRows } from './read-clips';

const gzip = promisify(gzipWithCallback);

/** zlib's fastest: 2,776 bytes a row against 2,521 of level 6, for less than half of the time. */
const GZIP_LEVEL = 1;

/** Shorter answers are sent as they are: a poll without news has 120 bytes. */
const GZIP_FROM_BYTES = 1024;

/**
 * Routes below `/w/{w}` that read the library.
 *
 * @param packs whether answers are packed
 */
export function readRoutes(packs: boolean): Hono<LibraryEnv> {
  const routes = new Hono<LibraryEnv>();

  routes.get('/changes', async (c) => {
    const changes = await readChanges(c.var.pool, afterQuery(c));
    const headers = { 'Cache-Control': 'no-store' };
    return text(c, MEDIA_TYPES.json, JSON.stringify(changes), headers, packs);
  });

  routes.get('/clips', async (c) => {
    const fingerprint = textQuery(c, 'fingerprint');
    if (fingerprint === null) throw new Problem('bad-request', '“fingerprint” is missing.');
    return c.json({ clips: await findClips(c.var.pool, fingerprint, textQuery(c, 'model')) });
  });

  routes.get('/clips/:clip/rows/:page', async (c) => {
    const revision = revisionQuery(c);
    const rows = await readRows(c.var.pool, idParameter(c, 'clip'), revision, pageParameter(c));
    return text(c, MEDIA_TYPES.rows, writePage(rows), immutable(revision), packs);
  });

  routes.get('/clips/:clip/pictures', async (c) => {
    const revision = revisionQuery(c);
    const pictures = await readPictures(c.var.pool, idParameter(c, 'clip'), revision, framesQuery(c));
    const body = packPictures(pictures);
    return c.body(body, 200, {
      ...immutable(revision),
      'Content-Type': MEDIA_TYPES.pictures,
      'Content-Digest': await contentDigest(body),
    });
  });

  routes.get('/devices', async (c) => c.json({ devices: await listDevices(c.var.pool) }));

  return routes;
}

/** What a revision's address gives never changes. */
function immutable(revision: string): Record<string, string> {
  return { ETag: `"${revision}"`, 'Cache-Control': 'private, max-age=31536000, immutable' };
}

/** JSON and lines, packed where that is worth it. A reader compares rows with the clip's own digest. */
async function text(
  c: Context,
  type: string,
  content: string,
  headers: Record<string, string>,
  packs: boolean,
): Promise<Response> {
  const bytes = Buffer.from(content);
  const isPacked =
    packs && bytes.length >= GZIP_FROM_BYTES && /\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '');
  return c.body(isPacked ? await gzip(bytes, { level: GZIP_LEVEL }) : bytes, 200, {
    ...headers,
    'Content-Type': type,
    Vary: 'Accept-Encoding',
    ...(isPacked && { 'Content-Encoding': 'gzip' }),
  });
}
