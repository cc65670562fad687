import { openLibraryServer } from '@/lib/server/open-server';
import { Problem } from '@/lib/server/problem';
import { readSettings } from '@/lib/server/settings';

/*
 * The library server beside the page, in the build for a Next host alone: next.config.js tells the export of plain files
 * nothing of the ending `.server.ts`. Without FRAMESIFT_LIBRARY_URL it says that there is no library here.
 */

export const dynamic = 'force-dynamic';

let server: ReturnType<typeof openLibraryServer> | null | undefined;

async function answer(request: Request): Promise<Response> {
  if (server === undefined) {
    const settings = readSettings(process.env);
    // Next 16.4 drops the Content-Encoding of a route: what stands in front of it packs, as for all else.
    server = settings && openLibraryServer(settings, { packs: false });
  }
  if (server) return server.fetch(request);
  return new Problem('unknown', 'There is no shared library at this address.').toResponse();
}

export { answer as DELETE, answer as GET, answer as OPTIONS, answer as POST, answer as PUT };
