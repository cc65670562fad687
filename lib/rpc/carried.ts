import * as Comlink from 'comlink';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';

/*
 * [Note: Signals and callbacks]
 *
 * An AbortSignal and a function cannot be cloned, so each crosses as a MessagePort of its own: a signal's carries one
 * message, `abort`; a callback's carries its calls. Both live as long as the call that they are arguments of. The side
 * that is called releases its callbacks when its method has settled, after its last call of them on the same port, so
 * that none is lost and none comes later. The side that called closes all ports then. An aborted signal is refused
 * before anything is posted.
 */

/** How long a call that has its answer waits for the last calls of its callbacks, in milliseconds. */
const RELEASE_TIMEOUT_MS = 1_000;

type Callback = (...values: unknown[]) => unknown;

/** A signal or a callback on its way across. */
class Carried {
  constructor(
    readonly kind: 'signal' | 'callback',
    readonly port: MessagePort,
  ) {}
}

/** The signals and callbacks of one call, on the side that calls. */
export class CallScope {
  readonly #closers: (() => void)[] = [];
  readonly #releases: Promise<void>[] = [];

  /**
   * A call's argument in the form that crosses: ports are transferred, signals and functions carried.
   *
   * @throws FramesiftError `cancelled` for a signal that is aborted
   */
  carry(value: unknown): unknown {
    if (value instanceof MessagePort) return Comlink.transfer(value, [value]);
    if (value instanceof AbortSignal) return this.#carrySignal(value);
    if (typeof value === 'function') return this.#carryCallback(value as Callback);
    return value;
  }

  /** Waits until the callbacks have been called for the last time, and closes everything. */
  async close(): Promise<void> {
    try {
      if (this.#releases.length === 0) return;
      await withTimeout(Promise.all(this.#releases), RELEASE_TIMEOUT_MS, 'A callback').catch(() => undefined);
    } finally {
      this.closeNow();
    }
  }

  /** Closes everything; no callback is called any more. For a worker that is gone. */
  closeNow(): void {
    for (const close of this.#closers.splice(0)) close();
  }

  #carrySignal(signal: AbortSignal): Carried {
    if (signal.aborted) throw new FramesiftError('cancelled', 'Cancelled.');
    const { port1, port2 } = new MessageChannel();
    const abort = () => port1.postMessage('abort');
    signal.addEventListener('abort', abort, { once: true });
    this.#closers.push(() => {
      signal.removeEventListener('abort', abort);
      port1.close();
    });
    return new Carried('signal', port2);
  }

  #carryCallback(callback: Callback): Carried {
    const { port1, port2 } = new MessageChannel();
    let isOpen = true;
    const released = new Promise<void>((resolve) => {
      const guarded = (...values: unknown[]) => (isOpen ? callback(...values) : undefined);
      Comlink.expose(Object.assign(guarded, { [Comlink.finalizer]: resolve }), port1);
    });
    this.#releases.push(released);
    this.#closers.push(() => {
      isOpen = false;
      port1.close();
    });
    return new Carried('callback', port2);
  }
}

/** Makes Comlink carry what a CallScope has wrapped. */
export function installCarrying(): void {
  Comlink.transferHandlers.set('carried', {
    canHandle: (value): value is Carried => value instanceof Carried,
    serialize: ({ kind, port }: Carried) => [{ kind, port }, [port]],
    deserialize: ({ kind, port }: Pick<Carried, 'kind' | 'port'>) =>
      kind === 'signal' ? receiveSignal(port) : receiveCallback(port),
  });
}

function receiveSignal(port: MessagePort): AbortSignal {
  const controller = new AbortController();
  port.onmessage = () => {
    controller.abort(new FramesiftError('cancelled', 'Cancelled.'));
    port.close();
  };
  return controller.signal;
}

/** What ends a callback on the side that has received it. */
const release = Symbol('release');

function receiveCallback(port: MessagePort): Callback {
  const remote = Comlink.wrap<Callback>(port);
  let isReleased = false;
  const callback: Callback = (...values) => {
    const answer: Promise<unknown> = isReleased ? Promise.reject(callIsOver()) : remote(...values);
    // A call that nobody awaits has nobody to fail for; one that is awaited tells its caller.
    answer.catch(() => undefined);
    return answer;
  };
  const releaseCallback = () => {
    isReleased = true;
    remote[Comlink.releaseProxy]();
  };
  return Object.assign(callback, { [release]: releaseCallback });
}

function callIsOver(): FramesiftError {
  return new FramesiftError('cancelled', 'Cancelled.');
}

/** Releases an argument if it is a callback that came across. */
export function releaseCarried(value: unknown): void {
  if (typeof value === 'function' && release in value) (value[release] as () => void)();
}
