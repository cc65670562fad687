import { afterEach, describe, expect, it, vi } from 'vitest';
import { borrowedWords, borrowWorkers, lendWorkers } from '@/lib/shared/lent-workers';
import { eventually } from '../../support/eventually';

/** A worker that answers every message, in this thread. */
class Echo extends EventTarget {
  isTerminated = false;

  postMessage(message: unknown): void {
    queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: { heard: message } })));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  fail(message: string): void {
    this.dispatchEvent(Object.assign(new Event('error'), { message }));
  }
}

const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

function lend() {
  const made: { script: string; name: string; worker: Echo }[] = [];
  const { port1, port2 } = new MessageChannel();
  const end = lendWorkers(port1, (script, name) => {
    const worker = new Echo();
    made.push({ script, name, worker });
    return worker as unknown as Worker;
  });
  ends.push(end);
  return { made, end, Borrowed: borrowWorkers(port2) };
}

describe('a borrowed worker', () => {
  it('runs the script that was asked for, and hears and is heard', async () => {
    const { made, Borrowed } = lend();
    const worker = new Borrowed(new URL('https://here.test/thread.mjs'), { type: 'module', name: 'thread' });
    const heard = vi.fn();
    worker.onmessage = ({ data }: MessageEvent<unknown>) => void heard(data);
    // What is said before the page has made the worker is not lost.
    const memory = new SharedArrayBuffer(8);
    const before = borrowedWords();
    worker.postMessage({ memory });
    expect(borrowedWords()).toBe(before + 1);
    await eventually(() => expect(heard).toHaveBeenCalledOnce());
    expect(borrowedWords()).toBe(before + 2);
    expect(made).toMatchObject([{ script: 'https://here.test/thread.mjs', name: 'thread' }]);
    const [[answer]] = heard.mock.calls as [[{ heard: { memory: SharedArrayBuffer } }]];
    new Uint8Array(answer.heard.memory)[3] = 7;
    expect(new Uint8Array(memory)[3]).toBe(7);
  });

  it('tells why its script does not run', async () => {
    const { made, Borrowed } = lend();
    const worker = new Borrowed('thread.mjs');
    const told = vi.fn();
    worker.onerror = told;
    await eventually(() => expect(made).toHaveLength(1));
    vi.stubGlobal(
      'ErrorEvent',
      class extends Event {
        readonly message: string;
        constructor(type: string, { message }: { message: string }) {
          super(type);
          this.message = message;
        }
      },
    );
    made[0]!.worker.fail('no such file');
    await eventually(() => expect(told).toHaveBeenCalledOnce());
    expect(told.mock.calls[0]![0]).toMatchObject({ message: 'no such file' });
    vi.unstubAllGlobals();
  });

  it('ends alone when its borrower ends it, and with all others when the page does', async () => {
    const { made, end, Borrowed } = lend();
    const workers = [new Borrowed('a.mjs'), new Borrowed('b.mjs'), new Borrowed('c.mjs')];
    await eventually(() => expect(made).toHaveLength(3));
    const ended = () => made.map(({ worker }) => worker.isTerminated);
    workers[1]!.terminate();
    await eventually(() => expect(ended()).toEqual([false, true, false]));
    end();
    expect(ended()).toEqual([true, true, true]);
  });
});
