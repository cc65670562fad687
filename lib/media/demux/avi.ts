import { ByteWindow, latin1, viewOf } from './byte-window';

/**
 * [Note: Reading AVI]
 *
 * An AVI file is a tree of chunks: a header list with one `strl` for each stream, then `movi` lists whose chunks
 * are the packets (`00dc`: video of stream 0), in OpenDML files over several RIFF segments. A chunk's place among
 * its stream's chunks is its time; an empty chunk shows the picture before it again. Indexes (`idx1`, `indx`)
 * repeat positions and sizes. They are an aid only: a recorder that crashed wrote none, tools write wrong ones, and
 * sizes of lists may be 0. So small files are walked through chunk by chunk, and the index of a large one is used
 * only where its entries lie in order, fill the file and agree with the chunks that they point at. Where a walk passes
 * over damage, nobody knows how many chunks there were but the index, so the rest would come early without it.
 */

/** A video stream of an AVI file. */
interface AviVideo {
  /** Number of the stream, which its chunks begin with. */
  stream: number;
  /** Four letters that name the codec: "H264", "MJPG". */
  fourcc: string;
  width: number;
  height: number;
  /** Codec data behind the bitmap header. */
  extraData: Uint8Array;
  /** Microseconds a slot. */
  slotUs: number;
}

/** Packets of one stream in the order of the file. */
interface AviPackets {
  positions: number[];
  sizes: number[];
  /** Which slot of time each packet begins in; empty chunks are slots without a packet. */
  slots: number[];
  /** Slots in all. */
  slotCount: number;
}

/** An AVI file's video and where its packets are. */
export interface AviFile {
  videos: AviVideo[];
  hasAudio: boolean;
  /** Of `videos[0]`. */
  packets: AviPackets;
  /** Bytes that no chunk accounts for were passed over, or the last chunk is cut off. */
  isDamaged: boolean;
  /** Places of chunks that the index lists and the file has no more. */
  lostPositions: readonly number[];
}

/** Files up to this size are walked through, whatever their index says: about a second of reading. */
const WALK_BYTES = 256 * 1024 * 1024;

/** How many chunks of a large file's index are compared with the file. */
const CHECKED_ENTRIES = 64;

/** Share of a large file that an index may leave out at its end. */
const UNINDEXED_TAIL = 0.01;

const DEFAULT_SLOT_US = 40_000;

/** A chunk that claims more than this is damage. */
const MAX_PACKET_BYTES = 256 * 1024 * 1024;

interface Chunk {
  id: string;
  size: number;
  /** Of the data behind the chunk's head. */
  position: number;
}

/**
 * Reads an AVI file's headers and finds its packets.
 * @param walkBytes files up to this size are walked through
 * @returns null where the file has no video stream
 */
export async function readAvi(blob: Blob, walkBytes = WALK_BYTES): Promise<AviFile | null> {
  const window = new ByteWindow(blob);
  const header = await readHeader(window);
  const video = header.videos[0];
  if (!video) return null;
  const found =
    (blob.size > walkBytes ? await readIndex(window, header, video) : null) ??
    (await numberByIndex(window, header, video, await walk(window, header, video)));
  return { videos: header.videos, hasAudio: header.hasAudio, ...found };
}

interface Header {
  videos: AviVideo[];
  /** Positions of the `indx` chunks' data by stream. */
  superIndexes: Map<number, Chunk>;
  hasAudio: boolean;
  /** Where the first `movi` list's chunks begin, and where its size says that they end. */
  moviStart: number;
  moviEnd: number;
}

async function readChunk(window: ByteWindow, position: number): Promise<Chunk | null> {
  const head = await window.read(position, 8);
  if (head.length < 8) return null;
  return { id: latin1(head.subarray(0, 4)), size: viewOf(head).getUint32(4, true), position: position + 8 };
}

const padded = (size: number): number => size + (size % 2);

async function listKind(window: ByteWindow, chunk: Chunk): Promise<string> {
  return latin1(await window.read(chunk.position, 4));
}

