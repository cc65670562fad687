import { ByteWindow, viewOf } from './byte-window';

/**
 * [Note: Reading FLV]
 *
 * FLV is a row of tags, each with its decoding time in milliseconds; video tags say which codec they hold, whether
 * it is a key frame and, for H.264, how much later than decoded the picture is shown. There is no index that could
 * be trusted: a live recorder leaves none, so the tags are walked through. Times of 24 bits roll over after 4.66
 * hours where a writer leaves the extension byte 0, and begin anew where a server reconnected.
 */

/** The codec of a video tag: CodecID of the format's specification, or the four letters of enhanced RTMP. */
export type FlvCodec = number | string;

/** One video tag that holds pictures. */
interface FlvPacket {
  /** Of the compressed data in the file. */
  position: number;
  size: number;
  decodeMs: number;
  showMs: number;
  isKey: boolean;
  /** Which of `configurations` applies; -1 before the first. */
  configuration: number;
}

/** An FLV file's video. */
export interface FlvFile {
  codec: FlvCodec;
  packets: FlvPacket[];
  /** Codec configurations in the order of the file: `avcC`, `hvcC`, `av1C` or `vpcC` records. */
  configurations: Uint8Array[];
  /** Of the metadata; 0 where it does not say. */
  width: number;
  height: number;
  hasAudio: boolean;
  isDamaged: boolean;
  /** Places from which on bytes are no tags. */
  lostPositions: readonly number[];
}

const AUDIO = 8;
const VIDEO = 9;
const SCRIPT = 18;

export const FLV_AVC = 7;
export const FLV_HEVC = 12;

/** The bytes of a tag that are read: its head and the longest prefix of video data. */
const HEAD_BYTES = 11 + 16;

/** The numbers that are read stand near the front of the metadata; an index of key frames may follow. */
const MAX_METADATA_BYTES = 4096;

/** How far damage is searched for the next tag. */
const RESYNC_BYTES = 16 * 1024 * 1024;

/** @returns null where the file has no video tag */
export async function readFlv(blob: Blob): Promise<FlvFile | null> {
  const window = new ByteWindow(blob);
  const header = await window.read(0, 9);
  if (header.length < 9) return null;
  const reader = new TagReader(window);
  // The size of the tag before comes first, 4 bytes.
  let position = viewOf(header).getUint32(5) + 4;
  let isDamaged = false;
  while (position + 11 <= window.size) {
    const tag = await readTag(window, position);
    if (!tag) {
      const next = await resynchronise(window, position + 1);
      isDamaged = true;
      reader.lostPositions.push(position);
      if (next === null) break;
      position = next;
      continue;
    }
    const end = tag.position + tag.size;
    if (end > window.size) {
      isDamaged = true;
      break;
    }
    if (tag.type === AUDIO) reader.hasAudio = true;
    if (tag.type === VIDEO) await reader.readVideo(tag);
    if (tag.type === SCRIPT) await reader.readMetadata(tag);
    position = end + 4;
  }
  return reader.finish(isDamaged);
}

interface Tag {
  type: number;
  size: number;
  timeMs: number;
  /** Of the data behind the tag's head. */
  position: number;
  head: Uint8Array;
}

async function readTag(window: ByteWindow, position: number): Promise<Tag | null> {
  const bytes = await window.read(position, HEAD_BYTES);
  if (bytes.length < 11) return null;
  const view = viewOf(bytes);
  const type = bytes[0]! & 0x1f;
  const isKnown = (type === AUDIO || type === VIDEO || type === SCRIPT) && (bytes[0]! & 0xc0) === 0;
  if (!isKnown || view.getUint32(8) >>> 8 !== 0) return null;
  const size = view.getUint32(0) & 0xffffff;
  const timeMs = (view.getUint32(4) >>> 8) + bytes[7]! * 2 ** 24;
  return { type, size, timeMs, position: position + 11, head: bytes.slice(11, 11 + Math.min(16, size)) };
}

