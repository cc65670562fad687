import { boxesIn, findBox, type Box } from './mp4-boxes';

/**
 * [Note: Numbers that count to billions] A track's tables say in a few bytes how many samples go on as the last one did
 * (ISO/IEC 14496-12, 8.6.1 and 8.7.4). mediabunny 1.61.0 writes every one of them down, so that one damaged number takes
 * the worker minutes and gigabytes. No file holds more samples than bytes.
 */

/** Tables that repeat: bytes of an entry, and where in it the number of samples stands. */
const REPEATING = [
  { path: 'stts', entryBytes: 8, countAt: 0 },
  { path: 'ctts', entryBytes: 8, countAt: 0 },
  { path: 'stsc', entryBytes: 12, countAt: 4 },
] as const;

/**
 * Whether a table counts more samples than the file has bytes.
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
  const sizes = findBox(view, table, 'stsz');
  if (sizes && view.getUint32(sizes.start + 8) > most) return true;
  for (const { path, entryBytes, countAt } of REPEATING) {
    const box = findBox(view, table, path);
    if (!box) continue;
    const first = box.start + 8;
    const entries = Math.min(view.getUint32(box.start + 4), Math.floor((box.end - first) / entryBytes));
    for (let i = 0; i < entries; i++) {
      if (view.getUint32(first + i * entryBytes + countAt) > most) return true;
    }
  }
  return false;
}
