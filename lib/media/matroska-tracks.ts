import type { ReadBytes } from './mp4-boxes';

/*
 * What a Matroska file says of its tracks (RFC 9559, 5.1.4), read beside mediabunny: 1.61.0 drops tracks that are
 * compressed with anything but header stripping (matroska-demuxer.ts, "unsupported content encoding") and keeps a
 * codec's private data to itself.
 */

/** How the packets of a track are packed (RFC 9559, 5.1.4.1.31). */
export type TrackPacking = 'zlib' | 'bzip2' | 'lzo' | 'header-stripping' | 'encryption' | 'unknown';

export interface MatroskaTrack {
  number: number;
  isVideo: boolean;
  codecId: string;
  /** Empty where there is none. */
  codecPrivate: Uint8Array;
  /** In the order in which they were applied. */
  packings: TrackPacking[];
  /** Where the element that says so lies in the file, its head included; null where there is none. */
  packingAt: { offset: number; length: number } | null;
}

const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const CONTENT_ENCODINGS = 0x6d80;
const CONTENT_ENCODING = 0x6240;
const CONTENT_COMPRESSION = 0x5034;
const CONTENT_COMPRESSION_ALGORITHM = 0x4254;
const CONTENT_ENCRYPTION = 0x5035;
const VIDEO = 1;

const ALGORITHMS: readonly TrackPacking[] = ['zlib', 'bzip2', 'lzo', 'header-stripping'];

/** More elements than any file has before its tracks. */
const MAX_ELEMENTS = 10_000;
const MAX_TRACKS_BYTES = 16 * 1024 * 1024;

/** The tracks of a Matroska or WebM file in its order; empty where they cannot be found. */
export async function listMatroskaTracks(read: ReadBytes, fileBytes: number): Promise<MatroskaTrack[]> {
  let offset = 0;
  for (let count = 0; offset < fileBytes && count < MAX_ELEMENTS; count += 1) {
    const head = readHead(await read(offset, 16), 0);
    if (!head) return [];
    // A segment is gone into, all other elements are stepped over.
    if (head.id === SEGMENT) offset += head.headLength;
    else if (head.id === TRACKS) {
      const start = offset + head.headLength;
      const bytes = await read(start, Math.min(head.size ?? MAX_TRACKS_BYTES, MAX_TRACKS_BYTES));
      return readTracks(bytes, start);
    } else if (head.size === null) return [];
    else offset += head.headLength + head.size;
  }
  return [];
}

interface Element {
  id: number;
  headLength: number;
  /** Null for an unknown size. */
  size: number | null;
}

function readHead(bytes: Uint8Array, at: number): Element | null {
  const idLength = Math.clz32(bytes[at] ?? 0) - 23;
  if (idLength > 4 || at + idLength >= bytes.length) return null;
  let id = 0;
  for (let i = 0; i < idLength; i += 1) id = id * 256 + bytes[at + i]!;
  const first = bytes[at + idLength]!;
  const sizeLength = Math.clz32(first) - 23;
  if (sizeLength > 8 || at + idLength + sizeLength > bytes.length) return null;
  let size = first & (0xff >> sizeLength);
  let isUnknown = size === 0xff >> sizeLength;
  for (let i = 1; i < sizeLength; i += 1) {
    const byte = bytes[at + idLength + i]!;
    isUnknown &&= byte === 0xff;
    size = size * 256 + byte;
  }
  return { id, headLength: idLength + sizeLength, size: isUnknown ? null : size };
}

interface Child {
  id: number;
  /** Of the element's head. */
  at: number;
  /** Of its content, a view. */
  content: Uint8Array;
  contentAt: number;
}

function* childrenOf(bytes: Uint8Array): Generator<Child, void, undefined> {
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at);
    if (!head) return;
    const contentAt = at + head.headLength;
    const end = head.size === null ? bytes.length : contentAt + head.size;
    yield { id: head.id, at, content: bytes.subarray(contentAt, end), contentAt };
    at = end;
  }
}

function readTracks(bytes: Uint8Array, offset: number): MatroskaTrack[] {
  const tracks: MatroskaTrack[] = [];
  for (const { id, content, contentAt } of childrenOf(bytes)) {
    if (id === TRACK_ENTRY) tracks.push(readTrack(content, offset + contentAt));
  }
  return tracks;
}

function readTrack(entry: Uint8Array, offset: number): MatroskaTrack {
  const track: MatroskaTrack = {
    number: 0,
    isVideo: false,
    codecId: '',
    codecPrivate: new Uint8Array(0),
    packings: [],
    packingAt: null,
  };
  for (const { id, at, content, contentAt } of childrenOf(entry)) {
    if (id === TRACK_NUMBER) track.number = readUnsigned(content);
    else if (id === TRACK_TYPE) track.isVideo = readUnsigned(content) === VIDEO;
    else if (id === CODEC_ID) track.codecId = String.fromCharCode(...content).replace(/\0+$/, '');
    else if (id === CODEC_PRIVATE) track.codecPrivate = content;
    else if (id === CONTENT_ENCODINGS) {
      track.packings = readPackings(content);
      track.packingAt = { offset: offset + at, length: contentAt - at + content.length };
    }
  }
  return track;
}

function readPackings(encodings: Uint8Array): TrackPacking[] {
  const packings: TrackPacking[] = [];
  for (const { id, content } of childrenOf(encodings)) {
    if (id === CONTENT_ENCODING) packings.push(readPacking(content));
  }
  return packings;
}

function readPacking(encoding: Uint8Array): TrackPacking {
  for (const { id, content } of childrenOf(encoding)) {
    if (id === CONTENT_ENCRYPTION) return 'encryption';
    if (id !== CONTENT_COMPRESSION) continue;
    // Zlib is the algorithm of an element that names none.
    const algorithm = Array.from(childrenOf(content)).find((one) => one.id === CONTENT_COMPRESSION_ALGORITHM);
    return ALGORITHMS[algorithm ? readUnsigned(algorithm.content) : 0] ?? 'unknown';
  }
  return 'unknown';
}

function readUnsigned(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** Where a BITMAPINFOHEADER, the private data of `V_MS/VFW/FOURCC`, has its codec's four characters. */
const FOURCC_AT = 16;

/** The four characters of a track's Video for Windows codec; null for other tracks. */
export function fourCcOf({ codecId, codecPrivate }: MatroskaTrack): string | null {
  if (codecId !== 'V_MS/VFW/FOURCC' || codecPrivate.length < FOURCC_AT + 4) return null;
  return String.fromCharCode(...codecPrivate.subarray(FOURCC_AT, FOURCC_AT + 4));
}
