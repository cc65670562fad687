/*
 * What a transport stream says that it holds (ISO/IEC 13818-1): the program association table names the program map
 * tables, which name the type of every stream.
 */

export const PACKET_BYTES = 188;
export const SYNC = 0x47;

/** Distances between packets: bare, M2TS with a time code in front, with 16 bytes of error correction behind. */
const STRIDES = [188, 192, 204] as const;

/** How many packets in a row must begin with the sync byte. */
const SYNC_PACKETS = 5;

/** How packets lie in the front of a file, or null where it is no transport stream. */
export function findFraming(head: Uint8Array): { stride: number; start: number } | null {
  for (let start = 0; start < head.length - PACKET_BYTES; start++) {
    if (head[start] !== SYNC) continue;
    const stride = STRIDES.find((distance) => {
      const last = Math.min(SYNC_PACKETS, Math.floor((head.length - start) / distance));
      if (last < 2) return false;
      for (let i = 1; i < last; i++) if (head[start + i * distance] !== SYNC) return false;
      return true;
    });
    if (stride !== undefined) return { stride, start };
  }
  return null;
}

/** PID of the program association table. */
export const TABLE_PID = 0;

/** stream_type of table 2-34 and of the standards that extend it: the codecs of pictures, as people call them. */
const VIDEO_STREAM_TYPES = new Map<number, string>([
  [0x01, 'MPEG-1'],
  [0x02, 'MPEG-2'],
  [0x10, 'MPEG-4 Visual'],
  [0x1b, 'H.264'],
  [0x20, 'H.264 (MVC)'],
  [0x21, 'JPEG 2000'],
  [0x24, 'HEVC (H.265)'],
  [0x33, 'VVC (H.266)'],
  [0x42, 'AVS'],
  [0xd1, 'Dirac'],
  [0xd2, 'AVS2'],
  [0xea, 'VC-1'],
]);

/** A packet with a payload, without its header and adaptation field. */
export interface TransportPayload {
  pid: number;
  /** A table or a picture begins in it. */
  isStart: boolean;
  bytes: Uint8Array;
}

/** The payload of the packet at `at`; null for one without, and for one that says that it is damaged. */
export function payloadAt(bytes: Uint8Array, at: number): TransportPayload | null {
  const hasError = (bytes[at + 1]! & 0x80) !== 0;
  const control = bytes[at + 3]!;
  if (hasError || (control & 0x10) === 0) return null;
  const start = at + 4 + ((control & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!);
  const end = at + PACKET_BYTES;
  if (start >= end) return null;
  return {
    pid: ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!,
    isStart: (bytes[at + 1]! & 0x40) !== 0,
    bytes: bytes.subarray(start, end),
  };
}

/** PIDs of the program map tables that a program association section (2.4.4.3) names; null for another table. */
export function readAssociations(payload: Uint8Array): Set<number> | null {
  const section = sectionOf(payload, 0x00);
  if (!section) return null;
  const pids = new Set<number>();
  for (let i = 8; i + 4 <= section.length - 4; i += 4) {
    // Program 0 is the network's.
    const program = (section[i]! << 8) | section[i + 1]!;
    if (program !== 0) pids.add(((section[i + 2]! & 0x1f) << 8) | section[i + 3]!);
  }
  return pids;
}

/** A stream of a program; `codec` is null for one without pictures. */
export interface ProgramStream {
  pid: number;
  type: number;
  codec: string | null;
}

/** The streams of a program map section (2.4.4.8); null for another table. */
export function readProgramMap(payload: Uint8Array): ProgramStream[] | null {
  const section = sectionOf(payload, 0x02);
  if (!section) return null;
  const streams: ProgramStream[] = [];
  let i = 12 + (((section[10] ?? 0) & 0x0f) << 8) + (section[11] ?? 0);
  while (i + 5 <= section.length - 4) {
    const type = section[i]!;
    const pid = ((section[i + 1]! & 0x1f) << 8) | section[i + 2]!;
    streams.push({ pid, type, codec: VIDEO_STREAM_TYPES.get(type) ?? null });
    i += 5 + (((section[i + 3]! & 0x0f) << 8) | section[i + 4]!);
  }
  return streams;
}

/** A section as far as it lies in its first packet, without the pointer before it; null for another table. */
function sectionOf(payload: Uint8Array, table: number): Uint8Array | null {
  const start = 1 + payload[0]!;
  if (payload[start] !== table || start + 3 > payload.length) return null;
  const length = 3 + (((payload[start + 1]! & 0x0f) << 8) | payload[start + 2]!);
  return payload.subarray(start, Math.min(payload.length, start + length));
}
