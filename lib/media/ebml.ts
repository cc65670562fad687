/** Identifier of a Matroska cluster. */
export const CLUSTER_ID = 0x1f43b675;

/** Elements that a cluster holds: Timestamp, SilentTracks, Position, PrevSize, SimpleBlock, BlockGroup, EncryptedBlock, CRC-32, Void. */
export const IN_CLUSTER = new Set([0xe7, 0x5854, 0xa7, 0xab, 0xa3, 0xa0, 0xaf, 0xbf, 0xec]);

/** Elements that a segment holds: SeekHead, Info, Tracks, Chapters, Cluster, Cues, Attachments, Tags, CRC-32, Void. */
export const IN_SEGMENT = new Set([
  0x114d9b74,
  0x1549a966,
  0x1654ae6b,
  0x1043a770,
  CLUSTER_ID,
  0x1c53bb6b,
  0x1941a469,
  0x1254c367,
  0xbf,
  0xec,
]);

/** Identifier and size take no more bytes than this. */
export const MAX_HEADER_BYTES = 12;

/** The head of an EBML element (RFC 8794). Places count from the start of the bytes that it was read from. */
export interface Element {
  id: number;
  /** Null for an unknown size. */
  size: number | null;
  sizeStart: number;
  dataStart: number;
}

/** The head of the element at a place; null where none can be there. */
export function readElement(bytes: Uint8Array, at: number): Element | null {
  const id = readVint(bytes, at, 4);
  const size = id && readVint(bytes, at + id.length, 8);
  if (!id || !size) return null;
  const sizeStart = at + id.length;
  const withoutMarker = size.value - 2 ** (7 * size.length);
  const isUnknown = withoutMarker === 2 ** (7 * size.length) - 1;
  return {
    id: id.value,
    size: isUnknown ? null : withoutMarker,
    sizeStart,
    dataStart: sizeStart + size.length,
  };
}

/** A variable-length number with its marker bit (RFC 8794, 4). */
function readVint(
  bytes: Uint8Array,
  at: number,
  maxLength: number,
): { value: number; length: number } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const length = Math.clz32(first) - 23;
  if (length > maxLength || at + length > bytes.length) return null;
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!;
  return { value, length };
}

/** A number as a variable-length one of a given length. */
export function writeVint(value: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0]! |= 0x80 >> (length - 1);
  return bytes;
}

/** Where the last cluster begins in the bytes; -1 where there is none. */
export function findLastCluster(bytes: Uint8Array): number {
  for (let at = bytes.length - 8; at >= 0; at--) {
    if (bytes[at] !== CLUSTER_ID >>> 24) continue;
    const cluster = readElement(bytes, at);
    if (cluster?.id !== CLUSTER_ID) continue;
    const child = readElement(bytes, cluster.dataStart);
    if (child && IN_CLUSTER.has(child.id)) return at;
  }
  return -1;
}
