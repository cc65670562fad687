import type { MiddlewareHandler } from 'hono';
import { seeDevice } from './devices';
import type { LibraryEnv, LibraryServer } from './environment';
import { Problem } from './problem';

/** Methods that change nothing in the library. */
const READING = ['GET', 'HEAD'];

/** Lets a device in by its token: into its own library, and to change it only where it may. */
export function authenticate({
  registry,
  workspaces,
  limiter,
  now,
}: LibraryServer): MiddlewareHandler<LibraryEnv> {
  return async (c, next) => {
    const token = /^Bearer (\S{1,200})$/.exec(c.req.header('Authorization') ?? '')?.[1];
    if (token === undefined)
      throw new Problem('token-refused', 'The request has no token. Join the library first.');
    const time = now();
    const { session, isDue } = await registry.findSession(token, time);
    if (session.workspace !== c.req.param('w'))
      throw new Problem('other-workspace', 'This device belongs to another library. Join this one first.');
    const end = limiter.begin(session.tokenHash, time.getTime());
    try {
      // A device that leaves changes nothing that others see.
      const isLeaving = c.req.method === 'DELETE' && c.req.path.endsWith('/token');
      // A question is sent as content since it is too long for an address.
      const isSearching = c.req.method === 'POST' && c.req.path.endsWith(`/w/${session.workspace}/search`);
      const isReading = READING.includes(c.req.method) || isLeaving || isSearching;
      if (session.scope === 'read' && !isReading)
        throw new Problem(
          'read-only',
          'This device may only read. Ask for an invitation with which it may write.',
        );
      const pool = await workspaces.open(session);
      if (isDue) {
        await registry.renew(session, time);
        await seeDevice(pool, session, time);
      }
      c.set('session', session);
      c.set('pool', pool);
      await next();
    } finally {
      end();
    }
  };
}
