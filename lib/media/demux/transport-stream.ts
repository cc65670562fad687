import type { ClockReading } from '../unwrap-timestamps';
import { annexBUnits } from '../bitstream/nal-units';
import { ByteWindow, type ByteStretch } from './byte-window';
import { PacketStartReader } from './picture-order';
import {
  findFraming,
  PACKET_BYTES,
  payloadAt,
  readAssociations,
  readProgramMap,
  SYNC,
  TABLE_PID,
} from './transport-tables';

/**
 * [Note: Reading transport streams in the order of the file]
 *
 * A transport stream is a row of packets of 188 bytes (192 in M2TS, 204 with error correction), each of one of
 * many streams. Times in it are those of whoever sent it: they roll over, and a file that was spliced or joined has
 * several clocks. mediabunny 1.61.0 looks frames up by time, so in such a file it finds the wrong ones or none. Here
 * the whole file is gone through once, in its own order, and every picture's place and time are kept; section
 * numbers are of ISO/IEC 13818-1.
 */

/** How much of a file's front is searched for packets, and how far damage is. */
const SYNC_SEARCH_BYTES = 1024 * 1024;

/** How much of a picture's data is looked at to find out whether it is a key picture. */
const START_BYTES = 4096;

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
  /** Stretches of the file in which no packets follow one another, by rising place. */
  damage: ByteStretch[];
}

/** Goes through a transport stream. Null where the file is none. */
export async function readTransportStream(
  blob: Blob,
  onWindow: (share: number) => void = () => undefined,
): Promise<TransportStream | null> {
  const window = new ByteWindow(blob);
  const found = findFraming(await window.read(0, Math.min(window.size, SYNC_SEARCH_BYTES)));
  if (!found) return null;
  const { stride, start } = found;
  const scanner = new Scanner();
  const step = Math.floor((4 * 1024 * 1024) / stride) * stride;
  const damage: ByteStretch[] = [];
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
      const lost = position + at;
      position += resynchronise(bytes, at + 1, stride);
      const last = damage.at(-1);
      if (last?.end === lost) last.end = position;
      else damage.push({ start: lost, end: position });
    }
  }
  return { ...scanner.finish(), stride, firstPacket: start, damage };
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

  read(packets: Uint8Array, at: number, position: number): void {
    const payload = payloadAt(packets, at);
    if (!payload) return;
    const { pid, isStart, bytes } = payload;
    if (pid === TABLE_PID && isStart) this.#mapPids = readAssociations(bytes) ?? this.#mapPids;
    else if (this.#mapPids.has(pid) && isStart) this.#readMap(bytes);
    else if (pid === this.#videoPid) this.#readVideo(bytes, isStart, position, pid);
  }

  finish(): Pick<TransportStream, 'codec' | 'hasAudio' | 'pictures'> {
    this.#closePicture();
    return { codec: this.#codec, hasAudio: this.#hasAudio, pictures: this.#pictures };
  }

  /** The first stream of pictures counts, until another table moves it. */
  #readMap(payload: Uint8Array): void {
    const streams = readProgramMap(payload);
    if (!streams) return;
    const pids = streams.filter(({ codec }) => codec !== null);
    if (streams.some(({ codec, type }) => codec === null && isAudioType(type))) this.#hasAudio = true;
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
    const payload = payloadAt(bytes, at);
    at += stride;
    if (payload?.pid !== pid) continue;
    const { isStart } = payload;
    const part = isStart
      ? payload.bytes.subarray(readPesHeader(payload.bytes)?.dataStart ?? 0)
      : payload.bytes;
    data.set(part, length);
    length += part.length;
  }
  return data.slice(0, length);
}
