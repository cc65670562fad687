import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { withTimeout } from '@/lib/shared/async';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { MAX_THREADS, type Segment } from './row-layout';
import { SCAN_KERNEL_WASM } from './scan-kernel.generated';
import { SCAN_THREAD } from './scan-thread.generated';
import type { ThreadAnswer, ThreadData, ThreadResults, ThreadTask } from './scan-thread';
import type { RowMemory } from './row-memory';

/** How long a thread may take for a task. Two million rows take less than a second for each vector. */
const TASK_TIMEOUT_MS = 60_000;

/** What the rows of some clips score, roughly. */
export interface RoughScores {
  /** For each question a score for each row, clip by clip. */
  scores: Float32Array[];
  /** For each question, for each clip, what its best frame scores at least and at most. */
  lowest: Float32Array[];
  highest: Float32Array[];
}

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
}

/** The threads that store, scan and read rows. They start with the first task and keep no process alive. */
export class ScanThreads {
  readonly #memory: Pick<RowMemory, 'memory' | 'file'>;
  readonly #count: number;
  readonly #threads = new Map<number, Thread>();
  #lastId = 0;

  constructor(memory: Pick<RowMemory, 'memory' | 'file'>, count = availableParallelism()) {
    this.#memory = memory;
    this.#count = Math.max(1, Math.min(MAX_THREADS, count));
  }

  /** Keeps rows, row-major, at these positions. The rows are handed over. */
  async store(rows: Float32Array<ArrayBuffer>, positions: Int32Array, mean: Float32Array): Promise<void> {
    await this.#ask(this.#leastBusy(), { kind: 'store', rows, positions, mean }, [rows.buffer]);
  }

  /** Scores all rows of clips, which are given by their segments. */
  async scan(
    queries: readonly Float32Array[],
    mean: Float32Array,
    clips: readonly (readonly Segment[])[],
  ): Promise<RoughScores> {
    const rows = clips.reduce((sum, segments) => sum + rowsOf(segments), 0);
    const scores = new Float32Array(new SharedArrayBuffer(4 * rows * queries.length));
    const parts = shares(clips, this.#count, rows);
    const results = await Promise.all(
      parts.map(({ first, end, firstRow }, i) =>
        this.#ask(this.#thread(i), {
          kind: 'scan',
          queries: [...queries],
          mean,
          segments: flatten(clips.slice(first, end)),
          clips: end - first,
          scores,
          starts: queries.map((_, q) => q * rows + firstRow),
        }),
      ),
    );
    const join = (name: 'lowest' | 'highest') =>
      queries.map((_, q) => {
        const joined = new Float32Array(clips.length);
        parts.forEach(({ first, end }, i) => {
          const count = end - first;
          joined.set(results[i]![name].subarray(q * count, (q + 1) * count), first);
        });
        return joined;
      });
    return {
      scores: queries.map((_, q) => scores.subarray(q * rows, (q + 1) * rows)),
      lowest: join('lowest'),
      highest: join('highest'),
    };
  }

  /** Scores the rows at these positions as `dotProducts` does. Returns row-major [rows, questions]. */
  async score(queries: readonly Float32Array[], positions: Int32Array): Promise<Float32Array> {
    const matrix = new Float32Array(queries.length * EMBEDDING_DIMENSION);
    queries.forEach((query, i) => matrix.set(query, i * EMBEDDING_DIMENSION));
    return this.#inParts(positions, (part) => ({ kind: 'score', queries: matrix, positions: part }));
  }

  /** The rows at these positions, row-major. */
  read(positions: Int32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#inParts(positions, (part) => ({ kind: 'read', positions: part }));
  }

  /** Ends the threads. What they were asked fails. */
  async close(): Promise<void> {
    const threads = [...this.#threads.values()];
    this.#threads.clear();
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  async #inParts(
    positions: Int32Array,
    taskOf: (part: Int32Array) => Extract<ThreadTask, { kind: 'score' | 'read' }>,
  ): Promise<Float32Array<ArrayBuffer>> {
    const size = Math.max(1, Math.ceil(positions.length / this.#count));
    const parts = Array.from({ length: Math.ceil(positions.length / size) }, (_, i) =>
      positions.slice(i * size, (i + 1) * size),
    );
    const results = await Promise.all(parts.map((part, i) => this.#ask(this.#thread(i), taskOf(part))));
    const joined = new Float32Array(results.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const result of results) {
      joined.set(result, at);
      at += result.length;
    }
    return joined;
  }

  #leastBusy(): Thread {
    const threads = Array.from({ length: this.#count }, (_, i) => this.#thread(i));
    return threads.reduce((best, one) => (one.waiting.size < best.waiting.size ? one : best));
  }

  #thread(index: number): Thread {
    const known = this.#threads.get(index) ?? this.#start(index);
    this.#threads.set(index, known);
    return known;
  }

  #start(index: number): Thread {
    const { memory, file } = this.#memory;
    const workerData: ThreadData = { kernel: (kernel ??= compile()), memory, thread: index, file };
    const worker = new Worker(SCAN_THREAD, { eval: true, workerData });
    worker.unref();
    const waiting = new Map<number, Waiting>();
    const thread = { worker, waiting };
    worker.on('message', (answer: ThreadAnswer) => {
      const one = waiting.get(answer.id);
      if ('result' in answer) one?.resolve(answer.result as never);
      else one?.reject(Object.assign(new Error(answer.failure.message), { code: answer.failure.code }));
    });
    const end = (error: unknown) => {
      // The next task starts another in its place.
      if (this.#threads.get(index) === thread) this.#threads.delete(index);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    worker.on('error', end);
    worker.on('exit', () => end(new Error('A thread of the search ended.')));
    return thread;
  }

  #ask<K extends keyof ThreadResults>(
    { worker, waiting }: Thread,
    task: Extract<ThreadTask, { kind: K }>,
    transfer: ArrayBuffer[] = [],
  ): Promise<ThreadResults[K]> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<ThreadResults[K]>((resolve, reject) => {
      waiting.set(id, { resolve: resolve, reject });
      worker.postMessage({ id, task }, transfer);
    });
    return withTimeout(answer, TASK_TIMEOUT_MS, 'The search').finally(() => waiting.delete(id));
  }
}

let kernel: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  return new WebAssembly.Module(Buffer.from(SCAN_KERNEL_WASM, 'base64'));
}

function rowsOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { count }) => sum + count, 0);
}

/** Clips in about equal shares by their rows, one a thread. */
function shares(
  clips: readonly (readonly Segment[])[],
  count: number,
  rows: number,
): { first: number; end: number; firstRow: number }[] {
  const parts: { first: number; end: number; firstRow: number }[] = [];
  let row = 0;
  let first = 0;
  let firstRow = 0;
  clips.forEach((segments, i) => {
    row += rowsOf(segments);
    const isLast = i === clips.length - 1;
    if (row < (rows * (parts.length + 1)) / count && !isLast) return;
    parts.push({ first, end: i + 1, firstRow });
    first = i + 1;
    firstRow = row;
  });
  return parts;
}

/** Start, count and number of the clip of each segment. */
function flatten(clips: readonly (readonly Segment[])[]): Int32Array {
  return Int32Array.from(
    clips.flatMap((segments, clip) => segments.flatMap(({ start, count }) => [start, count, clip])),
  );
}
