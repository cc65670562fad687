import type { ClockReading } from '../unwrap-timestamps';
import { annexBUnits } from '../bitstream/nal-units';
import { ByteWindow } from './byte-window';
import { PacketStartReader } from './picture-order';

/**
 * [Note: Reading transport streams in the order of the file]
 *
 * A transport stream is a row of packets of 188 bytes (192 in M2TS, 204 with error correction), each of one of
 * many streams. Times in it are those of whoever sent it: they roll over, and a file that was spliced or joined has
 * several clocks. mediabunny 1.61.0 looks frames up by time, so in such a file it finds the wrong ones or none. Here
 * the whole file is gone through once, in its own order, and every picture's place and time are kept; section
 * numbers are of ISO/IEC 13818-1.
 */

const PACKET_BYTES = 188;
const SYNC = 0x47;

/** Distances between packets: bare, M2TS with a time code in front, with 16 bytes of error correction behind. */
const STRIDES = [188, 192, 204] as const;

/** How many packets in a row must begin with the sync byte. */
const SYNC_PACKETS = 5;

/** How much of a file's front is searched for packets, and how far damage is. */
const SYNC_SEARCH_BYTES = 1024 * 1024;

const TABLE_PID = 0;

/** How much of a picture's data is looked at to find out whether it is a key picture. */
const START_BYTES = 4096;

/** stream_type of table 2-34 and of the standards that extend it: the codecs of pictures, as people call them. */
const VIDEO_STREAM_TYPES = new Map<number, string>([
  [0x01, 'MPEG-1'],
  [0x02, 'MPEG-2'],
  [0x10, 'MPEG-4 Visual'],
  [0x1b, 'H.264'],
  [0x20, 'H.264'],
  [0x21, 'JPEG 2000'],
  [0x24, 'HEVC (H.265)'],
  [0x33, 'VVC (H.266)'],
  [0x42, 'AVS'],
  [0xd1, 'Dirac'],
  [0xd2, 'AVS2'],
  [0xea, 'VC-1'],
]);

const H264_TYPE = 0x1b;
const HEVC_TYPE = 0x24;

/** A picture of a transport stream: where it lies and what its clock says. */
export interface TransportPicture extends ClockReading {
  /** Of the packet in which the picture begins. */
  position: number;
  /** Behind the last packet that holds a part of it. */
  end: number;
  pid: number;
}

/** What a transport stream holds. */
export interface TransportStream {
  /** The codec as people call it; null where no program lists pictures. */
  codec: string | null;
  /** Distance between packets, and where the first one begins. */
  stride: number;
  firstPacket: number;
  hasAudio: boolean;
  /** In the order of the file. */
  pictures: TransportPicture[];
}

/** How packets lie in a file, or null where it is no transport stream. */
export async function findPackets(window: ByteWindow): Promise<{ stride: number; start: number } | null> {
  const bytes = await window.read(0, Math.min(window.size, SYNC_SEARCH_BYTES));
  for (let start = 0; start < bytes.length - PACKET_BYTES; start++) {
    if (bytes[start] !== SYNC) continue;
    const stride = STRIDES.find((distance) => {
      const last = Math.min(SYNC_PACKETS, Math.floor((bytes.length - start) / distance));
      if (last < 2) return false;
      for (let i = 1; i < last; i++) if (bytes[start + i * distance] !== SYNC) return false;
      return true;
    });
    if (stride !== undefined) return { stride, start };
  }
  return null;
}

/** Goes through a transport stream. Null where the file is none. */
export async function readTransportStream(
  blob: Blob,
  onWindow: (share: number) => void = () => undefined,
): Promise<TransportStream | null> {
  const window = new ByteWindow(blob);
  const found = await findPackets(window);
  if (!found) return null;
  const { stride, start } = found;
  const scanner = new Scanner();
  const step = Math.floor((4 * 1024 * 1024) / stride) * stride;
  let position = start;
  while (position + PACKET_BYTES <= window.size) {
    const bytes = await window.read(position, Math.min(step, window.size - position));
    onWindow(position / window.size);
    let at = 0;
    for (; at + PACKET_BYTES <= bytes.length; at += stride) {
      if (bytes[at] === SYNC) scanner.read(bytes, at, position + at);
      else break;
    }
    if (at + PACKET_BYTES > bytes.length) {
      position += Math.max(stride, at);
    } else {
      // Lost in damage: the next place where packets follow each other.
      position = resynchronise(bytes, at + 1, stride) + position;
    }
  }
  return { ...scanner.finish(), stride, firstPacket: start };
}

