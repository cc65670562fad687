import { Hono, type Context } from 'hono';
import { revisionRequest } from '@/lib/protocol/clips';
import { MAX_FRAMES, MAX_PICTURES_PER_PAGE } from '@/lib/protocol/limits';
import { unpackPictures, type FramePicture } from '@/lib/protocol/pictures';
import { BadLine, readPage, type ClipRow } from '@/lib/protocol/rows';
import { isA, FramesiftError } from '@/lib/shared/errors';
import { gunzipBody, MEDIA_TYPES, readCheckedBody, readJson } from './body';
import { commitAtOnce, commitPush } from './commit';
import type { LibraryEnv } from './environment';
import { idParameter, pageParameter } from './parameters';
import { Problem } from './problem';
import { beginPush, putPictures, putRows, type Revision } from './push';

/** Routes below `/w/{w}/clips/{clip}/revisions/{revision}`, which change a clip. */
export function writeRoutes(now: () => Date): Hono<LibraryEnv> {
  const routes = new Hono<LibraryEnv>();

  routes.put('/', async (c) => {
    const { session, pool } = c.var;
    const target = revisionOf(c);
    const request = await readJson(c.req.raw, revisionRequest);
    if ('event' in request && request.event.id !== target.clip)
      throw new Problem('bad-request', 'The event’s id is not that of the clip in the address.');
    if (request.kind === 'rows') return c.json(await beginPush(pool, target, request, session, now()));
    const change = { ...target, deviceId: session.deviceId, now: now() };
    return c.json({ change: await commitAtOnce(pool, change, request) });
  });

  routes.put('/rows/:page', async (c) => {
    const page = pageParameter(c);
    const { bytes } = await readCheckedBody(c.req.raw, MEDIA_TYPES.rows);
    const rows = readRows(await gunzipBody(c.req.raw, bytes), page);
    await putRows(c.var.pool, revisionOf(c), page, rows);
    return c.body(null, 204);
  });

  routes.put('/pictures/:page', async (c) => {
    const page = pageParameter(c);
    const { bytes, digest } = await readCheckedBody(c.req.raw, MEDIA_TYPES.pictures);
    await putPictures(c.var.pool, revisionOf(c), page, readPictures(bytes), digest);
    return c.body(null, 204);
  });

  routes.post('/commit', async (c) => {
    const { session, pool } = c.var;
    const change = { ...revisionOf(c), deviceId: session.deviceId, now: now() };
    return c.json({ change: await commitPush(pool, change) });
  });

  return routes;
}

function revisionOf(c: Context): Revision {
  return { clip: idParameter(c, 'clip'), revision: idParameter(c, 'revision') };
}

function readRows(bytes: Uint8Array, page: number): ClipRow[] {
  try {
    return readPage(bytes, page);
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    throw new Problem(error.code, `${error.message} Nothing of the page was stored.`, { line: error.line });
  }
}

/** The pictures of a page by the numbers of their frames. */
function readPictures(bytes: Uint8Array<ArrayBuffer>): FramePicture[] {
  const pictures = unpack(bytes);
  if (pictures.length > MAX_PICTURES_PER_PAGE)
    throw new Problem('too-many-rows', `A page has at most ${MAX_PICTURES_PER_PAGE} pictures.`);
  const seen = new Set<number>();
  for (const { frameNumber } of pictures) {
    if (frameNumber < 1 || frameNumber > MAX_FRAMES)
      throw new Problem('bad-picture', `Frames are numbered from 1 to ${MAX_FRAMES}, not ${frameNumber}.`);
    if (seen.has(frameNumber)) throw new Problem('bad-picture', `Frame ${frameNumber} is there twice.`);
    seen.add(frameNumber);
  }
  return pictures;
}

function unpack(bytes: Uint8Array<ArrayBuffer>): FramePicture[] {
  try {
    return unpackPictures(bytes);
  } catch (error) {
    if (!isA(error, FramesiftError)) throw error;
    throw new Problem('bad-picture', error.message);
  }
}
