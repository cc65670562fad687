/** `npm run library`: libraries that several people share. See docs/library.md. */
import { CommanderError } from 'commander';
import { API_PATH } from '@/lib/protocol/limits';
import { openLibraryServer } from '@/lib/server/open-server';
import { readSettings } from '@/lib/server/settings';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { libraryProgram } from './program';
import { serveLibrary } from './serve';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  const settings = readSettings(process.env);
  if (!settings) {
    throw new FramesiftError(
      'bad-input',
      'Set FRAMESIFT_LIBRARY_URL to the address of a PostgreSQL database, as docs/library.md shows.',
    );
  }
  await libraryProgram({
    settings,
    print: (line) => console.log(line),
    now: () => new Date(),
    serve: ({ port, host }) =>
      serveLibrary(openLibraryServer(settings), {
        port,
        host,
        signal: stop.signal,
        onListening: (bound) =>
          console.log(`Libraries are at http://${host}:${bound}${API_PATH}/  (Ctrl+C stops it)`),
      }),
  }).parseAsync();
} catch (error) {
  // Commander has said already what is wrong, or has shown its help.
  if (error instanceof CommanderError) process.exit(error.exitCode);
  console.error(toFramesiftError(error, 'The database could not be used.').message);
  process.exitCode = 1;
}
