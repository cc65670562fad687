import { assertClipId } from './clip-id';
import { EMBEDDING_DIMENSION } from './embedding-dimension';
import { dotAt } from './vectors';

/*
 * [Note: Packed embeddings] Beside the truth, which is text in `frame_embeddings`, the embeddings of each set lie as numbers
 * in a private file, so that a search reads them without PostgreSQL. Losing the file loses time alone. A header says
 * of which revision of the set it is, and how many rows count; rows follow in the order that they were written in, so
 * that storing a batch appends, and a later row of a frame takes the place of an earlier one. The header is written
 * last: a file that was cut off while it was written has the revision of before, and is made anew.
 *
 * A header that is right may stand before rows that are not, where a disk or a browser has lost what it took: so a row
 * counts only if it is of unit length, which takes 40 ms for 100,000 rows.
 *
 * A row has the frame's index and times beside its embedding: in a second file they would cost one more to open for each
 * clip.
 */

/** The embeddings of one clip and one model, in frame order, ready for scoring. */
export interface PackedEmbeddings {
  frameIndexes: Int32Array<ArrayBuffer>;
  /** Time of each frame from the start of the clip; UNKNOWN_TIME for an embedding whose frame has no row. */
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Start and end of each frame's picture in clip time, two numbers a frame; NaN where nobody knows. */
  spansMs: Float64Array<ArrayBuffer>;
  /** `frameIndexes.length` rows of 512. */
  embeddings: Float32Array<ArrayBuffer>;
}

/** What the beginning of a file says of it. */
export interface EmbeddingFileHeader {
  /** Of the set; 0 while the file is being made. */
  revision: number;
  /** Rows that count; what lies behind them was cut off. */
  rows: number;
  /** Another in each file that was made anew: within one, rows are only appended. */
  epoch: number;
}

/** Length of a header; rows follow. */
export const HEADER_BYTES = 64;
const VECTOR_BYTES = EMBEDDING_DIMENSION * 4;
/** Length of a row: the embedding, frame index and time (int32), start and end of the picture (float64), eight bytes to spare. */
export const ROW_BYTES = VECTOR_BYTES + 32;
const MAGIC = 0x31455346; // "FSE1", little-endian.

/** `vectors/<clip>/<model version>.<state>.f32` */
export function embeddingPath(
  clipId: string,
  modelVersion: string,
  state: 'current' | 'replacement',
): string {
  assertClipId(clipId);
  return `vectors/${clipId}/${encodeURIComponent(modelVersion)}.${state}.f32`;
}

/** The header of a file's first bytes; null where they are none. */
export function readHeader(bytes: Uint8Array<ArrayBuffer>): EmbeddingFileHeader | null {
  if (bytes.byteLength < HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== ROW_BYTES) return null;
  return {
    revision: view.getFloat64(8, true),
    rows: view.getUint32(16, true),
    epoch: view.getUint32(20, true),
  };
}

/** A header as it lies in the file. */
export function headerBytes({ revision, rows, epoch }: EmbeddingFileHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, ROW_BYTES, true);
  view.setFloat64(8, revision, true);
  view.setUint32(16, rows, true);
  view.setUint32(20, epoch, true);
  return bytes;
}

/** Rows as they lie in the file. */
export function rowBytes({
  frameIndexes,
  timestampsMs,
  spansMs,
  embeddings,
}: PackedEmbeddings): Uint8Array<ArrayBuffer> {
  const rows = frameIndexes.length;
  const bytes = new Uint8Array(rows * ROW_BYTES);
  const floats = new Float32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < rows; row += 1) {
    const start = row * EMBEDDING_DIMENSION;
    floats.set(embeddings.subarray(start, start + EMBEDDING_DIMENSION), (row * ROW_BYTES) / 4);
    const at = row * ROW_BYTES + VECTOR_BYTES;
    view.setInt32(at, frameIndexes[row]!, true);
    view.setInt32(at + 4, timestampsMs[row]!, true);
    view.setFloat64(at + 8, spansMs[2 * row]!, true);
    view.setFloat64(at + 16, spansMs[2 * row + 1]!, true);
  }
  return bytes;
}

/** How far the squared length of a row may be from 1: twice what rows of a shared library may be off. */
const SQUARED_LENGTH_TOLERANCE = 4e-4;

