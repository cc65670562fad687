import { setTimeout } from 'node:timers/promises';
import { pushClip } from '@/lib/sync/push-clip';
import { Refusal } from '@/lib/sync/refusal';
import { makeClip, type TestServer } from '@/test/support/library-server';

/** Commits clips without rows from many writers, with a reader who polls all the time, and prints what the reader missed. */
export async function measureFeed(test: TestServer, writers: number, commits: number): Promise<void> {
  const workspace = await test.makeWorkspace('Feed');
  const devices = await Promise.all(Array.from({ length: writers }, () => test.makeDevice(workspace)));
  const reader = await test.makeDevice(workspace);
  const end = new AbortController();
  const seen = new Map<number, number>();
  const reading = (async () => {
    let after = 0;
    for (;;) {
      const isLast = end.signal.aborted;
      const { changes, next, more } = await untilAnswered(() => reader.client.changes(after));
      for (const { change } of changes) seen.set(change, (seen.get(change) ?? 0) + 1);
      after = next;
      if (isLast && !more) return;
    }
  })();
  const took: number[] = [];
  const start = performance.now();
  await Promise.all(
    devices.map(async ({ client }) => {
      for (let n = 0; n < commits; n += 1) {
        const clip = await makeClip({ rows: [] });
        const begun = performance.now();
        await untilAnswered(() => pushClip(client, clip));
        took.push(performance.now() - begun);
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  end.abort();
  await reading;

  const all = writers * commits;
  const missed = Array.from({ length: all }, (_, i) => i + 1).filter((change) => !seen.has(change)).length;
  const twice = [...seen.values()].filter((times) => times > 1).length;
  took.sort((a, b) => a - b);
  console.log(
    `${missed} of ${all} commits missed, ${twice} seen twice; ${Math.round(all / seconds)} commits/s, ` +
      `p95 of a clip's two requests ${took[Math.floor(all * 0.95)]!.toFixed(1)} ms`,
  );
  if (missed + twice > 0) process.exitCode = 1;
}

/** Asks again where a busy machine made the server say that its database is away, as a device does. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refusal) || !error.isTransient) throw error;
      await setTimeout(error.retryAfterMs ?? 1000);
    }
  }
}
