/** Reads `length` bytes of a file from `offset` on; fewer at its end. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** A crafted file could have one box for every eight bytes. */
const MAX_BOXES = 10_000;

/**
 * The types of an MP4's or QuickTime file's outermost boxes (ISO/IEC 14496-12, 4.2), and whether the last one ends
 * where the file does.
 */
export async function listMp4Boxes(
  read: ReadBytes,
  fileBytes: number,
): Promise<{ types: string[]; isWhole: boolean }> {
  const types: string[] = [];
  let offset = 0;
  while (offset + 8 <= fileBytes && types.length < MAX_BOXES) {
    const head = await read(offset, 16);
    if (head.length < 8) break;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const type = String.fromCharCode(...head.subarray(4, 8));
    if (!/^[\x20-\x7e]{4}$/.test(type)) return { types, isWhole: false };
    types.push(type);
    let size = view.getUint32(0);
    if (size === 0) return { types, isWhole: true };
    if (size === 1) size = head.length < 16 ? 0 : view.getUint32(8) * 2 ** 32 + view.getUint32(12);
    if (size < 8) return { types, isWhole: false };
    offset += size;
  }
  return { types, isWhole: offset === fileBytes };
}

/** More than this is no list of tracks and edits. */
const MAX_MOOV_BYTES = 256 * 1024 * 1024;

/** Boxes at the top of a file, of which a fragmented one has thousands; its `moov` comes before them. */
const MAX_TOP_BOXES = 100_000;

/** A box of an MP4 or QuickTime file (ISO/IEC 14496-12, 4.2). */
export interface Box {
  type: string;
  /** Of its contents. */
  start: number;
  end: number;
}

export function readBoxHead(view: DataView, at: number, end: number): Box | null {
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

/** The boxes that lie whole between two places. */
export function* boxesIn(view: DataView, start: number, end: number): Generator<Box, void> {
  for (let at = start; at < end;) {
    const box = readBoxHead(view, at, end);
    if (!box || box.end > end) return;
    yield box;
    at = box.end;
  }
}

/** The first box at the end of a path of types; null where there is none. */
export function findBox(view: DataView, parent: Box, ...path: string[]): Box | null {
  let box: Box | null = parent;
  for (const type of path) {
    if (!box) return null;
    box = [...boxesIn(view, box.start, box.end)].find((one) => one.type === type) ?? null;
  }
  return box;
}

/** The contents of the file's `moov`, wherever it is; null where there is none. */
export async function readMoov(file: Blob): Promise<DataView | null> {
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

function readTrackId(view: DataView, box: Box | null): number | null {
  return box && view.getUint32(box.start + (view.getUint8(box.start) === 1 ? 20 : 12));
}

/**
 * Finds a track's `trak` in the contents of `moov`; null where there is none.
 *
 * @param trackId as in the track's `tkhd`, which is mediabunny's `track.id`
 */
export function findTrack(moov: DataView, trackId: number): Box | null {
  try {
    for (const trak of boxesIn(moov, 0, moov.byteLength)) {
      if (trak.type === 'trak' && readTrackId(moov, findBox(moov, trak, 'tkhd')) === trackId) return trak;
    }
  } catch (error) {
    // A box that ends before its contents do.
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}
