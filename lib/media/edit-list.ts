import { findBox, findTrack, type Box } from './mp4-boxes';
import type { Edit } from './timeline';

/** A crafted list could say that it has four billion entries. */
const MAX_EDITS = 100_000;

/** `timescale` of `mvhd` and `mdhd`: units a second. */
function readTimescale(view: DataView, box: Box | null): number | null {
  if (!box) return null;
  const isLong = view.getUint8(box.start) === 1;
  const timescale = view.getUint32(box.start + (isLong ? 20 : 12));
  return timescale > 0 ? timescale : null;
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
 * @param moov the contents of the file's `moov`
 * @param trackId as in the track's `tkhd`, which is mediabunny's `track.id`
 */
export function readEditList(moov: DataView, trackId: number): Edit[] {
  const trak = findTrack(moov, trackId);
  if (!trak) return [];
  const movie: Box = { type: 'moov', start: 0, end: moov.byteLength };
  try {
    const movieTimescale = readTimescale(moov, findBox(moov, movie, 'mvhd'));
    const elst = findBox(moov, trak, 'edts', 'elst');
    const trackTimescale = readTimescale(moov, findBox(moov, trak, 'mdia', 'mdhd'));
    if (!movieTimescale || !trackTimescale || !elst) return [];
    const raw = readElst(moov, elst);
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
