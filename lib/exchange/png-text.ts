import { FramesiftError } from '@/lib/shared/errors';

/*
 * Text in PNG files: iTXt chunks (PNG, third edition, 11.3.3.4). A chunk is its length, four letters, its data and a
 * CRC-32 of letters and data.
 */

/** The chunk that a contact sheet has its manifest in. */
export const MANIFEST_KEYWORD = 'framesift';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const CHUNK_FRAME_BYTES = 12;

/** Chunks looked at before the pictures begin; encoders write a handful. */
const MAX_CHUNKS_BEFORE_PIXELS = 64;

/** A selection of the most frames that fit takes a tenth of this. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (ISO 3309) of the bytes. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** True for a file that begins like a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** The PNG with a text in an iTXt chunk right behind its header. */
export function withPngText(
  png: Uint8Array<ArrayBuffer>,
  keyword: string,
  text: string,
): Uint8Array<ArrayBuffer> {
  if (!isPng(png)) throw new FramesiftError('internal', 'This is no PNG file.');
  if (!/^[\x21-\x7e]{1,79}$/.test(keyword)) throw new RangeError('A keyword is 1 to 79 printable letters.');
  // Keyword, its end, "not compressed", method 0, no language, no translated keyword; then the text.
  const head = new TextEncoder().encode(`${keyword}\0\0\0\0\0`);
  const body = new TextEncoder().encode(text);
  const data = new Uint8Array(head.length + body.length);
  data.set(head);
  data.set(body, head.length);
  const chunk = pngChunk('iTXt', data);
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const afterHeader = SIGNATURE.length + CHUNK_FRAME_BYTES + view.getUint32(SIGNATURE.length);
  const result = new Uint8Array(png.length + chunk.length);
  result.set(png.subarray(0, afterHeader));
  result.set(chunk, afterHeader);
  result.set(png.subarray(afterHeader), afterHeader + chunk.length);
  return result;
}

function pngChunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunk = new Uint8Array(data.length + CHUNK_FRAME_BYTES);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(data.length + 8, crc32(chunk.subarray(4, data.length + 8)));
  return chunk;
}

/**
 * The text of a PNG's iTXt chunk of this keyword, looked for before the pixels; null when there is none, or the file
 * is no PNG. Reads what it needs and not the pixels.
 *
 * @throws FramesiftError `bad-input` when the chunk is there and damaged
 */
export async function readPngText(file: Blob, keyword: string): Promise<string | null> {
  const bytesAt = async (start: number, length: number) =>
    new Uint8Array(await file.slice(start, start + length).arrayBuffer());
  if (!isPng(await bytesAt(0, SIGNATURE.length))) return null;
  let position = SIGNATURE.length;
  for (let count = 0; count < MAX_CHUNKS_BEFORE_PIXELS; count += 1) {
    const head = await bytesAt(position, 8);
    if (head.length < 8) return null;
    const length = new DataView(head.buffer).getUint32(0);
    const type = String.fromCharCode(...head.subarray(4));
    if (type === 'IDAT' || type === 'IEND') return null;
    if (type === 'iTXt' && length <= MAX_TEXT_BYTES) {
      const chunk = await bytesAt(position + 4, length + 8);
      const text = readText(chunk, length, keyword);
      if (text !== null) return text;
    }
    position += length + CHUNK_FRAME_BYTES;
  }
  return null;
}

/** @param chunk type, data and CRC */
function readText(chunk: Uint8Array, length: number, keyword: string): string | null {
  const data = chunk.subarray(4, 4 + length);
  const wanted = new TextEncoder().encode(`${keyword}\0`);
  if (!wanted.every((byte, i) => data[i] === byte)) return null;
  const damaged = new FramesiftError(
    'bad-input',
    'The selection in this contact sheet is damaged. Use another copy of the picture.',
  );
  const crc = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk.length < length + 8 || crc.getUint32(4 + length) !== crc32(chunk.subarray(0, 4 + length))) {
    throw damaged;
  }
  const isCompressed = data[wanted.length] !== 0;
  const languageEnd = data.indexOf(0, wanted.length + 2);
  const textStart = languageEnd === -1 ? 0 : data.indexOf(0, languageEnd + 1) + 1;
  if (isCompressed || textStart === 0) throw damaged;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data.subarray(textStart));
  } catch {
    throw damaged;
  }
}
