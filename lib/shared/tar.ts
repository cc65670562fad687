/*
 * Tar archives (POSIX ustar) that are larger than memory: written as parts of a blob, read by looking at headers alone.
 */

/** A file of an archive. */
export interface TarFile {
  /** A relative path in `a/b/c` form, of at most 100 bytes. */
  path: string;
  content: Blob;
}

const BLOCK = 512;
const NAME_BYTES = 100;
/** Sizes beyond eleven octal digits are written in base 256, as GNU tar does. */
const LARGEST_OCTAL = 8 ** 11 - 1;

/** Offsets and lengths in a header block. */
const NAME = [0, NAME_BYTES] as const;
const MODE = [100, 8] as const;
const SIZE = [124, 12] as const;
const MODIFIED = [136, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE_AT = 156;
const MAGIC_AT = 257;

/** Bytes read at a time while headers are looked for: of small files, some hundred at once. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Parts that are kept before they become a blob, which the browser may keep on disk. */
const PARTS_IN_MEMORY = 1_000;

/** An archive's files one after another. Contents are referred to, not read. */
export async function writeTar(files: AsyncIterable<TarFile>, modified: Date, type: string): Promise<Blob> {
  const done: Blob[] = [];
  let parts: BlobPart[] = [];
  for await (const { path, content } of files) {
    const rest = content.size % BLOCK;
    parts.push(header(path, content.size, modified), content, new Uint8Array(rest === 0 ? 0 : BLOCK - rest));
    if (parts.length < PARTS_IN_MEMORY) continue;
    done.push(new Blob(parts));
    parts = [];
  }
  return new Blob([...done, ...parts, new Uint8Array(2 * BLOCK)], { type });
}

/**
 * The files of an archive by path, each to be read when it is needed.
 *
 * @throws TypeError when it is cut off, damaged, or no archive
 */
export async function readTar(archive: Blob): Promise<Map<string, Blob>> {
  const files = new Map<string, Blob>();
  let window = new Uint8Array(0);
  let windowAt = 0;
  for (let at = 0; ;) {
    if (at + BLOCK > windowAt + window.length || at < windowAt) {
      windowAt = at;
      window = new Uint8Array(await archive.slice(at, at + WINDOW_BYTES).arrayBuffer());
      if (window.length < BLOCK) throw new TypeError('The archive is cut off.');
    }
    const block = window.subarray(at - windowAt, at - windowAt + BLOCK);
    if (block.every((byte) => byte === 0)) return files;
    if (checksumOf(block) !== octal(block, CHECKSUM)) throw new TypeError('The archive is damaged.');
    const size = sizeOf(block);
    const end = at + BLOCK + size;
    if (!Number.isSafeInteger(size) || end > archive.size) throw new TypeError('The archive is cut off.');
    if (block[TYPE_AT] === FILE_TYPE) files.set(text(block, NAME), archive.slice(at + BLOCK, end));
    at = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

const FILE_TYPE = '0'.charCodeAt(0);

function header(path: string, size: number, modified: Date): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length > NAME_BYTES) throw new TypeError(`${path} is too long a path for an archive.`);
  const block = new Uint8Array(BLOCK);
  block.set(name);
  putOctal(block, MODE, 0o644);
  if (size <= LARGEST_OCTAL) putOctal(block, SIZE, size);
  else {
    const view = new DataView(block.buffer);
    block[SIZE[0]] = 0x80;
    view.setBigUint64(SIZE[0] + 4, BigInt(size));
  }
  putOctal(block, MODIFIED, Math.floor(modified.getTime() / 1000));
  block[TYPE_AT] = FILE_TYPE;
  block.set(new TextEncoder().encode('ustar\u000000'), MAGIC_AT);
  putOctal(block, CHECKSUM, checksumOf(block));
  return block;
}

function sizeOf(block: Uint8Array<ArrayBuffer>): number {
  if (block[SIZE[0]] !== 0x80) return octal(block, SIZE);
  return Number(new DataView(block.buffer, block.byteOffset).getBigUint64(SIZE[0] + 4));
}

/** The sum of a header's bytes, its own field taken for spaces. */
function checksumOf(block: Uint8Array): number {
  const [start, length] = CHECKSUM;
  return block.reduce((sum, byte, i) => sum + (i >= start && i < start + length ? 0x20 : byte), 0);
}

function putOctal(block: Uint8Array, [at, length]: readonly [number, number], value: number): void {
  block.set(new TextEncoder().encode(`${value.toString(8).padStart(length - 1, '0')}\0`), at);
}

function octal(block: Uint8Array, field: readonly [number, number]): number {
  return Number.parseInt(text(block, field) || '0', 8);
}

function text(block: Uint8Array, [at, length]: readonly [number, number]): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}
