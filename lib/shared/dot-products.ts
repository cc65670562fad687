import { DOT_PRODUCTS_WASM } from './dot-products.generated';

/** Bytes of rows that are copied at a time: they stay in the processor's cache until they are used. */
const CHUNK_BYTES = 128 * 1024;

const ROWS_AT_ONCE = 4;
const NUMBERS_AT_ONCE = 16;
const WASM_PAGE_BYTES = 65_536;

interface Kernel {
  memory: WebAssembly.Memory;
  /** See dot-products.wat. */
  multiply: (
    rows: number,
    rowCount: number,
    queries: number,
    queryCount: number,
    rowBytes: number,
    products: number,
  ) => void;
}

let kernel: Kernel | undefined;

/**
 * Dot product of every row with every query, in single precision: 1e-6 is what it may be off for embeddings of 512.
 *
 * WebAssembly's embedding instructions, which every browser that can run the model has, do four numbers at a time and make
 * this several times as fast as a loop over doubles (`npm run bench:dot`). Rows pass through a memory of its own in
 * small pieces, so they may lie anywhere.
 *
 * @param rows row-major [rows, dimension]
 * @param queries row-major [queries, dimension]
 * @returns row-major [rows, queries]
 * @throws RangeError when one of them is no whole rows
 */
export function dotProducts(
  rows: Float32Array,
  queries: Float32Array,
  dimension: number,
): Float32Array<ArrayBuffer> {
  const rowCount = wholeRows(rows, dimension);
  const queryCount = wholeRows(queries, dimension);
  const products = new Float32Array(rowCount * queryCount);
  if (products.length === 0) return products;
  const { memory, multiply } = (kernel ??= instantiate());

  const stride = Math.ceil(dimension / NUMBERS_AT_ONCE) * NUMBERS_AT_ONCE;
  const rowBytes = stride * Float32Array.BYTES_PER_ELEMENT;
  const chunkRows = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes / ROWS_AT_ONCE)) * ROWS_AT_ONCE;
  const queriesAt = chunkRows * rowBytes;
  const productsAt = queriesAt + queryCount * rowBytes;
  grow(memory, productsAt + chunkRows * queryCount * Float32Array.BYTES_PER_ELEMENT);
  const numbers = new Float32Array(memory.buffer);

  copyRows(queries, 0, queryCount, dimension, numbers, queriesAt / Float32Array.BYTES_PER_ELEMENT, stride);
  const productsFrom = productsAt / Float32Array.BYTES_PER_ELEMENT;
  for (let first = 0; first < rowCount; first += chunkRows) {
    const count = Math.min(chunkRows, rowCount - first);
    copyRows(rows, first, count, dimension, numbers, 0, stride);
    // Rows that make the last four up hold what was there before; their products are not read.
    multiply(0, Math.ceil(count / ROWS_AT_ONCE) * ROWS_AT_ONCE, queriesAt, queryCount, rowBytes, productsAt);
    products.set(numbers.subarray(productsFrom, productsFrom + count * queryCount), first * queryCount);
  }
  return products;
}

function wholeRows(matrix: Float32Array, dimension: number): number {
  const rows = matrix.length / dimension;
  if (!Number.isInteger(rows)) {
    throw new RangeError(`${matrix.length} numbers are no whole rows of ${dimension}.`);
  }
  return rows;
}

/** Copies rows to where each begins `stride` numbers after the one before, with zeros between. */
function copyRows(
  from: Float32Array,
  first: number,
  count: number,
  dimension: number,
  to: Float32Array,
  at: number,
  stride: number,
): void {
  if (stride === dimension) {
    to.set(from.subarray(first * dimension, (first + count) * dimension), at);
    return;
  }
  for (let row = 0; row < count; row += 1) {
    const start = at + row * stride;
    to.set(from.subarray((first + row) * dimension, (first + row + 1) * dimension), start);
    to.fill(0, start + dimension, start + stride);
  }
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
}

function instantiate(): Kernel {
  const bytes = Uint8Array.from(atob(DOT_PRODUCTS_WASM), (character) => character.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernel;
}
