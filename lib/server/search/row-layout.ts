import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';

/*
 * Where rows lie in the memory that all threads of the search share. It is handed out in blocks; a block has the rows, the
 * scale of each and the length of each one's error. A row's position is the number of its block times the rows of a block, and
 * its place in there; in the file the row itself, as float32, lies at the same position.
 */

/** Rows of a block: half a megabyte, the least that a library takes. */
export const ROWS_PER_BLOCK = 1024;

/** Bytes that each thread has for itself at the beginning: questions, and scores of a block. */
export const SCRATCH_BYTES = 32 * 1024;

/** Most threads. */
export const MAX_THREADS = 4;

export const ROW_BYTES = 4 * EMBEDDING_DIMENSION;

/** A row, its scale, its error. */
export const BLOCK_BYTES = ROWS_PER_BLOCK * (EMBEDDING_DIMENSION + 4 + 4);

const BLOCKS_AT = MAX_THREADS * SCRATCH_BYTES;
const SCALES_AT = ROWS_PER_BLOCK * EMBEDDING_DIMENSION;
const ERRORS_AT = SCALES_AT + 4 * ROWS_PER_BLOCK;

/** Rows one behind the other, in one block. */
export interface Segment {
  /** Position of the first. */
  start: number;
  count: number;
}

/** Bytes of the memory that so many blocks take. */
export function memoryBytes(blocks: number): number {
  return BLOCKS_AT + blocks * BLOCK_BYTES;
}

/** Address of a row's numbers. */
export function rowAddress(position: number): number {
  return blockAddress(position) + (position % ROWS_PER_BLOCK) * EMBEDDING_DIMENSION;
}

/** Address of a row's scale. */
export function scaleAddress(position: number): number {
  return blockAddress(position) + SCALES_AT + 4 * (position % ROWS_PER_BLOCK);
}

/** Address of a row's error. */
export function errorAddress(position: number): number {
  return blockAddress(position) + ERRORS_AT + 4 * (position % ROWS_PER_BLOCK);
}

function blockAddress(position: number): number {
  return BLOCKS_AT + Math.floor(position / ROWS_PER_BLOCK) * BLOCK_BYTES;
}
