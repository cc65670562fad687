/*
 * What a transport stream says that it holds (ISO/IEC 13818-1): the program association table names the program map
 * tables, which name the type of every stream.
 */

/** Of the file's beginning; tables are repeated ten times a second. */
export const TRANSPORT_HEAD_BYTES = 1024 * 1024;

const SYNC = 0x47;

/** Length of a packet, and where its sync byte is: plain, with a time in front (M2TS), with check bytes behind. */
const FRAMINGS = [
  [188, 0],
  [192, 4],
  [204, 0],
] as const;

/** stream_type of video, table 2-34 and registered private uses. */
const VIDEO_TYPES = new Map<number, string>([
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
  [0xea, 'VC-1'],
]);

/** The names of the video codecs that a transport stream's tables tell of, in their order. */
export function listTransportCodecs(head: Uint8Array): string[] {
  const [length, offset] = FRAMINGS.find((framing) => isFramed(head, framing)) ?? FRAMINGS[0];
  const maps = new Set<number>();
  const codecs: string[] = [];
  for (let start = offset; start + 188 <= head.length; start += length) {
    if (head[start] !== SYNC) continue;
    const section = readSectionStart(head.subarray(start, start + 188));
    if (!section) continue;
    if (section.pid === 0 && section.bytes[0] === 0) addProgramMaps(section.bytes, maps);
    else if (maps.has(section.pid) && section.bytes[0] === 2) {
      codecs.push(...readProgramMap(section.bytes));
      maps.delete(section.pid);
    }
  }
  return Array.from(new Set(codecs));
}

function isFramed(head: Uint8Array, [length, offset]: readonly [number, number]): boolean {
  return [0, 1, 2].every((packet) => head[offset + packet * length] === SYNC);
}

/** The table that begins in a packet; a long one goes on in the next, and its end is not looked at. */
function readSectionStart(packet: Uint8Array): { pid: number; bytes: Uint8Array } | null {
  const isStart = (packet[1]! & 0x40) !== 0;
  const control = (packet[3]! >> 4) & 3;
  if (!isStart || (control & 1) === 0) return null;
  const payload = control === 3 ? 5 + packet[4]! : 4;
  const pointer = packet[payload];
  if (pointer === undefined) return null;
  const bytes = packet.subarray(payload + 1 + pointer);
  if (bytes.length < 8) return null;
  const length = 3 + (((bytes[1]! & 15) << 8) | bytes[2]!);
  return { pid: ((packet[1]! & 31) << 8) | packet[2]!, bytes: bytes.subarray(0, length) };
}

/** Entries of four bytes from the eighth on, and four of checksum behind them. Program 0 is the network's. */
function addProgramMaps(section: Uint8Array, maps: Set<number>): void {
  for (let i = 8; i + 4 <= section.length - 4; i += 4) {
    const program = section[i]! * 256 + section[i + 1]!;
    if (program !== 0) maps.add(((section[i + 2]! & 31) << 8) | section[i + 3]!);
  }
}

function readProgramMap(section: Uint8Array): string[] {
  const codecs: string[] = [];
  const first = 12 + (((section[10] ?? 0) & 15) << 8) + (section[11] ?? 0);
  for (let i = first; i + 5 <= section.length; i += 5 + ((section[i + 3]! & 15) << 8) + section[i + 4]!) {
    const codec = VIDEO_TYPES.get(section[i]!);
    if (codec !== undefined) codecs.push(codec);
  }
  return codecs;
}