async function readHeader(window: ByteWindow): Promise<Header> {
  const header: Header = {
    videos: [],
    superIndexes: new Map(),
    hasAudio: false,
    moviStart: window.size,
    moviEnd: window.size,
  };
  let frameUs = 0;
  let position = 12;
  for (;;) {
    const chunk = await readChunk(window, position);
    if (!chunk) return header;
    if (chunk.id === 'LIST') {
      const kind = await listKind(window, chunk);
      if (kind === 'movi') {
        header.moviStart = chunk.position + 4;
        if (chunk.size > 4) header.moviEnd = Math.min(window.size, chunk.position + chunk.size);
        return header;
      }
      if (kind === 'hdrl') {
        frameUs = await readStreams(window, chunk, header, frameUs);
      }
    }
    position = chunk.position + padded(chunk.size);
  }
}

async function readStreams(
  window: ByteWindow,
  list: Chunk,
  header: Header,
  frameUsBefore: number,
): Promise<number> {
  let frameUs = frameUsBefore;
  let stream = 0;
  const end = Math.min(window.size, list.position + list.size);
  for (let position = list.position + 4; position + 8 <= end;) {
    const chunk = await readChunk(window, position);
    if (!chunk) break;
    if (chunk.id === 'avih') frameUs = viewOf(await window.read(chunk.position, 4)).getUint32(0, true);
    if (chunk.id === 'LIST' && (await listKind(window, chunk)) === 'strl') {
      await readStream(window, chunk, header, stream, frameUs);
      stream += 1;
    }
    position = chunk.position + padded(chunk.size);
  }
  return frameUs;
}

async function readStream(
  window: ByteWindow,
  list: Chunk,
  header: Header,
  stream: number,
  frameUs: number,
): Promise<void> {
  let kind = '';
  let handler = '';
  let slotUs = frameUs > 0 ? frameUs : DEFAULT_SLOT_US;
  const end = Math.min(window.size, list.position + list.size);
  for (let position = list.position + 4; position + 8 <= end;) {
    const chunk = await readChunk(window, position);
    if (!chunk) return;
    if (chunk.id === 'strh') {
      const data = await window.read(chunk.position, Math.min(chunk.size, 56));
      if (data.length < 28) return;
      const view = viewOf(data);
      kind = latin1(data.subarray(0, 4));
      handler = latin1(data.subarray(4, 8));
      const [scale, rate] = [view.getUint32(20, true), view.getUint32(24, true)];
      // Some writers leave one of them 0, and say the time of a frame in the file's header alone.
      if (kind === 'vids' && scale > 0 && rate > 0) slotUs = (scale * 1e6) / rate;
      if (kind === 'auds') header.hasAudio = true;
    } else if (chunk.id === 'strf' && kind === 'vids') {
      const data = (await window.read(chunk.position, chunk.size)).slice();
      if (data.length < 20) return;
      const view = viewOf(data);
      const compression = latin1(data.subarray(16, 20));
      header.videos.push({
        stream,
        fourcc: /^[\x21-\x7e]/.test(compression) ? compression : handler,
        width: Math.abs(view.getInt32(4, true)),
        height: Math.abs(view.getInt32(8, true)),
        extraData: data.subarray(40),
        slotUs,
      });
    } else if (chunk.id === 'indx') {
      header.superIndexes.set(stream, chunk);
    }
    position = chunk.position + padded(chunk.size);
  }
}

type Found = Pick<AviFile, 'packets' | 'isDamaged' | 'lostPositions'>;

/** Collects one stream's chunks. */
class PacketCollector {
  readonly packets: AviPackets = { positions: [], sizes: [], slots: [], slotCount: 0 };

  add(position: number, size: number): void {
    if (size > 0) {
      this.packets.positions.push(position);
      this.packets.sizes.push(size);
      this.packets.slots.push(this.packets.slotCount);
    }
    this.packets.slotCount += 1;
  }
}

const isPacketOf = (id: string, stream: number): boolean =>
  /^[0-9a-f]{2}d[bc]$/i.test(id) && parseInt(id.slice(0, 2), 16) === stream;

/** What may stand inside or between `movi` lists. */
const isPlausible = (id: string): boolean => /^(?:[0-9a-f]{2}(?:d[bc]|wb|tx|pc|ix)|ix[0-9a-f]{2})$/i.test(id);

const NEUTRAL = new Set(['JUNK', 'junk', 'idx1', 'INFO', 'Junk']);

