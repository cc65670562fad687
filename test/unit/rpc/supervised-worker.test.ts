import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serve, type Endpoint } from '@/lib/rpc/remote';
import { SupervisedWorker } from '@/lib/rpc/supervised-worker';
import { FramesiftError } from '@/lib/shared/errors';

interface Served {
  pulse(): Promise<void>;
  work(): Promise<string>;
}

const LONG_MS = 60_000;

describe('the pulse of a supervised worker', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  /** Lets timers fire, and messages between them arrive. */
  async function wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1000) {
      vi.advanceTimersByTime(1000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  function open(served: Served) {
    const channels: MessageChannel[] = [];
    const terminate = vi.fn();
    const onSilence = vi.fn();
    const worker = new SupervisedWorker<Served>({
      make: () => {
        const channel = new MessageChannel();
        channels.push(channel);
        serve(served, channel.port2 as unknown as Endpoint);
        return Object.assign(channel.port1, { terminate }) as unknown as Worker;
      },
      pulse: {
        ask: (remote) => remote.pulse(),
        onSilence: () => {
          onSilence();
          worker.end(new FramesiftError('worker-lost', 'It stopped answering.', { transient: true }));
        },
      },
    });
    const close = () => {
      for (const { port1, port2 } of channels) {
        port1.close();
        port2.close();
      }
    };
    return { worker, terminate, onSilence, close };
  }

  it('leaves a worker alone that answers, however long its work takes', async () => {
    const { worker, onSilence, close } = open({
      pulse: () => Promise.resolve(),
      work: () => new Promise(() => undefined),
    });
    void worker.remote.work().catch(() => undefined);
    await wait(LONG_MS);
    expect(onSilence).not.toHaveBeenCalled();
    worker.end(new FramesiftError('cancelled', 'Done.'));
    close();
  });

  it('ends one that has stopped answering within ten seconds, and the calls that wait', async () => {
    let isStuck = false;
    const { worker, terminate, onSilence, close } = open({
      pulse: () => (isStuck ? new Promise(() => undefined) : Promise.resolve()),
      work: () => new Promise(() => undefined),
    });
    const work = worker.remote.work();
    const failure = expect(work).rejects.toThrow('It stopped answering.');
    await wait(4000);
    isStuck = true;
    await wait(10_000);
    await failure;
    expect(onSilence).toHaveBeenCalledTimes(1);
    expect(terminate).toHaveBeenCalledTimes(1);
    await wait(LONG_MS);
    expect(onSilence).toHaveBeenCalledTimes(1);
    close();
  });

  it('is felt before the first call, which may never give way', async () => {
    let calls = 0;
    const { worker, onSilence, close } = open({
      // The worker answers in order, and nothing after its work has begun.
      pulse: () => (calls === 0 ? Promise.resolve() : new Promise(() => undefined)),
      work: () => {
        calls += 1;
        return new Promise(() => undefined);
      },
    });
    const failure = expect(worker.remote.work()).rejects.toThrow('It stopped answering.');
    await wait(10_000);
    await failure;
    expect(onSilence).toHaveBeenCalledTimes(1);
    close();
  });

  it('waits for a script that takes long to arrive', async () => {
    const { worker, onSilence, close } = open({
      pulse: () => new Promise(() => undefined),
      work: () => Promise.resolve('done'),
    });
    worker.start();
    await wait(LONG_MS);
    expect(onSilence).not.toHaveBeenCalled();
    worker.end(new FramesiftError('cancelled', 'Done.'));
    close();
  });
});
