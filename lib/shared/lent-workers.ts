/**
 * [Note: Workers are made by the page]
 *
 * A worker that makes workers of its own can stand still for ever in `new Worker`. Firefox does so while anything
 * watches workers (its developer tools, or a program that drives it): the thread that made the worker and the worker
 * itself then wait on one condition variable, which is notified once, and where the worker is the one that wakes up, its
 * maker never does (`WorkerPrivate::WaitForIsDebuggerRegistered`). Of fresh starts with four threads every tenth hung.
 * The page never waits there, so it makes the threads of onnxruntime too, and lends them: the borrower has an object
 * that looks like the worker, and the page passes on what each says to the other.
 */

interface LoanRequest {
  script: string;
  name: string;
  port: MessagePort;
}

type FromPage = { message: unknown } | { failure: string };
type FromBorrower = { message: unknown } | { end: true };

/**
 * Makes a worker for each request that comes through `port`.
 *
 * @param make runs a module script under a name
 * @returns ends all workers that were lent
 */
export function lendWorkers(port: MessagePort, make: (script: string, name: string) => Worker): () => void {
  const loans = new Set<{ worker: Worker; line: MessagePort }>();
  port.onmessage = ({ data }: MessageEvent<LoanRequest>) => {
    const { script, name, port: line } = data;
    const loan = { worker: make(script, name), line };
    const { worker } = loan;
    const tell = (words: FromPage) => line.postMessage(words);
    loans.add(loan);
    worker.addEventListener('message', (event: MessageEvent<unknown>) => tell({ message: event.data }));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      tell({ failure: event.message || 'The script of a thread could not be run.' });
    });
    line.onmessage = (event: MessageEvent<FromBorrower>) => {
      if ('end' in event.data) {
        loans.delete(loan);
        endLoan(loan);
      } else worker.postMessage(event.data.message);
    };
  };
  return () => {
    port.close();
    loans.forEach(endLoan);
    loans.clear();
  };
}

function endLoan({ worker, line }: { worker: Worker; line: MessagePort }): void {
  worker.terminate();
  line.close();
}

let words = 0;

/** How much has been said to and by borrowed workers in this thread: it grows for as long as they are being started. */
export function borrowedWords(): number {
  return words;
}

/** What of a Worker a runtime's threads are used through. */
type BorrowedWorker = Pick<Worker, 'onmessage' | 'onerror' | 'postMessage' | 'terminate'>;

/** A stand-in for `Worker` whose workers are made at the other side of `port`. Nothing is transferred to them. */
export function borrowWorkers(
  port: MessagePort,
): new (script: string | URL, options?: WorkerOptions) => BorrowedWorker {
  return class implements BorrowedWorker {
    onmessage: Worker['onmessage'] = null;
    onerror: Worker['onerror'] = null;
    readonly #line: MessagePort;

    constructor(script: string | URL, { name = '' }: WorkerOptions = {}) {
      const { port1, port2 } = new MessageChannel();
      this.#line = port1;
      const worker = this as unknown as Worker;
      port1.onmessage = ({ data }: MessageEvent<FromPage>) => {
        words += 1;
        if ('failure' in data) {
          this.onerror?.call(worker, new ErrorEvent('error', { message: data.failure }));
        } else this.onmessage?.call(worker, new MessageEvent('message', { data: data.message }));
      };
      const request: LoanRequest = { script: String(script), name, port: port2 };
      port.postMessage(request, [port2]);
    }

    postMessage(message: unknown): void {
      words += 1;
      this.#line.postMessage({ message } satisfies FromBorrower);
    }

    terminate(): void {
      this.#line.postMessage({ end: true } satisfies FromBorrower);
      this.#line.close();
    }
  };
}
