/**
 * A Worker for tests in Node: what it serves runs in this thread, behind a real message channel, so that
 * everything crosses as it would, and `terminate` leaves calls unanswered as it would.
 */
export class ChannelWorker {
  readonly #near: MessagePort;
  readonly #far: MessagePort;
  isTerminated = false;

  constructor(serve: (port: MessagePort) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#near = port1;
    this.#far = port2;
    serve(port2);
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    if (!this.isTerminated) this.#near.postMessage(message, transfer);
  }

  addEventListener(type: string, listener: (event: MessageEvent) => void): void {
    // Nothing in here fails as a script does.
    if (type === 'message') this.#near.addEventListener(type, listener);
  }

  removeEventListener(type: string, listener: (event: MessageEvent) => void): void {
    if (type === 'message') this.#near.removeEventListener(type, listener);
  }

  start(): void {
    this.#near.start();
  }

  terminate(): void {
    this.isTerminated = true;
    this.#near.close();
    this.#far.close();
  }

  /** The same object as what the page takes for a worker. */
  asWorker(): Worker {
    return this as unknown as Worker;
  }
}
