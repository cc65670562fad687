import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestServer } from '@/test/support/library-server';

const CLI = join(import.meta.dirname, '../../library/cli.ts');

/** A library server in a process of its own, as `npm run library -- serve` starts it. */
export interface ServerProcess {
  /** Origin, with a port that is free. */
  address: string;
  pid: number;
  /** Ends it without a warning. */
  kill: () => Promise<void>;
}

/** Starts one over the database of `test`, with these settings too, and waits until it listens. */
export async function startServerProcess(
  { settings }: TestServer,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'serve', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      FRAMESIFT_LIBRARY_URL: settings.address,
      FRAMESIFT_LIBRARY_SECRET: settings.secret,
      ...environment,
    },
  });
  return {
    address: await readAddress(child),
    pid: child.pid!,
    kill: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function readAddress({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const address = /http:\/\/[\d.:]+/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error('The server ended before it listened.');
}
