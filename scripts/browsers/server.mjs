// The built page, served for a browser that is driven.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../prepare.mjs';

/**
 * Serves the built page, until it is stopped.
 *
 * @param {number} port
 */
export async function startServer(port) {
  const address = `http://localhost:${port}`;
  const next = join(root, 'node_modules/next/dist/bin/next');
  const started = spawn(process.execPath, [next, 'start', '-p', String(port)], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  const stop = async () => {
    const ended = once(started, 'exit');
    started.kill();
    await ended;
  };
  const deadline = performance.now() + 30_000;
  const isServed = () =>
    fetch(address).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isServed())) {
    if (performance.now() > deadline) {
      await stop();
      throw new Error('The built page was not served within 30 s.');
    }
    await sleep(100);
  }
  return { stop };
}