function resynchronise(bytes: Uint8Array, from: number, stride: number): number {
  for (let at = from; at + stride < bytes.length; at++) {
    if (bytes[at] === SYNC && bytes[at + stride] === SYNC) return at;
  }
  return bytes.length;
}

/** Gathers tables and pictures from packets in the order of the file. */
class Scanner {
  #mapPids = new Set<number>();
  #videoPid: number | null = null;
  #streamType: number | null = null;
  #codec: string | null = null;
  #hasAudio = false;
  readonly #pictures: TransportPicture[] = [];
  #open: OpenPicture | null = null;

  read(bytes: Uint8Array, at: number, position: number): void {
    const hasError = (bytes[at + 1]! & 0x80) !== 0;
    if (hasError) return;
    const isStart = (bytes[at + 1]! & 0x40) !== 0;
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
    const control = bytes[at + 3]!;
    if ((control & 0x10) === 0) return;
    const payload = at + 4 + ((control & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!);
    const end = at + PACKET_BYTES;
    if (payload >= end) return;
    if (pid === TABLE_PID && isStart) this.#readAssociations(bytes.subarray(payload, end));
    else if (this.#mapPids.has(pid) && isStart) this.#readMap(bytes.subarray(payload, end));
    else if (pid === this.#videoPid) this.#readVideo(bytes.subarray(payload, end), isStart, position, pid);
  }

  finish(): Pick<TransportStream, 'codec' | 'hasAudio' | 'pictures'> {
    this.#closePicture();
    return { codec: this.#codec, hasAudio: this.#hasAudio, pictures: this.#pictures };
  }

  /** Program association section, 2.4.4.3. */
  #readAssociations(payload: Uint8Array): void {
    const section = sectionOf(payload, 0x00);
    if (!section) return;
    this.#mapPids = new Set();
    for (let i = 8; i + 4 <= section.length - 4; i += 4) {
      const program = (section[i]! << 8) | section[i + 1]!;
      if (program !== 0) this.#mapPids.add(((section[i + 2]! & 0x1f) << 8) | section[i + 3]!);
    }
  }

  /** Program map section, 2.4.4.8: the first stream of pictures counts, until another table moves it. */
  #readMap(payload: Uint8Array): void {
    const section = sectionOf(payload, 0x02);
    if (!section) return;
    const pids: { pid: number; type: number; codec: string }[] = [];
    let i = 12 + (((section[10]! & 0x0f) << 8) | section[11]!);
    while (i + 5 <= section.length - 4) {
      const type = section[i]!;
      const pid = ((section[i + 1]! & 0x1f) << 8) | section[i + 2]!;
      const codec = VIDEO_STREAM_TYPES.get(type);
      if (codec !== undefined) pids.push({ pid, type, codec });
      else if (isAudioType(type)) this.#hasAudio = true;
      i += 5 + (((section[i + 3]! & 0x0f) << 8) | section[i + 4]!);
    }
    const first = pids[0];
    if (!first || pids.some(({ pid }) => pid === this.#videoPid)) return;
    // Another program of a stream with several is not taken for a new place of the pictures.
    if (this.#videoPid !== null && this.#mapPids.size > 1) return;
    this.#closePicture();
    this.#videoPid = first.pid;
    this.#streamType ??= first.type;
    this.#codec ??= first.codec;
  }

  #readVideo(payload: Uint8Array, isStart: boolean, position: number, pid: number): void {
    if (isStart) {
      this.#closePicture();
      const header = readPesHeader(payload);
      if (!header) return;
      this.#open = new OpenPicture(position, pid, header, this.#streamType);
      this.#open.add(payload.subarray(header.dataStart), position + PACKET_BYTES);
    } else {
      this.#open?.add(payload, position + PACKET_BYTES);
    }
  }

  #closePicture(): void {
    const open = this.#open;
    this.#open = null;
    if (!open || open.dataBytes === 0) return;
    const { position, pid, header, end } = open;
    const isKey = open.isKey();
    const { pts } = header;
    if (pts === null) {
      // Without a time of its own a packet goes on with the picture before: a second field, a part of a picture.
      const last = this.#pictures.at(-1);
      if (last) last.end = end;
      return;
    }
    this.#pictures.push({ position, end, pid, isKey, pts, dts: header.dts ?? pts });
  }
}

function isAudioType(type: number): boolean {
  return type === 0x03 || type === 0x04 || type === 0x0f || type === 0x11 || (type >= 0x80 && type <= 0x87);
}

/** A section that lies in one packet whole, without the pointer before it; null for another table. */
function sectionOf(payload: Uint8Array, table: number): Uint8Array | null {
  const start = 1 + payload[0]!;
  if (payload[start] !== table || start + 3 > payload.length) return null;
  const length = 3 + (((payload[start + 1]! & 0x0f) << 8) | payload[start + 2]!);
  return payload.subarray(start, Math.min(payload.length, start + length));
}

/** Head of a packetised elementary stream packet, 2.4.3.6. */
interface PesHeader {
  pts: number | null;
  dts: number | null;
  dataStart: number;
}

function readPesHeader(bytes: Uint8Array): PesHeader | null {
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return null;
  const flags = bytes[7]! >> 6;
  const dataStart = 9 + bytes[8]!;
  const pts = (flags & 2) !== 0 && bytes.length >= 14 ? readTime(bytes, 9) : null;
  const dts = flags === 3 && bytes.length >= 19 ? readTime(bytes, 14) : null;
  return { pts, dts, dataStart };
}

/** 33 bits in five bytes. */
function readTime(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! >> 1) & 7) * 2 ** 30 +
    (bytes[at + 1]! << 22) +
    ((bytes[at + 2]! >> 1) << 15) +
    (bytes[at + 3]! << 7) +
    (bytes[at + 4]! >> 1)
  );
}

