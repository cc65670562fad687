import { ByteWindow, latin1, viewOf } from './demux/byte-window';

/**
 * What a file is, told from its content alone: names and media types come from whoever saved it. Files that are none
 * of these may be clips, and `openClip` says what they are otherwise.
 */
export type PictureKind =
  /** One picture, which can be searched with. */
  | { kind: 'picture'; name: string }
  /** Pictures with durations, which is a clip. `mediaType` is the decoder's word for it. */
  | { kind: 'animation'; name: string; mediaType: string }
  /** Written for people or programs to read. */
  | { kind: 'text'; name: string };

const HEAD_BYTES = 4096;

/** Still pictures by their first bytes. */
const PICTURES: readonly (readonly [offset: number, bytes: string, name: string])[] = [
  [0, '\xff\xd8\xff', 'JPEG'],
  [0, 'BM', 'BMP'],
  [0, 'II*\0', 'TIFF'],
  [0, 'MM\0*', 'TIFF'],
  [0, '\0\0\x01\0', 'icon'],
  [4, 'ftypheic', 'HEIC'],
  [4, 'ftypheix', 'HEIC'],
  [4, 'ftypmif1', 'HEIF'],
  [4, 'ftypavif', 'AVIF'],
];

/** Tells pictures, animations and texts from other files. Null for those, and for a file that cannot be read. */
export async function tellPictureKind(file: Blob): Promise<PictureKind | null> {
  const window = new ByteWindow(file, 256 * 1024);
  try {
    const head = await window.read(0, HEAD_BYTES);
    const start = latin1(head.subarray(0, 32));
    if (start.startsWith('GIF8')) return picture('GIF', 'image/gif', await isGifAnimated(window));
    if (start.startsWith('\x89PNG\r\n')) return picture('PNG', 'image/png', await isPngAnimated(window));
    if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') {
      return picture('WebP', 'image/webp', isWebpAnimated(head));
    }
    if (start.startsWith('ftypavis', 4)) return picture('AVIF', 'image/avif', true);
    const still = PICTURES.find(([offset, bytes]) => start.startsWith(bytes, offset));
    if (still) return { kind: 'picture', name: still[2] };
    // A PDF may begin like a text; `sniffForeignFile` names it.
    const text = start.startsWith('%PDF') ? null : nameText(head);
    return text === null ? null : { kind: 'text', name: text };
  } catch {
    // Whoever opens it says why it cannot be read.
    return null;
  }
}

function picture(name: string, mediaType: string, isAnimated: boolean): PictureKind {
  return isAnimated ? { kind: 'animation', name, mediaType } : { kind: 'picture', name };
}

/** What a text is called; null for bytes that are no text. */
function nameText(head: Uint8Array): string | null {
  if (head.length === 0) return null;
  const text = decodeText(head);
  if (text === null) return null;
  const start = text.trimStart().slice(0, 200).toLowerCase();
  if (start.startsWith('#extm3u')) return 'a playlist (.m3u8)';
  if (/^<!doctype html|^<html|^<head|^<body/.test(start)) return 'a web page (HTML)';
  if (/^<\?xml|^<svg/.test(start)) return start.includes('<svg') ? 'a drawing (SVG)' : 'an XML file';
  if (/^[[{]\s*["[{\d\]}]/.test(start)) return 'a JSON file';
  return 'a text file';
}

/** Null for what is not UTF-8, or UTF-16 with its mark, or has control characters that texts have not. */
function decodeText(head: Uint8Array): string | null {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const encoding = !isUtf16 ? 'utf-8' : head[0] === 0xff ? 'utf-16le' : 'utf-16be';
  try {
    // The last character may be cut off.
    const text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** A GIF89a's blocks (sections 18 to 27) up to its second picture. */
async function isGifAnimated(window: ByteWindow): Promise<boolean> {
  const screen = await window.read(0, 13);
  let at = 13 + colourTableBytes(screen[10] ?? 0);
  for (let pictures = 0; ;) {
    const head = await window.read(at, 11);
    const type = head[0];
    if (type === 0x2c) {
      pictures += 1;
      if (pictures > 1) return true;
      at += 11 + colourTableBytes(head[9] ?? 0);
    } else if (type === 0x21) at += 2;
    else return false;
    // Data stands in blocks of up to 255 bytes, the last of none.
    for (let length = -1; length !== 0;) {
      length = (await window.read(at, 1))[0] ?? 0;
      at += 1 + length;
    }
  }
}

function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Whether an animation's chunk with more than one picture stands before the pixels (PNG, third edition, 11.3.6). */
async function isPngAnimated(window: ByteWindow): Promise<boolean> {
  for (let at = 8; at + 12 <= window.size;) {
    const head = await window.read(at, 12);
    if (head.length < 12) return false;
    const type = latin1(head.subarray(4, 8));
    if (type === 'acTL') return viewOf(head).getUint32(8) > 1;
    if (type === 'IDAT') return false;
    at += 12 + viewOf(head).getUint32(0);
  }
  return false;
}

/** The flag of the extended header (WebP container, "Extended File Format"). */
function isWebpAnimated(head: Uint8Array): boolean {
  return latin1(head.subarray(12, 16)) === 'VP8X' && (head[20]! & 2) !== 0;
}