/** Finds the packets by going from chunk to chunk to the end of the file. */
async function walk(window: ByteWindow, header: Header, video: AviVideo): Promise<Found> {
  const collector = new PacketCollector();
  let isDamaged = false;
  let position = header.moviStart;
  while (position + 8 <= window.size) {
    const chunk = await readChunk(window, position);
    if (!chunk) break;
    if (chunk.id === 'LIST' || chunk.id === 'RIFF') {
      // Into the list: `rec ` groups, and the `movi` list of the next segment.
      const kind = await listKind(window, chunk);
      const isEntered = kind === 'rec ' || kind === 'movi' || kind === 'AVIX';
      position = chunk.position + (isEntered ? 4 : padded(chunk.size));
      continue;
    }
    const isKnown = NEUTRAL.has(chunk.id) || isPlausible(chunk.id);
    if (!isKnown || (isPlausible(chunk.id) && chunk.size > MAX_PACKET_BYTES)) {
      const next = await resynchronise(window, position + 1);
      isDamaged ||= next !== null || position + 8 < window.size;
      if (next === null) break;
      position = next;
      continue;
    }
    const end = chunk.position + chunk.size;
    if (end > window.size) {
      isDamaged ||= isPlausible(chunk.id);
      break;
    }
    if (isPacketOf(chunk.id, video.stream)) collector.add(chunk.position, chunk.size);
    position = chunk.position + padded(chunk.size);
    // Some writers do not pad chunks of odd sizes.
    if (chunk.size % 2 === 1 && !(await looksLikeChunk(window, position))) {
      if (await looksLikeChunk(window, end)) position = end;
    }
  }
  return { packets: collector.packets, isDamaged, lostPositions: [] };
}

/** What a walk found, with the slots that an index gives its chunks where it passed over damage. */
async function numberByIndex(
  window: ByteWindow,
  header: Header,
  video: AviVideo,
  walked: Found,
): Promise<Found> {
  const entries = walked.isDamaged ? await readEntries(window, header, video).catch(() => null) : null;
  if (!entries) return walked;
  const slotAt = new Map(entries.map(({ position }, slot) => [position, slot]));
  const { positions, sizes } = walked.packets;
  const kept = positions.flatMap((position, i) => {
    const slot = slotAt.get(position);
    return slot === undefined ? [] : [{ position, size: sizes[i]!, slot }];
  });
  // One that knows few of the chunks is of another file.
  if (kept.length * 2 < positions.length) return walked;
  const found = new Set(positions);
  return {
    packets: {
      positions: kept.map(({ position }) => position),
      sizes: kept.map(({ size }) => size),
      slots: kept.map(({ slot }) => slot),
      slotCount: entries.length,
    },
    isDamaged: true,
    lostPositions: entries.flatMap(({ position, size }) =>
      size > 0 && !found.has(position) ? [position] : [],
    ),
  };
}

async function looksLikeChunk(window: ByteWindow, position: number): Promise<boolean> {
  const chunk = await readChunk(window, position);
  if (!chunk) return position >= window.size;
  if (chunk.id === 'LIST' || chunk.id === 'RIFF' || NEUTRAL.has(chunk.id)) return true;
  return isPlausible(chunk.id) && chunk.size <= MAX_PACKET_BYTES;
}

/** How far damage is searched for the next chunk; behind it the file counts as ended. */
const RESYNC_BYTES = 16 * 1024 * 1024;

/** Position of the next chunk that another one follows, or null. */
async function resynchronise(window: ByteWindow, from: number): Promise<number | null> {
  const end = Math.min(window.size, from + RESYNC_BYTES);
  for (let position = from; position + 8 <= end;) {
    const bytes = (await window.read(position, 64 * 1024)).slice();
    for (let i = 0; i + 8 <= bytes.length; i++) {
      const [a, b] = [bytes[i + 2], bytes[i + 3]];
      // `dc`, `db` or `wb`
      if (!((a === 0x64 && (b === 0x63 || b === 0x62)) || (a === 0x77 && b === 0x62))) continue;
      if (!isPlausible(latin1(bytes.subarray(i, i + 4)))) continue;
      const size = viewOf(bytes).getUint32(i + 4, true);
      if (size > MAX_PACKET_BYTES || position + i + 8 + size > window.size) continue;
      const next = position + i + 8 + padded(size);
      if (next >= window.size || (await looksLikeChunk(window, next))) return position + i;
    }
    position += Math.max(1, bytes.length - 7);
  }
  return null;
}

