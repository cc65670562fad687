import { setTimeout } from 'node:timers/promises';
import { LibraryClient, type Send } from '@/lib/sync/library-client';
import { pullRows } from '@/test/support/pull-rows';
import { pushClip } from '@/lib/sync/push-clip';
import { makeClip, type TestServer } from '@/test/support/library-server';
import { startServerProcess } from './server-process';

const FRAMES = 40;

/** Longest time between sending a request and the kill, in milliseconds: what is under way then is different each time. */
const LATEST_KILL_MS = 20;

/** Pushes clips to a server that is killed at every so many requests, sends again what failed, and compares what is there. */
export async function survivesKills(test: TestServer, clips: number, every: number): Promise<void> {
  const workspace = await test.makeWorkspace('Kill');
  const { token } = await test.makeDevice(workspace);
  let server = await startServerProcess(test);
  let requests = 0;
  let kills = 0;
  const send: Send = async (request) => {
    requests += 1;
    const isKilled = requests % every === 0;
    const answer = fetch(new Request(request.url.replace(/^http:\/\/[^/]*/, server.address), request));
    if (!isKilled) return answer;
    const outcome = answer.catch(() => null);
    await setTimeout((kills * 7) % LATEST_KILL_MS);
    await server.kill();
    kills += 1;
    server = await startServerProcess(test);
    await outcome;
    throw new TypeError('killed');
  };
  const client = new LibraryClient(send, { server: server.address, workspace: workspace.id, token });
  const pushed = [];
  for (let n = 0; n < clips; n += 1) {
    const clip = await makeClip({ frames: FRAMES, seed: n + 1 });
    for (;;) {
      try {
        await pushClip(client, clip);
        break;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    pushed.push(clip);
  }
  await server.kill();

  const reader = await test.makeDevice(workspace);
  const { changes, next } = await reader.client.changes(0);
  let right = 0;
  for (const clip of pushed) {
    const change = changes.find((one) => one.clip === clip.clip);
    const rows = change ? await pullRows(reader.client, change) : [];
    right += clip.rows.filter((row, i) => row.vector?.id === rows[i]?.vector?.id).length;
  }
  const [left] = await test.queryAsOwner(workspace, 'select count(*)::integer as rows from push_rows');
  console.log(
    `${kills} kills amid ${requests} requests: ${right} of ${clips * FRAMES} rows, change ${next} of ${clips}, ` +
      `${String(left?.rows)} rows left that are not committed`,
  );
  if (right !== clips * FRAMES || next !== clips || left?.rows !== 0) process.exitCode = 1;
}
