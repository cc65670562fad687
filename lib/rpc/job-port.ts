import { throwIfCancelled, withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { fromPlainError, toPlainError, type PlainError } from './plain-error';

/*
 * [Note: A job is one port]
 *
 * Whoever starts a job makes a channel and gives one end to the side that produces and one to the side that consumes.
 * The consumer grants credit, the producer sends a batch for each credit, then `end` or one error. Closing the port or
 * aborting the signal ends the job on both sides. A second job is another port, so jobs need no ids and none can be
 * given the batches of another.
 *
 * Credit is back-pressure: the consumer grants `ahead` to begin with and one more for each batch that it takes, so that
 * at most `ahead` batches are being made, on their way or waiting.
 */

type FromConsumer = 'credit' | 'stop';

type FromProducer<Batch> =
  { type: 'batch'; batch: Batch } | { type: 'end' } | { type: 'error'; error: PlainError };

export interface ProduceOptions<Batch> {
  /** Ends the job; the consumer is told `cancelled`. */
  signal?: AbortSignal | undefined;
  /** How long the consumer may leave the producer without credit, in milliseconds. */
  creditMs: number;
  /** Who is waited for, as the subject of a sentence. */
  consumer: string;
  /** What of a batch is moved and not copied. */
  transfersOf?: (batch: Batch) => Transferable[];
}

/**
 * Sends what `start` gives, a batch for each credit. Settles when the job is over, however that came about: the
 * consumer alone is told of errors.
 *
 * @param start is given a signal that is aborted once nobody wants the batches any more
 */
export async function produceBatches<Batch>(
  port: MessagePort,
  start: (signal: AbortSignal) => AsyncGenerator<Batch, void, undefined>,
  { signal, creditMs, consumer: name, transfersOf = () => [] }: ProduceOptions<Batch>,
): Promise<void> {
  const ending = new AbortController();
  const consumer = new Inbox<FromConsumer>(port, (message) => {
    if (message === 'stop') ending.abort();
  });
  const stop = () => {
    ending.abort();
    consumer.wake();
  };
  consumer.onClosed = stop;
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const post = (message: FromProducer<Batch>, transfers: Transferable[] = []) =>
    port.postMessage(message, transfers);
  const batches = start(ending.signal);
  try {
    for (;;) {
      await withTimeout(
        consumer.next(() => ending.signal.aborted),
        creditMs,
        name,
      );
      throwIfCancelled(ending.signal);
      const step = await batches.next();
      throwIfCancelled(ending.signal);
      if (step.done) break;
      post({ type: 'batch', batch: step.value }, transfersOf(step.value));
    }
    post({ type: 'end' });
  } catch (error) {
    post({ type: 'error', error: toPlainError(error) });
  } finally {
    signal?.removeEventListener('abort', stop);
    ending.abort();
    await batches.return().catch(() => undefined);
    consumer.close();
  }
}

export interface ReceiveOptions {
  /** Batches that may be made or wait while the consumer has one in hand. */
  ahead: number;
  /** How long the producer may take for a batch, in milliseconds. */
  batchMs: number;
  /** Who is waited for, as the subject of a sentence. */
  producer: string;
  /** Ends the job, and a wait for its next batch at once. */
  signal?: AbortSignal | undefined;
}

/**
 * The batches of a job, in order. To stop taking them ends the job.
 *
 * @throws FramesiftError what made the producer fail; `cancelled` once the signal is aborted; `timed-out`; `worker-lost`
 *   when the producer is gone
 */
export async function* receiveBatches<Batch>(
  port: MessagePort,
  { ahead, batchMs, producer: name, signal }: ReceiveOptions,
): AsyncGenerator<Batch, void, undefined> {
  const producer = new Inbox<FromProducer<Batch>>(port);
  const wake = () => producer.wake();
  signal?.addEventListener('abort', wake, { once: true });
  const grant = () => port.postMessage('credit' satisfies FromConsumer);
  try {
    throwIfCancelled(signal);
    for (let credit = 0; credit < ahead; credit += 1) grant();
    for (;;) {
      const message = await withTimeout(
        producer.next(() => signal?.aborted ?? false),
        batchMs,
        name,
      );
      throwIfCancelled(signal);
      if (!message) {
        throw new FramesiftError('worker-lost', `${name} has stopped. Try again.`, { transient: true });
      }
      if (message.type === 'end') return;
      if (message.type === 'error') throw fromPlainError(message.error);
      grant();
      yield message.batch;
    }
  } finally {
    signal?.removeEventListener('abort', wake);
    port.postMessage('stop' satisfies FromConsumer);
    producer.close();
  }
}

export interface JobSides<Result> {
  /** Makes batches until the job is over; rejects only where it cannot be reached. */
  produce: (port: MessagePort, signal: AbortSignal) => Promise<void>;
  consume: (port: MessagePort, signal: AbortSignal) => Promise<Result>;
}

/**
 * Starts a job, gives each side its end, and ends both when the consumer has its result or one of them has failed.
 *
 * @throws what made the job fail; FramesiftError `cancelled` once the signal is aborted
 */
export async function runJob<Result>(
  { produce, consume }: JobSides<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  throwIfCancelled(signal);
  const { port1, port2 } = new MessageChannel();
  const ending = new AbortController();
  const both = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  let unreachable: unknown;
  produce(port1, both).catch((error: unknown) => {
    if (both.aborted) return;
    unreachable = error;
    ending.abort();
  });
  try {
    return await consume(port2, both);
  } catch (error) {
    throw unreachable ?? error;
  } finally {
    ending.abort();
  }
}

/** The messages of a port in order, to be waited for one at a time. */
class Inbox<Message> {
  readonly #port: MessagePort;
  readonly #messages: Message[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;
  onClosed: () => void = () => undefined;

  /** @param onMessage told of a message before it is waited for */
  constructor(port: MessagePort, onMessage: (message: Message) => void = () => undefined) {
    this.#port = port;
    port.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      onMessage(data);
      this.#messages.push(data);
      this.wake();
    });
    const closed = () => {
      this.#isClosed = true;
      this.wake();
      this.onClosed();
    };
    port.addEventListener('messageerror', closed);
    // Told where the other side's worker has ended. A browser that does not tell leaves it to the time limits.
    port.addEventListener('close', closed);
    port.start();
  }

  /** The next message; undefined once the port is closed or `isOver` says so. */
  async next(isOver: () => boolean): Promise<Message | undefined> {
    while (!isOver()) {
      if (this.#messages.length > 0) return this.#messages.shift();
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return undefined;
  }

  wake(): void {
    this.#wake();
  }

  close(): void {
    this.#port.close();
  }
}
