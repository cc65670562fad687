import { Hono } from 'hono';
import { packSearchAnswer, searchRequest } from '@/lib/protocol/search';
import { MEDIA_TYPES, readJson } from '../body';
import type { LibraryEnv } from '../environment';
import type { LibrarySearch } from './library-search';

/** The route `/w/{w}/search`. */
export function searchRoute(search: LibrarySearch): Hono<LibraryEnv> {
  const routes = new Hono<LibraryEnv>();
  routes.post('/', async (c) => {
    const request = await readJson(c.req.raw, searchRequest);
    const { session, pool } = c.var;
    const answer = await search.search(session.workspace, pool, request);
    return c.body(packSearchAnswer(answer), 200, {
      'Content-Type': MEDIA_TYPES.packed,
      'Cache-Control': 'no-store',
    });
  });
  return routes;
}
