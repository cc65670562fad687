/**
 * `npm run bench:library -- feed | rows | devices | kill | search`: a library server under strain, over a PostgreSQL of its own that waits for
 * the disk. `feed [--writers 8 --commits 10000]` commits from many writers and counts what a reader of the feed misses.
 * `rows [--clips 20 --frames 500 --at-once 2]` pushes and pulls over HTTP, with `--index` into a library with pgvector's index. `devices` does
 * so with a device's own database. `kill [--clips 12 --every 3]` ends the server by
 * SIGKILL at every so many requests and counts what is lost, doubled or half there. `search [--frames 100000 --questions 100]` asks
 * questions of a library of so many frames; with `--index` by that index. It needs a PostgreSQL that has
 * pgvector (`POSTGRES_BIN`).
 */
import { parseArgs } from 'node:util';
import { startTestServer } from '@/test/support/library-server';
import { measureDevices } from './devices';
import { measureFeed } from './feed';
import { survivesKills } from './kill';
import { measureRows } from './rows';
import { measureSearch } from './search';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    writers: { type: 'string', default: '8' },
    commits: { type: 'string', default: '10000' },
    clips: { type: 'string', default: '20' },
    frames: { type: 'string' },
    questions: { type: 'string', default: '100' },
    every: { type: 'string', default: '3' },
    'at-once': { type: 'string', default: '2' },
    index: { type: 'boolean', default: false },
  },
});

/** Of a clip. */
const frames = Number(values.frames ?? 500);

const test = await startTestServer({ durable: true, wantsPgvector: values.index });
try {
  switch (positionals[0]) {
    case 'feed':
      await measureFeed(test, Number(values.writers), Number(values.commits));
      break;
    case 'rows':
      await measureRows(test, Number(values.clips), frames, Number(values['at-once']), values.index);
      break;
    case 'devices':
      await measureDevices(test, Number(values.clips), frames);
      break;
    case 'kill':
      await survivesKills(test, Number(values.clips), Number(values.every));
      break;
    case 'search':
      await measureSearch(test, Number(values.frames ?? 100_000), Number(values.questions), values.index);
      break;
    case undefined:
    default:
      console.error('Usage: npm run bench:library -- feed | rows | devices | kill | search');
      process.exitCode = 1;
  }
} finally {
  await test.stop();
}
