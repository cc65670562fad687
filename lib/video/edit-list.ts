import type { Edit } from './timeline';

/** More than this is no list of tracks and edits. */
const MAX_MOOV_BYTES = 256 * 1024 * 1024;

/** Boxes at the top of a file, of which a fragmented one has thousands; its `moov` comes before them. */
const MAX_TOP_BOXES = 100_000;

/** A crafted list could say that it has four billion entries. */
const MAX_EDITS = 100_000;

interface Box {
  type: string;
  /** Of its contents. */
  start: number;
  end: number;
}

function readBoxHead(view: DataView, at: number, end: number): Box | null {
  if (at + 8 > end) return null;
  const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
  let size = view.getUint32(at);
  let head = 8;
  if (size === 1) {
    if (at + 16 > end) return null;
    size = Number(view.getBigUint64(at + 8));
    head = 16;
  }
  if (size === 0) size = end - at;
  return size < head ? null : { type, start: at + head, end: at + size };
}

function* boxesIn(view: DataView, start: number, end: number): Generator<Box, void> {
  for (let at = start; at < end;) {
    const box = readBoxHead(view, at, end);
    if (!box || box.end > end) return;
    yield box;
    at = box.end;
  }
}

function findBox(view: DataView, parent: Box, ...path: string[]): Box | null {
  let box: Box | null = parent;
  for (const type of path) {
    if (!box) return null;
    box = [...boxesIn(view, box.start, box.end)].find((one) => one.type === type) ?? null;
  }
  return box;
}

/** The contents of the file's `moov`, wherever it is; null where there is none. */
async function readMoov(file: Blob): Promise<DataView | null> {
  let at = 0;
  for (let boxes = 0; at + 8 <= file.size && boxes < MAX_TOP_BOXES; boxes++) {
    const head = new DataView(await file.slice(at, at + 16).arrayBuffer());
    const box = readBoxHead(head, 0, head.byteLength < 16 ? 8 : 16);
    // A size of 0 reaches to the end of the file.
    if (!box) return null;
    const length = head.getUint32(0) === 0 ? file.size - at : box.end;
    if (box.type === 'moov') {
      if (length > MAX_MOOV_BYTES) return null;
      return new DataView(await file.slice(at + box.start, at + length).arrayBuffer());
    }
    at += length;
  }
  return null;
}

/** `timescale` of `mvhd` and `mdhd`: units a second. */
function readTimescale(view: DataView, box: Box | null): number | null {
  if (!box) return null;
  const isLong = view.getUint8(box.start) === 1;
  const timescale = view.getUint32(box.start + (isLong ? 20 : 12));
  return timescale > 0 ? timescale : null;
}

function readTrackId(view: DataView, box: Box | null): number | null {
  return box && view.getUint32(box.start + (view.getUint8(box.start) === 1 ? 20 : 12));
}

interface RawEdit {
  /** On the movie's clock. */
  duration: number;
  /** On the track's clock; -1 for an empty edit. */
  mediaTime: number;
  rate: number;
}

function readElst(view: DataView, { start, end }: Box): RawEdit[] {
  const isLong = view.getUint8(start) === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(view.getUint32(start + 4), MAX_EDITS, Math.floor((end - start - 8) / entryBytes));
  return Array.from({ length: count }, (_, i) => {
    const at = start + 8 + i * entryBytes;
    return {
      duration: isLong ? Number(view.getBigUint64(at)) : view.getUint32(at),
      mediaTime: isLong ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4),
      rate: view.getInt32(at + entryBytes - 4) / 65_536,
    };
  });
}

/**
 * Reads the edit list of a track (ISO/IEC 14496-12, 8.6.6).
 *
 * mediabunny 1.61.0 moves the times of all packets by the first edit that shows something, and by the empty edits
 * before it, and ignores the rest of the list. The edits here are on that clock, so nothing is applied twice.
 *
 * @returns no edits where the track has no list
 * @param trackId as in the track's `tkhd`, which is mediabunny's `track.id`
 */
export async function readEditList(file: Blob, trackId: number): Promise<Edit[]> {
  const view = await readMoov(file);
  if (!view) return [];
  try {
    const moov: Box = { type: 'moov', start: 0, end: view.byteLength };
    const movieTimescale = readTimescale(view, findBox(view, moov, 'mvhd'));
    const trak = [...boxesIn(view, moov.start, moov.end)].find(
      (box) => box.type === 'trak' && readTrackId(view, findBox(view, box, 'tkhd')) === trackId,
    );
    const elst = trak && findBox(view, trak, 'edts', 'elst');
    const trackTimescale = trak && readTimescale(view, findBox(view, trak, 'mdia', 'mdhd'));
    if (!movieTimescale || !trackTimescale || !elst) return [];
    const raw = readElst(view, elst);
    const offset = mediabunnyOffset(raw, movieTimescale, trackTimescale);
    return raw.map(({ duration, mediaTime, rate }) => ({
      durationMs: (duration * 1000) / movieTimescale,
      mediaStartMs: mediaTime < 0 ? null : ((mediaTime - offset) * 1000) / trackTimescale,
      rate,
    }));
  } catch (error) {
    // A box that ends before its contents do.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

/** What mediabunny subtracts from the times of the track's packets, on the track's clock. */
function mediabunnyOffset(edits: readonly RawEdit[], movieTimescale: number, trackTimescale: number): number {
  let empty = 0;
  for (const { duration, mediaTime, rate } of edits) {
    if (mediaTime === -1) {
      empty += duration;
      continue;
    }
    if (rate !== 1) return 0;
    return mediaTime - Math.round((empty / movieTimescale) * trackTimescale);
  }
  return 0;
}
