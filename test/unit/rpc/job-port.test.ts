import { afterEach, describe, expect, it, vi } from 'vitest';
import { produceBatches, receiveBatches, runJob, type JobSides } from '@/lib/rpc/job-port';
import { FramesiftError } from '@/lib/shared/errors';
import { eventually } from '../../support/eventually';

const LIMITS = { creditMs: 2_000, batchMs: 2_000 };

const pause = (ms = 20) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a producer has made, and how its job ended. */
interface Production {
  made: number[];
  /** Its `finally` has run: a decoder would be closed. */
  isFreed: boolean;
  signal: AbortSignal | undefined;
}

/** Numbers from 0, without end unless told otherwise. */
function numbers(count = Infinity, step: (index: number) => Promise<void> = () => Promise.resolve()) {
  const production: Production = { made: [], isFreed: false, signal: undefined };
  async function* make(signal: AbortSignal): AsyncGenerator<number, void, undefined> {
    production.signal = signal;
    try {
      for (let index = 0; index < count; index += 1) {
        await step(index);
        production.made.push(index);
        yield index;
      }
    } finally {
      production.isFreed = true;
    }
  }
  return { production, make };
}

const receive = (
  port: MessagePort,
  options: { ahead?: number; batchMs?: number; signal?: AbortSignal } = {},
) => receiveBatches<number>(port, { ahead: 2, batchMs: LIMITS.batchMs, producer: 'The maker', ...options });

const produce = (
  port: MessagePort,
  make: (signal: AbortSignal) => AsyncGenerator<number, void, undefined>,
  options: { creditMs?: number; signal?: AbortSignal } = {},
) => produceBatches(port, make, { creditMs: LIMITS.creditMs, consumer: 'The taker', ...options });

const open: MessagePort[] = [];

function channel(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  return [port1, port2];
}

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

async function take(batches: AsyncIterable<number>): Promise<number[]> {
  const taken: number[] = [];
  for await (const batch of batches) taken.push(batch);
  return taken;
}

