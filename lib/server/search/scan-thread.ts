import { readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { dotProducts } from '@/lib/shared/dot-products';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { property } from '@/lib/shared/errors';
import { quantiseQuery, quantiseRow } from './quantise';
import { errorAddress, ROW_BYTES, rowAddress, scaleAddress, SCRATCH_BYTES } from './row-layout';

/*
 * A thread that scans rows and reads them again as they are. Bundled into scan-thread.generated.ts (`npm run kernel:generate`):
 * a Next build leaves no file of its own that a thread could begin with.
 */

/** What a thread is given at its start. */
export interface ThreadData {
  /** Compiled scan-kernel.wat. */
  kernel: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Which part of the scratch space is its own. */
  thread: number;
  /** Descriptor of the file of rows. */
  file: number;
}

/** What a thread may be asked. */
export type ThreadTask =
  /** Keeps rows, row-major, at these positions, in memory and in the file. */
  | { kind: 'store'; rows: Float32Array<ArrayBuffer>; positions: Int32Array; mean: Float32Array }
  /**
   * Scores rows roughly. `segments` has the start and the count of each segment and the number of its clip. For question q the
   * scores go to `scores` from `starts[q]` on.
   */
  | {
      kind: 'scan';
      queries: Float32Array[];
      mean: Float32Array;
      segments: Int32Array;
      clips: number;
      scores: Float32Array<SharedArrayBuffer>;
      starts: number[];
    }
  /** Scores the rows at these positions exactly. */
  | { kind: 'score'; queries: Float32Array; positions: Int32Array }
  /** Reads the rows at these positions. */
  | { kind: 'read'; positions: Int32Array };

/** What it answers. */
export interface ThreadResults {
  store: null;
  /** [question, clip]: what the best frame of each clip scores at least, and at most. */
  scan: { lowest: Float32Array<ArrayBuffer>; highest: Float32Array<ArrayBuffer> };
  /** Row-major [rows, questions]. */
  score: Float32Array<ArrayBuffer>;
  /** Row-major [rows, 512]. */
  read: Float32Array<ArrayBuffer>;
}

/** A message of a thread: what a task came to. */
export type ThreadAnswer =
  | { id: number; result: ThreadResults[keyof ThreadResults] }
  | { id: number; failure: { message: string; code: unknown } };

const { kernel, memory, thread, file } = workerData as ThreadData;
const { scan } = new WebAssembly.Instance(kernel, { search: { memory } }).exports as {
  scan: (
    rows: number,
    count: number,
    query: number,
    scales: number,
    factor: number,
    offset: number,
    scores: number,
  ) => void;
};

const queryAddress = thread * SCRATCH_BYTES;
const scoresAddress = queryAddress + 2 * EMBEDDING_DIMENSION;

/** Rows that are read at a time: they stay in the processor's cache until they are scored. */
const READ_ROWS = 128;

function storeRows({ rows, positions, mean }: Extract<ThreadTask, { kind: 'store' }>): null {
  const view = new DataView(memory.buffer);
  positions.forEach((position, i) => {
    const row = rows.subarray(i * EMBEDDING_DIMENSION, (i + 1) * EMBEDDING_DIMENSION);
    const rounded = new Int8Array(memory.buffer, rowAddress(position), EMBEDDING_DIMENSION);
    const { scale, error } = quantiseRow(row, mean, rounded);
    view.setFloat32(scaleAddress(position), scale, true);
    view.setFloat32(errorAddress(position), error, true);
  });
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  forEachRun(positions, positions.length, (first, count) => {
    let written = first * ROW_BYTES;
    const end = (first + count) * ROW_BYTES;
    const shift = positions[first]! * ROW_BYTES - first * ROW_BYTES;
    while (written < end) written += writeSync(file, bytes, written, end - written, written + shift);
  });
  return null;
}

function scanRows({
  queries,
  mean,
  segments,
  clips,
  scores,
  starts,
}: Extract<ThreadTask, { kind: 'scan' }>): ThreadResults['scan'] {
  const lowest = new Float32Array(queries.length * clips).fill(-Infinity);
  const highest = new Float32Array(queries.length * clips).fill(-Infinity);
  queries.forEach((query, q) => {
    const { numbers, factor, offset, slack } = quantiseQuery(query, mean);
    new Int16Array(memory.buffer, queryAddress, EMBEDDING_DIMENSION).set(numbers);
    let at = starts[q]!;
    for (let i = 0; i < segments.length; i += 3) {
      const start = segments[i]!;
      const count = segments[i + 1]!;
      const clip = q * clips + segments[i + 2]!;
      scan(rowAddress(start), count, queryAddress, scaleAddress(start), factor, offset, scoresAddress);
      const scored = new Float32Array(memory.buffer, scoresAddress, count);
      const errors = new Float32Array(memory.buffer, errorAddress(start), count);
      let low = -Infinity;
      let high = -Infinity;
      for (let row = 0; row < count; row += 1) {
        const score = scored[row]!;
        const error = errors[row]!;
        if (score - error > low) low = score - error;
        if (score + error > high) high = score + error;
      }
      lowest[clip] = Math.max(lowest[clip]!, low - slack);
      highest[clip] = Math.max(highest[clip]!, high + slack);
      scores.set(scored, at);
      at += count;
    }
  });
  return { lowest, highest };
}

function scoreRows({ queries, positions }: Extract<ThreadTask, { kind: 'score' }>): ThreadResults['score'] {
  const count = queries.length / EMBEDDING_DIMENSION;
  const products = new Float32Array(positions.length * count);
  const rows = new Float32Array(READ_ROWS * EMBEDDING_DIMENSION);
  for (let first = 0; first < positions.length; first += READ_ROWS) {
    const part = positions.subarray(first, first + READ_ROWS);
    const read = rows.subarray(0, part.length * EMBEDDING_DIMENSION);
    readRows(part, read);
    products.set(dotProducts(read, queries, EMBEDDING_DIMENSION), first * count);
  }
  return products;
}

function readRows(positions: Int32Array, rows: Float32Array<ArrayBuffer>): void {
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  forEachRun(positions, READ_ROWS, (first, count) => {
    const length = count * ROW_BYTES;
    const read = readSync(file, bytes, first * ROW_BYTES, length, positions[first]! * ROW_BYTES);
    if (read !== length) throw new Error('The file of the search is shorter than what was written to it.');
  });
}

/** Calls back for each run of at most `most` positions that follow one another. */
function forEachRun(positions: Int32Array, most: number, work: (first: number, count: number) => void): void {
  for (let first = 0; first < positions.length;) {
    let count = 1;
    while (count < most && positions[first + count] === positions[first]! + count) count += 1;
    work(first, count);
    first += count;
  }
}

function perform(task: ThreadTask): ThreadResults[keyof ThreadResults] {
  switch (task.kind) {
    case 'store':
      return storeRows(task);
    case 'scan':
      return scanRows(task);
    case 'score':
      return scoreRows(task);
    case 'read': {
      const rows = new Float32Array(task.positions.length * EMBEDDING_DIMENSION);
      readRows(task.positions, rows);
      return rows;
    }
  }
}

parentPort!.on('message', ({ id, task }: { id: number; task: ThreadTask }) => {
  const answer = (message: ThreadAnswer, transfer: ArrayBuffer[] = []) =>
    parentPort!.postMessage(message, transfer);
  try {
    const result = perform(task);
    answer({ id, result }, result instanceof Float32Array ? [result.buffer] : []);
  } catch (error) {
    // An error that is sent loses its code.
    answer({ id, failure: { message: String(error), code: property(error, 'code') } });
  }
});
