import { once } from 'node:events';
import { createAdaptorServer } from '@hono/node-server';
import type { OpenLibraryServer } from '@/lib/server/open-server';

/** How long requests that are under way may take once the server is to stop, in milliseconds. */
const GRACE_MS = 5_000;

/** Listens for requests until `signal`, then lets those that are under way end. */
export async function serveLibrary(
  server: OpenLibraryServer,
  { port, host, signal, onListening }: ListenOptions,
): Promise<void> {
  const listener = createAdaptorServer({ fetch: server.fetch });
  listener.listen(port, host);
  await once(listener, 'listening');
  const bound = listener.address();
  onListening(typeof bound === 'object' && bound ? bound.port : port);
  if (!signal.aborted) await once(signal, 'abort');
  const closed = once(listener, 'close');
  listener.close();
  const timer = setTimeout(() => {
    if ('closeAllConnections' in listener) listener.closeAllConnections();
  }, GRACE_MS);
  await closed;
  clearTimeout(timer);
  await server.close();
}

interface ListenOptions {
  /** 0 for any that is free. */
  port: number;
  host: string;
  signal: AbortSignal;
  onListening: (port: number) => void;
}
