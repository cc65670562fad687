import type { EditedFile } from '@/lib/files/file-tree';
import {
  HEADER_BYTES,
  headerBytes,
  readHeader,
  ROW_BYTES,
  rowBytes,
  type EmbeddingFileHeader,
  type PackedEmbeddings,
} from '@/lib/shared/packed-layout';

// Writing of packed embeddings, see [Note: Packed embeddings] in lib/shared/packed-layout.ts.

/**
 * Appends rows to a file that is right as of revision `before`, and makes it right as of `after`.
 *
 * @param before null where the set had no embeddings: the file is made
 * @param maxRows more are refused: a file that frames were written to again and again is made anew
 * @returns false where the file is of another revision; it stays as it is, and is made anew when it is needed
 */
export function appendRows(
  file: EditedFile,
  packed: PackedEmbeddings,
  before: number | null,
  after: number,
  maxRows = Infinity,
): boolean {
  const header = before === null ? beginFile(file) : headerOf(file);
  if (!header || (before !== null && header.revision !== before)) return false;
  if (header.rows + packed.frameIndexes.length > maxRows) return false;
  writeWhole(file, rowBytes(packed), HEADER_BYTES + header.rows * ROW_BYTES);
  const rows = header.rows + packed.frameIndexes.length;
  writeWhole(file, headerBytes({ ...header, rows, revision: after }), 0);
  return true;
}

/** Empties a file and begins it anew; it is of no revision until `finishFile`. */
export function beginFile(file: EditedFile): EmbeddingFileHeader {
  file.truncate(0);
  const header = { revision: 0, rows: 0, epoch: crypto.getRandomValues(new Uint32Array(1))[0]! };
  writeWhole(file, headerBytes(header), 0);
  return header;
}

/** Says that a file is right as of `revision`. */
export function finishFile(file: EditedFile, revision: number): void {
  const header = headerOf(file);
  if (header) writeWhole(file, headerBytes({ ...header, revision }), 0);
}

function headerOf(file: EditedFile): EmbeddingFileHeader | null {
  const bytes = new Uint8Array(HEADER_BYTES);
  const header = file.read(bytes, { at: 0 }) === HEADER_BYTES ? readHeader(bytes) : null;
  return header && file.getSize() >= HEADER_BYTES + header.rows * ROW_BYTES ? header : null;
}

function writeWhole(file: EditedFile, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  // A full disk shows as a short write in some browsers, as an exception in others.
  if (file.write(bytes, { at }) !== bytes.length) {
    throw new DOMException('The file was cut short.', 'QuotaExceededError');
  }
}