/** Puts rows of a file into `into`, from row `at` on. False where one of them is not of unit length. */
function unpackRows(bytes: Uint8Array<ArrayBuffer>, into: PackedEmbeddings, at: number): boolean {
  const rows = Math.floor(bytes.byteLength / ROW_BYTES);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, (rows * ROW_BYTES) / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let row = 0; row < rows; row += 1) {
    const start = (row * ROW_BYTES) / 4;
    const target = (at + row) * EMBEDDING_DIMENSION;
    into.embeddings.set(floats.subarray(start, start + EMBEDDING_DIMENSION), target);
    // False of NaN too.
    const squares = dotAt(into.embeddings, target, into.embeddings, target, EMBEDDING_DIMENSION);
    if (!(Math.abs(squares - 1) <= SQUARED_LENGTH_TOLERANCE)) return false;
    const facts = row * ROW_BYTES + VECTOR_BYTES;
    into.frameIndexes[at + row] = view.getInt32(facts, true);
    into.timestampsMs[at + row] = view.getInt32(facts + 4, true);
    into.spansMs[2 * (at + row)] = view.getFloat64(facts + 8, true);
    into.spansMs[2 * (at + row) + 1] = view.getFloat64(facts + 16, true);
  }
  return true;
}

/** What of a file is known already. */
export interface KnownRows {
  epoch: number;
  fileRows: number;
}

/** Rows of a file, in frame order and each frame once. */
export interface EmbeddingRows extends KnownRows {
  revision: number;
  /** These are the rows behind those that are known, not all. */
  isTail: boolean;
  packed: PackedEmbeddings;
}

/** Bytes read at a time: about 2,000 rows. */
const READ_ROWS = 2_000;

/**
 * Reads a set's embeddings from its file.
 *
 * @param read gives bytes of the file, fewer at its end
 * @param known leaves out rows that are known, where the file is still the same one
 * @param allocate makes room for so many rows
 * @returns null where the file is none, of no revision, too short, or has a row that is not of unit length
 */
export async function readEmbeddingRows(
  read: (start: number, bytes: number) => Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>,
  known: KnownRows | null,
  allocate: (rows: number) => PackedEmbeddings,
  onRows?: (rows: number) => void,
): Promise<EmbeddingRows | null> {
  const header = readHeader(await read(0, HEADER_BYTES));
  if (!header || header.revision === 0) return null;
  const isTail = known !== null && known.epoch === header.epoch && known.fileRows <= header.rows;
  const first = isTail ? known.fileRows : 0;
  const rows = header.rows - first;
  const packed = allocate(rows);
  for (let at = 0; at < rows; at += READ_ROWS) {
    const count = Math.min(READ_ROWS, rows - at);
    const bytes = await read(HEADER_BYTES + (first + at) * ROW_BYTES, count * ROW_BYTES);
    if (bytes.byteLength < count * ROW_BYTES) return null;
    if (!unpackRows(bytes, packed, at)) return null;
    onRows?.(count);
  }
  const { revision, epoch } = header;
  return { revision, epoch, fileRows: header.rows, isTail, packed: inFrameOrder(packed) };
}

/** The same rows in frame order; of a frame that was written twice the later row. */
function inFrameOrder(packed: PackedEmbeddings): PackedEmbeddings {
  const { frameIndexes, timestampsMs, spansMs, embeddings } = packed;
  if (frameIndexes.every((frameIndex, row) => row === 0 || frameIndex > frameIndexes[row - 1]!))
    return packed;
  const rowOf = new Map<number, number>();
  frameIndexes.forEach((frameIndex, row) => rowOf.set(frameIndex, row));
  const rows = [...rowOf].sort(([a], [b]) => a - b).map(([, row]) => row);
  const sorted: PackedEmbeddings = {
    frameIndexes: Int32Array.from(rows, (row) => frameIndexes[row]!),
    timestampsMs: Int32Array.from(rows, (row) => timestampsMs[row]!),
    spansMs: Float64Array.from(rows.flatMap((row) => [spansMs[2 * row]!, spansMs[2 * row + 1]!])),
    embeddings: new Float32Array(rows.length * EMBEDDING_DIMENSION),
  };
  rows.forEach((row, at) => {
    const start = row * EMBEDDING_DIMENSION;
    sorted.embeddings.set(embeddings.subarray(start, start + EMBEDDING_DIMENSION), at * EMBEDDING_DIMENSION);
  });
  return sorted;
}