describe('a job', () => {
  it.each([0, 1, 2, 7])('gives all of %d batches in order, and then ends on both sides', async (count) => {
    const [near, far] = channel();
    const { production, make } = numbers(count);
    const producing = produce(near, make);
    expect(await take(receive(far))).toEqual(Array.from({ length: count }, (_, index) => index));
    await producing;
    expect(production.isFreed).toBe(true);
  });

  it('makes nothing before the consumer asks, and then no more than `ahead` beside the one in hand', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    void produce(near, make);
    await pause();
    expect(production.made).toEqual([]);
    const batches = receive(far);
    await batches.next();
    await pause();
    expect(production.made).toEqual([0, 1, 2]);
    await batches.next();
    await pause();
    expect(production.made).toEqual([0, 1, 2, 3]);
    await batches.return();
  });

  it('ends at the producer when the consumer takes no more', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    const producing = produce(near, make);
    for await (const batch of receive(far)) if (batch === 3) break;
    await producing;
    expect(production.isFreed).toBe(true);
    expect(production.signal?.aborted).toBe(true);
  });

  it('ends at the producer when the consumer’s port is gone', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    const producing = produce(near, make);
    await receive(far).next();
    far.close();
    await producing;
    expect(production.isFreed).toBe(true);
  });

  it('passes on what made the producer fail, its code included, after the batches before it', async () => {
    const [near, far] = channel();
    const { production, make } = numbers(Infinity, (index) =>
      index === 2
        ? Promise.reject(new FramesiftError('unreadable-video', 'Damaged here.', { transient: true }))
        : Promise.resolve(),
    );
    const producing = produce(near, make);
    const batches = receive(far);
    expect((await batches.next()).value).toBe(0);
    expect((await batches.next()).value).toBe(1);
    await expect(batches.next()).rejects.toMatchObject({
      code: 'unreadable-video',
      message: 'Damaged here.',
      transient: true,
    });
    await producing;
    expect(production.isFreed).toBe(true);
  });

  it('fails for the consumer when the producer’s port is gone', async () => {
    const [near, far] = channel();
    const waiting = receive(far).next();
    near.close();
    await expect(waiting).rejects.toMatchObject({ code: 'worker-lost', transient: true });
  });

  it('ends on both sides when the consumer’s signal is aborted, in the middle of a wait', async () => {
    const [near, far] = channel();
    const { production, make } = numbers(Infinity, () => new Promise(() => undefined));
    void produce(near, make);
    const cancel = new AbortController();
    const waiting = receive(far, { signal: cancel.signal }).next();
    await pause();
    cancel.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await eventually(() => expect(production.signal?.aborted).toBe(true));
  });

  it('ends on both sides when the producer’s signal is aborted while it waits for credit', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    const cancel = new AbortController();
    const producing = produce(near, make, { signal: cancel.signal });
    const batches = receive(far);
    await batches.next();
    await pause();
    cancel.abort();
    await producing;
    expect(production.isFreed).toBe(true);
    // What has arrived by then is still given.
    await expect(take(batches)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does not begin with an aborted signal on either side', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    await produce(near, make, { signal: AbortSignal.abort() });
    expect(production.made).toEqual([]);
    await expect(receive(far, { signal: AbortSignal.abort() }).next()).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it('does not wait longer than its limit for a batch', async () => {
    const [near, far] = channel();
    const { make } = numbers(Infinity, () => new Promise(() => undefined));
    void produce(near, make);
    await expect(receive(far, { batchMs: 30 }).next()).rejects.toMatchObject({
      code: 'timed-out',
      transient: true,
      message: expect.stringMatching(/^The maker /) as string,
    });
  });

  it('does not wait longer than its limit for credit, and frees what it holds', async () => {
    const [near, far] = channel();
    const { production, make } = numbers();
    const producing = produce(near, make, { creditMs: 30 });
    const batches = receive(far);
    await batches.next();
    await producing;
    expect(production.isFreed).toBe(true);
    await expect(take(batches)).rejects.toMatchObject({ code: 'timed-out', transient: true });
  });

  it('of two has nothing of the other', async () => {
    const evens = channel();
    const odds = channel();
    const slow = numbers(5, () => pause(3));
    const quick = numbers(9);
    void produce(evens[0], slow.make);
    void produce(odds[0], quick.make);
    const [first, second] = await Promise.all([take(receive(evens[1])), take(receive(odds[1]))]);
    expect(first).toEqual([0, 1, 2, 3, 4]);
    expect(second).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('runJob', () => {
  const sides = (make: ReturnType<typeof numbers>['make']): JobSides<number[]> => ({
    produce: (port, signal) => produce(port, make, { signal }),
    consume: (port, signal) => take(receive(port, { signal })),
  });

  it('gives what the consumer makes of the batches', async () => {
    expect(await runJob(sides(numbers(3).make))).toEqual([0, 1, 2]);
  });

  it('ends the producer when the consumer fails before it has asked for anything', async () => {
    const { production, make } = numbers();
    const fails = () => Promise.reject(new FramesiftError('provider-failed', 'No model.'));
    let producing: Promise<void> | undefined;
    const job = runJob({
      produce: (port, signal) => (producing = produce(port, make, { signal })),
      consume: fails,
    });
    await expect(job).rejects.toMatchObject({ code: 'provider-failed' });
    await producing;
    expect(production.made).toEqual([]);
  });

  it('fails with the reason when the producer cannot be reached, and ends the consumer', async () => {
    const job = runJob({
      produce: () => Promise.reject(new FramesiftError('worker-lost', 'It is gone.')),
      consume: (port, signal) => take(receive(port, { signal })),
    });
    await expect(job).rejects.toMatchObject({ code: 'worker-lost', message: 'It is gone.' });
  });

  it('ends both sides when its signal is aborted', async () => {
    const { production, make } = numbers(Infinity, () => pause(1));
    const cancel = new AbortController();
    const job = runJob(sides(make), cancel.signal);
    setTimeout(() => cancel.abort(), 20);
    await expect(job).rejects.toMatchObject({ code: 'cancelled' });
    await eventually(() => expect(production.isFreed).toBe(true));
  });

  it('starts neither side with an aborted signal', async () => {
    const produce = vi.fn();
    const consume = vi.fn();
    await expect(runJob({ produce, consume }, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(produce).not.toHaveBeenCalled();
    expect(consume).not.toHaveBeenCalled();
  });
});