/** Position of the next tag whose size is repeated behind it, or null. */
async function resynchronise(window: ByteWindow, from: number): Promise<number | null> {
  const end = Math.min(window.size, from + RESYNC_BYTES);
  for (let position = from; position + 15 <= end;) {
    const bytes = (await window.read(position, 64 * 1024)).slice();
    for (let i = 0; i + 11 <= bytes.length; i++) {
      if (bytes[i] !== VIDEO && bytes[i] !== AUDIO) continue;
      if (bytes[i + 8] !== 0 || bytes[i + 9] !== 0 || bytes[i + 10] !== 0) continue;
      const size = viewOf(bytes).getUint32(i) & 0xffffff;
      const behind = await window.read(position + i + 11 + size, 4);
      if (behind.length === 4 && viewOf(behind).getUint32(0) === size + 11) return position + i;
    }
    position += Math.max(1, bytes.length - 10);
  }
  return null;
}

class TagReader {
  hasAudio = false;
  readonly lostPositions: number[] = [];
  #codec: FlvCodec | null = null;
  #width = 0;
  #height = 0;
  readonly #window: ByteWindow;
  readonly #packets: FlvPacket[] = [];
  readonly #configurations: Uint8Array[] = [];

  constructor(window: ByteWindow) {
    this.#window = window;
  }

  async readVideo({ head, position, size, timeMs }: Tag): Promise<void> {
    const first = head[0];
    if (first === undefined) return;
    const isEnhanced = (first & 0x80) !== 0;
    const frameType = (first >> 4) & 7;
    // 5 is a command to players and holds no picture.
    if (frameType === 5) return;
    const isKey = frameType === 1 || frameType === 4;
    const codec = isEnhanced ? String.fromCharCode(...head.subarray(1, 5)) : first & 0x0f;
    this.#codec ??= codec;
    if (codec !== this.#codec) return;

    let dataStart = 1;
    let showMs = timeMs;
    if (isEnhanced) {
      const kind = first & 0x0f;
      dataStart = 5;
      if (kind === 0) return this.#configure(position + 5, size - 5);
      // 1: pictures with a composition time (H.264, HEVC, VVC); 3: pictures without.
      if (kind !== 1 && kind !== 3) return;
      if (kind === 1 && ['avc1', 'hvc1', 'vvc1'].includes(String(codec))) {
        showMs += signed24(head, 5);
        dataStart = 8;
      }
    } else if (codec === FLV_AVC || codec === FLV_HEVC) {
      dataStart = 5;
      if (head[1] === 0) return this.#configure(position + 5, size - 5);
      if (head[1] !== 1) return;
      showMs += signed24(head, 2);
    }
    if (size <= dataStart) return;
    this.#packets.push({
      position: position + dataStart,
      size: size - dataStart,
      decodeMs: timeMs,
      showMs,
      isKey,
      configuration: this.#configurations.length - 1,
    });
  }

  /** The numbers `width` and `height` of `onMetaData`; values of Action Message Format 0 of kind 0 are doubles. */
  async readMetadata({ position, size }: Tag): Promise<void> {
    const bytes = await this.#window.read(position, Math.min(size, MAX_METADATA_BYTES));
    const text = String.fromCharCode(...bytes);
    const read = (key: string): number => {
      const at = text.indexOf(`\x00${String.fromCharCode(key.length)}${key}\x00`) + key.length + 3;
      return at >= key.length + 3 && at + 8 <= bytes.length ? viewOf(bytes).getFloat64(at) : 0;
    };
    this.#width ||= read('width');
    this.#height ||= read('height');
  }

  async #configure(position: number, size: number): Promise<void> {
    const record = (await this.#window.read(position, size)).slice();
    const last = this.#configurations.at(-1);
    const isSame = last?.length === record.length && last.every((byte, i) => byte === record[i]);
    if (record.length > 0 && !isSame) this.#configurations.push(record);
  }

  finish(isDamaged: boolean): FlvFile | null {
    if (this.#codec === null) return null;
    return {
      codec: this.#codec,
      packets: this.#packets,
      configurations: this.#configurations,
      width: this.#width,
      height: this.#height,
      hasAudio: this.hasAudio,
      isDamaged,
      lostPositions: this.lostPositions,
    };
  }
}

function signed24(bytes: Uint8Array, at: number): number {
  const value = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  return value >= 0x800000 ? value - 0x1000000 : value;
}
