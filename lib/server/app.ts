import { Hono } from 'hono';
import { joinRequest, type JoinAnswer } from '@/lib/protocol/clips';
import {
  API_PATH,
  API_VERSION,
  MAX_BODY_BYTES,
  MAX_FRAMES,
  MAX_LINE_BYTES,
  MAX_PICTURES_PER_ANSWER,
  MAX_PICTURES_PER_PAGE,
  MAX_UNPACKED_BYTES,
  ROWS_PER_PAGE,
} from '@/lib/protocol/limits';
import { MAX_SEARCH_CLIPS, MAX_SEARCH_FRAMES, MAX_SEARCH_VECTORS } from '@/lib/protocol/search';
import { authenticate } from './authenticate';
import { readJson } from './body';
import { crossOrigin } from './cors';
import { seeDevice } from './devices';
import type { LibraryEnv, LibraryServer } from './environment';
import { Problem, toProblem } from './problem';
import { readRoutes } from './read-routes';
import { searchRoute } from './search/search-route';
import { writeRoutes } from './write-routes';

const LIMITS = {
  rows: ROWS_PER_PAGE,
  frames: MAX_FRAMES,
  body: MAX_BODY_BYTES,
  unpacked: MAX_UNPACKED_BYTES,
  line: MAX_LINE_BYTES,
  pictures: MAX_PICTURES_PER_PAGE,
  picturesRead: MAX_PICTURES_PER_ANSWER,
  searchVectors: MAX_SEARCH_VECTORS,
  searchClips: MAX_SEARCH_CLIPS,
  searchFrames: MAX_SEARCH_FRAMES,
};

/** Answers requests below `/library/v1`. It keeps no state of its own but connections and rates. */
export function libraryApp(server: LibraryServer): (request: Request) => Response | Promise<Response> {
  const app = new Hono<LibraryEnv>({ strict: false }).basePath(API_PATH);

  app.use(crossOrigin(server.origins));
  app.onError((error) => {
    const problem = toProblem(error);
    if (problem) return problem.toResponse();
    server.report(error);
    return new Problem(
      'internal',
      'The server failed. Try again; if it fails again, ask who runs it.',
    ).toResponse();
  });
  app.notFound(() => new Problem('unknown', 'There is nothing at this address.').toResponse());

  app.get('/', (c) =>
    c.json({ name: 'Framesift library', api: API_VERSION, limits: LIMITS, search: 'exact' }),
  );

  app.post('/join', async (c) => {
    const { secret, device } = await readJson(c.req.raw, joinRequest);
    const now = server.now();
    const { session, name, token, expires } = await server.registry.join(secret, device, now);
    await seeDevice(await server.workspaces.open(session), session, now);
    const { workspace, scope } = session;
    return c.json({ workspace, name, token, scope, expires: expires.toISOString() } satisfies JoinAnswer);
  });

  app.use('/w/:w/*', authenticate(server));
  app.route('/w/:w', readRoutes(server.packs));
  app.route('/w/:w/search', searchRoute(server.search));
  app.route('/w/:w/clips/:clip/revisions/:revision', writeRoutes(server.now));
  app.delete('/w/:w/token', async (c) => {
    await server.registry.revoke(c.var.session, server.now());
    return c.body(null, 204);
  });

  return (request) => app.fetch(request);
}