/** A picture whose packets are still coming. */
class OpenPicture {
  readonly position: number;
  readonly pid: number;
  readonly header: PesHeader;
  readonly #streamType: number | null;
  readonly #start = new Uint8Array(START_BYTES);
  #startBytes = 0;
  dataBytes = 0;
  end = 0;

  constructor(position: number, pid: number, header: PesHeader, streamType: number | null) {
    this.position = position;
    this.pid = pid;
    this.header = header;
    this.#streamType = streamType;
  }

  add(data: Uint8Array, end: number): void {
    this.end = end;
    this.dataBytes += data.length;
    const room = Math.min(data.length, START_BYTES - this.#startBytes);
    if (room <= 0) return;
    this.#start.set(data.subarray(0, room), this.#startBytes);
    this.#startBytes += room;
  }

  isKey(): boolean {
    const bytes = this.#start.subarray(0, this.#startBytes);
    if (this.#streamType === HEVC_TYPE) return hasHevcKey(bytes);
    if (this.#streamType !== H264_TYPE) return false;
    const start = new PacketStartReader().read(annexBUnits(bytes));
    return start.isIdr || start.isRecoveryPoint;
  }
}

/** nal_unit_type 16 to 21 of ITU-T H.265, table 7-1: pictures that decoding can begin with. */
function hasHevcKey(bytes: Uint8Array): boolean {
  for (const unit of annexBUnits(bytes)) {
    const type = (unit[0]! >> 1) & 0x3f;
    if (type < 32) return type >= 16 && type <= 21;
  }
  return false;
}

/** The data of a picture: what its stream's packets hold between its two places in the file. */
export async function readPicture(
  blob: Blob,
  { position, end, pid }: TransportPicture,
  stride: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await blob.slice(position, end).arrayBuffer());
  const data = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at + PACKET_BYTES <= bytes.length;) {
    if (bytes[at] !== SYNC) {
      at += 1;
      continue;
    }
    const packet = bytes.subarray(at, at + PACKET_BYTES);
    at += stride;
    const isStream = (((packet[1]! & 0x1f) << 8) | packet[2]!) === pid && (packet[1]! & 0x80) === 0;
    if (!isStream || (packet[3]! & 0x10) === 0) continue;
    const start = 4 + ((packet[3]! & 0x20) === 0 ? 0 : 1 + packet[4]!);
    let payload = packet.subarray(Math.min(start, PACKET_BYTES));
    const isStart = (packet[1]! & 0x40) !== 0;
    if (isStart) payload = payload.subarray(readPesHeader(payload)?.dataStart ?? 0);
    data.set(payload, length);
    length += payload.length;
  }
  return data.slice(0, length);
}
