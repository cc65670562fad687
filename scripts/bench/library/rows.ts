import { LibraryClient } from '@/lib/sync/library-client';
import { pullRows } from '@/test/support/pull-rows';
import { pushClip } from '@/lib/sync/push-clip';
import { makeClip, type TestServer } from '@/test/support/library-server';
import { startServerProcess } from './server-process';

/**
 * Pushes clips over HTTP, reads them again, and prints the rates. Pictures are of 20 bytes; rows are as in life.
 *
 * @param isIndexed into a library with pgvector's index
 */
export async function measureRows(
  test: TestServer,
  clips: number,
  frames: number,
  atOnce: number,
  isIndexed: boolean,
): Promise<void> {
  const workspace = await test.makeWorkspace('Rows');
  if (isIndexed)
    await test.administer((administration) => administration.index(workspace, { megabytes: 64 }));
  const { token } = await test.makeDevice(workspace);
  const server = await startServerProcess(test);
  const client = new LibraryClient(fetch, { server: server.address, workspace: workspace.id, token });
  const made = await Promise.all(Array.from({ length: clips }, (_, n) => makeClip({ frames, seed: n + 1 })));

  const push = await secondsOf(() => eachOf(made, atOnce, (clip) => pushClip(client, clip)));
  const { changes } = await client.changes(0);
  const pull = await secondsOf(() => eachOf(changes, 1, (change) => pullRows(client, change)));
  await server.kill();
  const rows = clips * frames;
  console.log(
    `${clips} clips of ${frames} frames, ${atOnce} at a time: pushed ${Math.round(rows / push)} rows/s, ` +
      `pulled and checked ${Math.round(rows / pull)} rows/s`,
  );
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Works on so many items at a time. */
async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}
