import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BLOCK_BYTES, errorAddress, memoryBytes, ROWS_PER_BLOCK, type Segment } from './row-layout';

const WASM_PAGE_BYTES = 65_536;

/** Most pages of a WebAssembly memory: 4 GiB. */
const MAX_PAGES = 65_536;

/** What a block keeps beside the rows themselves: for each row its number, its time and its picture's span. */
const BESIDE_BYTES = ROWS_PER_BLOCK * (4 + 4 + 16);

/** The memory of all rows that are searched, rounded, and the file that has them as they are. Neither ever has more than its blocks. */
export class RowMemory {
  readonly memory: WebAssembly.Memory;
  /** Descriptor of the file, which has no name any more: it is gone with the process, however that ends. */
  readonly file: number;
  /** Blocks that there may be. */
  readonly blocks: number;
  readonly #free: number[] = [];
  #made = 0;

  /** @param bytes that all rows together may take */
  constructor(bytes: number) {
    this.blocks = Math.max(1, Math.floor(bytes / (BLOCK_BYTES + BESIDE_BYTES)));
    const pages = Math.ceil(memoryBytes(this.blocks) / WASM_PAGE_BYTES);
    this.memory = new WebAssembly.Memory({
      initial: Math.ceil(memoryBytes(0) / WASM_PAGE_BYTES),
      maximum: Math.min(pages, MAX_PAGES),
      shared: true,
    });
    this.blocks = Math.min(
      this.blocks,
      Math.floor((MAX_PAGES * WASM_PAGE_BYTES - memoryBytes(0)) / BLOCK_BYTES),
    );
    const folder = mkdtempSync(join(tmpdir(), 'framesift-search-'));
    this.file = openSync(join(folder, 'rows'), 'wx+', 0o600);
    rmSync(folder, { recursive: true });
  }

  /** Rows that there may be. */
  get rows(): number {
    return this.blocks * ROWS_PER_BLOCK;
  }

  /** Blocks in use. */
  get used(): number {
    return this.#made - this.#free.length;
  }

  /** A block that nobody uses, as one segment; null where all are in use. */
  take(): Segment | null {
    const block = this.#free.pop() ?? this.#make();
    return block === null ? null : { start: block * ROWS_PER_BLOCK, count: ROWS_PER_BLOCK };
  }

  /** Takes blocks back, by the positions of their first rows. */
  giveBack(starts: readonly number[]): void {
    for (const start of starts) this.#free.push(start / ROWS_PER_BLOCK);
  }

  /** Lengths of the rounding errors of a segment's rows. */
  errorsOf({ start, count }: Segment): Float32Array {
    return new Float32Array(this.memory.buffer, errorAddress(start), count);
  }

  close(): void {
    closeSync(this.file);
  }

  #make(): number | null {
    if (this.#made === this.blocks) return null;
    const missing = memoryBytes(this.#made + 1) - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / WASM_PAGE_BYTES));
    return this.#made++;
  }
}
