import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectRemote, forwardRemote, installRpc, serve, transfer } from '@/lib/rpc/remote';
import { SupervisedWorker } from '@/lib/rpc/supervised-worker';
import { FramesiftError } from '@/lib/shared/errors';
import { eventually } from '../../support/eventually';
import { ChannelWorker } from '../../support/channel-worker';

/** What the other side does with what crosses. */
class Service {
  readonly #secret = 'kept';
  signal: AbortSignal | undefined;
  calls = 0;
  lateCall: unknown;

  secret(): string {
    return this.#secret;
  }

  fail(): never {
    throw new FramesiftError('storage-full', 'No room.', { transient: true });
  }

  /** Settles when the signal says so. */
  wait(signal?: AbortSignal): Promise<never> {
    this.calls += 1;
    this.signal = signal;
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }

  count(to: number, onStep: (step: number) => void, signal?: AbortSignal): number {
    this.signal = signal;
    for (let step = 1; step <= to; step += 1) onStep(step);
    return to;
  }

  async ask(question: (text: string) => Promise<string> | string): Promise<string> {
    return `${await question('how')}!`;
  }

  countLate(onStep: (step: number) => unknown): void {
    setTimeout(() => {
      this.lateCall = onStep(99);
    }, 5);
  }

  take(port: MessagePort): void {
    port.postMessage('taken');
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = Uint8Array.of(1, 2, 3);
    return transfer(bytes, [bytes.buffer]);
  }
}

const pause = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(installRpc);

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function connect() {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const service = new Service();
  serve(service, port1);
  const posted = vi.spyOn(port2, 'postMessage');
  return { service, remote: connectRemote<Service>(port2), posted };
}

/** Counts the channels that are made and the ports of them that are closed. */
function watchChannels() {
  const made: MessagePort[] = [];
  const closed = new Set<MessagePort>();
  const Real = globalThis.MessageChannel;
  vi.stubGlobal(
    'MessageChannel',
    class extends Real {
      constructor() {
        super();
        for (const port of [this.port1, this.port2]) {
          made.push(port);
          port.addEventListener('close', () => closed.add(port));
        }
      }
    },
  );
  return { made, areAllClosed: () => made.filter((_, i) => i % 2 === 0).every((port) => closed.has(port)) };
}
afterEach(() => vi.unstubAllGlobals());

describe('a remote object', () => {
  it('answers with what the method gives, and reaches its private state', async () => {
    const { remote } = connect();
    expect(await remote.secret()).toBe('kept');
    expect([...(await remote.bytes())]).toEqual([1, 2, 3]);
  });

  it('rejects with the same FramesiftError', async () => {
    const { remote } = connect();
    await expect(remote.fail()).rejects.toMatchObject({
      name: 'FramesiftError',
      code: 'storage-full',
      message: 'No room.',
      transient: true,
    });
  });

  it('moves a port that it is given', async () => {
    const { remote } = connect();
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    const heard = new Promise(
      (resolve) => (port1.onmessage = (event: MessageEvent<unknown>) => resolve(event.data)),
    );
    await remote.take(port2);
    expect(await heard).toBe('taken');
  });

  it('can be the value of a promise', async () => {
    const { remote } = connect();
    const given = await Promise.resolve(remote);
    expect(await given.secret()).toBe('kept');
  });

  it('goes to the object of the moment when it is forwarded', async () => {
    const first = connect();
    const second = connect();
    let current = first.remote;
    const forwarded = forwardRemote(() => current);
    void forwarded.wait().catch(() => undefined);
    current = second.remote;
    void forwarded.wait().catch(() => undefined);
    await eventually(() => expect([first.service.calls, second.service.calls]).toEqual([1, 1]));
  });
});

