import { FramesiftError } from '@/lib/shared/errors';
import { boxesIn, findBox, type Box } from './mp4-boxes';

/**
 * [Note: Numbers that count to billions] A track's tables say in a few bytes how many samples go on as the last one did
 * (ISO/IEC 14496-12, 8.6.1 and 8.7.4). Where samples are shown in another order than they are stored in, mediabunny 1.61.0
 * writes every one of them down, 70 bytes each; for sizes it goes through all of a chunk, and for uncompressed sound it
 * writes all chunks down. One damaged number takes the worker minutes and gigabytes. No file holds more pictures, or
 * chunks, than bytes. Sound may have more samples than bytes (QuickTime's `ima4`), which nobody writes down.
 */

/** Pictures of a track at most: 38 hours of 60 a second. */
const MAX_SAMPLES = 2 ** 23;

/**
 * Whether a table counts more than a file of so many bytes holds, of what is written down for each count.
 *
 * @param moov the contents of the file's `moov`
 */
export function countsBeyondFile(moov: DataView, fileBytes: number): boolean {
  try {
    for (const trak of boxesIn(moov, 0, moov.byteLength)) {
      const table = trak.type === 'trak' && findBox(moov, trak, 'mdia', 'minf', 'stbl');
      if (table && countsBeyond(moov, table, fileBytes)) return true;
    }
  } catch (error) {
    // A box that ends before its contents do: the reader has a sentence for it.
    if (!(error instanceof RangeError)) throw error;
  }
  return false;
}

function countsBeyond(view: DataView, table: Box, most: number): boolean {
  const packed = findBox(view, table, 'stz2');
  // Sizes of no bits take no room, however many.
  if (packed && view.getUint8(packed.start + 7) === 0 && view.getUint32(packed.start + 8) > most) return true;
  const sizes = findBox(view, table, 'stsz');
  const hasOneSize = sizes !== null && view.getUint32(sizes.start + 4) > 0;
  if (sizes && !hasOneSize && view.getUint32(sizes.start + 8) > most) return true;

  const chunks = findBox(view, table, 'stsc');
  for (const at of chunks ? entriesOf(view, chunks, 12) : []) {
    if (view.getUint32(at) > Math.min(most, MAX_SAMPLES)) return true;
    if (!hasOneSize && view.getUint32(at + 4) > most) return true;
  }

  const offsets = findBox(view, table, 'ctts');
  if (!offsets) return false;
  const times = findBox(view, table, 'stts');
  return [offsets, times].some((box) => box !== null && sumOfCounts(view, box) > Math.min(most, MAX_SAMPLES));
}

/** Samples of all entries of `stts` or `ctts`. */
function sumOfCounts(view: DataView, box: Box): number {
  let sum = 0;
  for (const at of entriesOf(view, box, 8)) sum += view.getUint32(at);
  return sum;
}

/** Places of a table's entries. Like mediabunny, goes on behind a table that says it has more than it has room for. */
function* entriesOf(view: DataView, box: Box, entryBytes: number): Generator<number, void> {
  const first = box.start + 8;
  const room = Math.floor((view.byteLength - first) / entryBytes);
  const entries = Math.min(view.getUint32(box.start + 4), room);
  for (let i = 0; i < entries; i++) yield first + i * entryBytes;
}

/** What is said of a file whose numbers count too much. */
export function countsTooMuch(): FramesiftError {
  return new FramesiftError(
    'unreadable-video',
    'This clip’s structure is damaged: its tables count more pictures than the file can hold. Fetch the file again and try once more.',
  );
}