interface Entry {
  position: number;
  size: number;
}

/** Finds the packets by an index that proves right, else null. */
async function readIndex(window: ByteWindow, header: Header, video: AviVideo): Promise<Found | null> {
  const entries = await readEntries(window, header, video);
  const behindList = await readChunk(window, padded(header.moviEnd));
  const isLastIndex = behindList?.id === 'idx1' && behindList.position + behindList.size >= window.size;
  const indexedEnd = isLastIndex ? header.moviEnd : window.size;
  if (!entries || !(await agreesWithFile(window, entries, indexedEnd, video))) return null;
  const collector = new PacketCollector();
  for (const { position, size } of entries) collector.add(position, size);
  return { packets: collector.packets, isDamaged: false, lostPositions: [] };
}

async function readEntries(window: ByteWindow, header: Header, video: AviVideo): Promise<Entry[] | null> {
  return (await readOpenDmlIndex(window, header, video)) ?? (await readOldIndex(window, header, video));
}

/** `indx`: a list of index chunks, each with positions counted from a base of its own and sizes. */
async function readOpenDmlIndex(
  window: ByteWindow,
  header: Header,
  video: AviVideo,
): Promise<Entry[] | null> {
  const superIndex = header.superIndexes.get(video.stream);
  if (!superIndex || superIndex.size < 24) return null;
  const list = (await window.read(superIndex.position, superIndex.size)).slice();
  const view = viewOf(list);
  if (list.length < 24 || list[3] !== 0) return null;
  const count = view.getUint32(4, true);
  const entries: Entry[] = [];
  for (let i = 0; i < count && 24 + 16 * i + 16 <= list.length; i++) {
    const position = Number(view.getBigUint64(24 + 16 * i, true));
    const chunk = await readChunk(window, position);
    if (!chunk || !/^(?:ix[0-9a-f]{2}|[0-9a-f]{2}ix)$/i.test(chunk.id)) return null;
    const data = await window.read(chunk.position, chunk.size);
    if (data.length < 24) return null;
    const index = viewOf(data);
    const inUse = index.getUint32(4, true);
    const base = Number(index.getBigUint64(12, true));
    for (let k = 0; k < inUse && 24 + 8 * k + 8 <= data.length; k++) {
      const offset = index.getUint32(24 + 8 * k, true);
      entries.push({ position: base + offset, size: index.getUint32(28 + 8 * k, true) & 0x7fffffff });
    }
  }
  return entries.length > 0 ? entries : null;
}

/** `idx1`, whose positions are counted from the `movi` list or, with some writers, from the file's start. */
async function readOldIndex(window: ByteWindow, header: Header, video: AviVideo): Promise<Entry[] | null> {
  const chunk = await readChunk(window, padded(header.moviEnd));
  if (chunk?.id !== 'idx1' || chunk.position + chunk.size > window.size) return null;
  const data = await window.read(chunk.position, chunk.size);
  const view = viewOf(data);
  const entries: Entry[] = [];
  let base: number | null = null;
  for (let i = 0; i + 16 <= data.length; i += 16) {
    base ??= view.getUint32(i + 8, true) < header.moviStart - 4 ? header.moviStart - 4 : 0;
    if (!isPacketOf(latin1(data.subarray(i, i + 4)), video.stream)) continue;
    entries.push({
      position: base + view.getUint32(i + 8, true) + 8,
      size: view.getUint32(i + 12, true),
    });
  }
  return entries.length > 0 ? entries : null;
}

async function agreesWithFile(
  window: ByteWindow,
  entries: readonly Entry[],
  indexedEnd: number,
  video: AviVideo,
): Promise<boolean> {
  let end = 0;
  for (const { position, size } of entries) {
    if (position < end || position + size > window.size) return false;
    end = position + size;
  }
  // The index itself lies behind the chunks of a file of one segment.
  if (end < indexedEnd * (1 - UNINDEXED_TAIL)) return false;
  const step = Math.max(1, (entries.length - 1) / (CHECKED_ENTRIES - 1));
  for (let at = 0; at < entries.length; at += step) {
    const entry = entries[Math.round(at)]!;
    const chunk = await readChunk(window, entry.position - 8);
    if (!chunk || !isPacketOf(chunk.id, video.stream) || chunk.size !== entry.size) return false;
  }
  return true;
}