describe('a signal', () => {
  it('that is aborted is refused before anything is posted', async () => {
    const { remote, service, posted } = connect();
    await expect(remote.wait(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    await pause();
    expect(posted).not.toHaveBeenCalled();
    expect(service.calls).toBe(0);
  });

  it('aborts on the other side, whose call then fails as cancelled', async () => {
    const { remote, service } = connect();
    const controller = new AbortController();
    const waiting = remote.wait(controller.signal);
    await eventually(() => expect(service.calls).toBe(1));
    expect(service.signal?.aborted).toBe(false);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('that is aborted before the call has arrived aborts all the same', async () => {
    const { remote } = connect();
    const controller = new AbortController();
    const waiting = remote.wait(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does nothing more once its call has settled, and keeps no channel', async () => {
    const { remote, service } = connect();
    const channels = watchChannels();
    const controller = new AbortController();
    await remote.count(1, () => undefined, controller.signal);
    controller.abort();
    await pause();
    expect(service.signal?.aborted).toBe(false);
    expect(channels.made).toHaveLength(4);
    await eventually(() => expect(channels.areAllClosed()).toBe(true));
  });
});

describe('a callback', () => {
  it('is called for everything that happens before its call has settled, in order', async () => {
    const { remote } = connect();
    const steps: number[] = [];
    expect(await remote.count(50, (step) => steps.push(step))).toBe(50);
    expect(steps).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  it('answers, or fails with its own error', async () => {
    const { remote } = connect();
    expect(await remote.ask((text) => text.toUpperCase())).toBe('HOW!');
    const fails = () => Promise.reject(new FramesiftError('bad-input', 'Ask better.'));
    await expect(remote.ask(fails)).rejects.toMatchObject({ code: 'bad-input', message: 'Ask better.' });
  });

  it('is not called any more once its call has settled', async () => {
    const { remote, service } = connect();
    const onStep = vi.fn();
    await remote.countLate(onStep);
    await pause(30);
    await expect(service.lateCall).rejects.toMatchObject({ code: 'cancelled' });
    expect(onStep).not.toHaveBeenCalled();
  });

  it('is released when its call settles, also when that fails', async () => {
    const { remote } = connect();
    const channels = watchChannels();
    await remote.count(3, () => undefined);
    await expect(remote.ask(() => Promise.reject(new Error('no')))).rejects.toThrow();
    expect(channels.made).toHaveLength(4);
    await eventually(() => expect(channels.areAllClosed()).toBe(true));
  });
});

describe('a supervised worker', () => {
  function supervise() {
    const workers: ChannelWorker[] = [];
    const started = vi.fn();
    const failed = vi.fn();
    const supervised = new SupervisedWorker<Service>({
      make: () => {
        const worker = new ChannelWorker((port) => serve(new Service(), port));
        workers.push(worker);
        return worker.asWorker();
      },
      onStart: started,
      onFailure: failed,
    });
    return { supervised, workers, started, failed };
  }
  const lost = () => new FramesiftError('worker-lost', 'Ended.', { transient: true });

  it('is made on first use, once', async () => {
    const { supervised, workers, started } = supervise();
    expect(supervised.isRunning).toBe(false);
    expect(workers).toHaveLength(0);
    expect(await supervised.remote.secret()).toBe('kept');
    expect(await supervised.remote.secret()).toBe('kept');
    supervised.start();
    expect(workers).toHaveLength(1);
    expect(started).toHaveBeenCalledTimes(1);
    supervised.end(lost());
  });

  it('rejects its calls that wait when it is ended, closes what they carried, and is made anew', async () => {
    const { supervised, workers, started } = supervise();
    const onStep = vi.fn<() => void>();
    supervised.start();
    const channels = watchChannels();
    const waiting = supervised.remote.wait(new AbortController().signal);
    const asking = supervised.remote.ask(() => new Promise<string>(onStep));
    await eventually(() => expect(onStep).toHaveBeenCalled());
    expect(supervised.end(lost())).toBe(true);
    await expect(waiting).rejects.toMatchObject({ code: 'worker-lost' });
    await expect(asking).rejects.toMatchObject({ code: 'worker-lost' });
    await eventually(() => expect(channels.areAllClosed()).toBe(true));
    vi.unstubAllGlobals();
    expect(workers[0]!.isTerminated).toBe(true);
    expect(supervised.end(lost())).toBe(false);
    expect(await supervised.remote.secret()).toBe('kept');
    expect(workers).toHaveLength(2);
    expect(started).toHaveBeenCalledTimes(2);
    supervised.end(lost());
  });

  it('tells of a failure of the worker that runs, and not of one that was ended', () => {
    const targets: EventTarget[] = [];
    const failed = vi.fn();
    const supervised = new SupervisedWorker<Service>({
      make: () => {
        const target = Object.assign(new EventTarget(), {
          postMessage: () => undefined,
          terminate: () => undefined,
        });
        targets.push(target);
        return target as unknown as Worker;
      },
      onFailure: failed,
    });
    supervised.start();
    targets[0]!.dispatchEvent(new Event('error'));
    expect(failed).toHaveBeenCalledTimes(1);
    supervised.end(lost());
    targets[0]!.dispatchEvent(new Event('error'));
    expect(failed).toHaveBeenCalledTimes(1);
  });
});
