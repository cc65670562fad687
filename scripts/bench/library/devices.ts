import { LibraryClient, type Send } from '@/lib/sync/library-client';
import { pushClip } from '@/lib/sync/push-clip';
import { DatabaseDevice } from '@/test/support/database-device';
import { makeClip, type TestServer } from '@/test/support/library-server';
import { startServerProcess } from './server-process';

/**
 * What a device does with clips, end to end: reads them from the server into PGlite (in memory), looks again for nothing
 * new, and sends them to a library that has lost them. Prints rates, and the processor's time of the device alone.
 */
export async function measureDevices(test: TestServer, clips: number, frames: number): Promise<void> {
  const workspace = await test.makeWorkspace('Devices');
  const server = await startServerProcess(test);
  const clientOf = async () => {
    const { token } = await test.makeDevice(workspace);
    return new LibraryClient(send, { server: server.address, workspace: workspace.id, token });
  };
  const writer = await clientOf();
  for (let n = 1; n <= clips; n += 1) await pushClip(writer, await makeClip({ frames, seed: n }));
  const device = await DatabaseDevice.open(await clientOf());
  try {
    await measure('read and stored', clips * frames, () => device.sync());
    await measure('nothing new', 1, () => device.sync());
    await test.queryAsOwner(
      workspace,
      `truncate events, clips, revisions, pushes cascade;
       update clock set change_seq = 0, state = repeat('0', 128)::bit(128), epoch = 'restored'`,
    );
    await measure('sent', clips * frames, () => device.sync());
  } finally {
    await device.close();
    await server.kill();
  }
}

/** Node keeps a connection that the server has closed meanwhile. */
const send: Send = (request) => fetch(request.clone()).catch(() => fetch(request));

async function measure(name: string, count: number, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000 / count;
  console.log(
    `${name}: ${Math.round(count / seconds)} a second, ${cpuMs.toFixed(2)} ms of the processor each`,
  );
}
