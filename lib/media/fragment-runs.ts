import { boxesIn, findBox, readBoxHead, type Box } from './mp4-boxes';

/**
 * [Note: Runs that count to billions] A fragment's runs (`trun`, ISO/IEC 14496-12, 8.8.8) say how many samples follow. Where each
 * sample has numbers of its own, a run ends with its box. Where all have the track's defaults, it takes 16 bytes for any
 * count, and mediabunny 1.61.0 writes every sample down, 200 bytes each, so that one damaged number takes the worker
 * gigabytes. No fragment holds more samples than the file has room for.
 */

/** Samples of one fragment at most: 40 seconds of uncompressed sound, hours of pictures. */
const MAX_SAMPLES = 2 ** 21;

/** Numbers in a `tfhd` before the default size of a sample: the flags that say so, and their bytes. */
const BEFORE_SIZE = [
  [0x01, 8],
  [0x02, 4],
  [0x08, 4],
] as const;
const SIZE_FLAG = 0x10;

/** Flags of a run whose samples have a duration, a size, flags or an offset each. */
const NUMBERS_OF_EACH = 0xf00;

/**
 * Whether a fragment's runs count more samples than the file has room for.
 *
 * @param moof the whole box, with its head
 */
export function runsBeyondFile(moof: DataView, fileBytes: number): boolean {
  try {
    const box = readBoxHead(moof, 0, moof.byteLength);
    if (!box) return false;
    let samples = 0;
    for (const traf of boxesIn(moof, box.start, Math.min(box.end, moof.byteLength))) {
      if (traf.type !== 'traf') continue;
      const most = Math.min(MAX_SAMPLES, fileBytes / sampleBytesOf(moof, traf));
      for (const run of runsOf(moof, traf)) samples += run;
      if (samples > most) return true;
    }
  } catch (error) {
    // A box that ends before its contents do: the reader has a sentence for it.
    if (!(error instanceof RangeError)) throw error;
  }
  return false;
}

/** The default size of a sample in a fragment, at least a byte; a byte where only the file's head says it. */
function sampleBytesOf(moof: DataView, traf: Box): number {
  const tfhd = findBox(moof, traf, 'tfhd');
  if (!tfhd) return 1;
  const flags = moof.getUint32(tfhd.start);
  if ((flags & SIZE_FLAG) === 0) return 1;
  let at = tfhd.start + 8;
  for (const [flag, bytes] of BEFORE_SIZE) if ((flags & flag) !== 0) at += bytes;
  return Math.max(1, moof.getUint32(at));
}

/** Samples of each run that has only a count. mediabunny reads a run's beginning however long its box says it is. */
function* runsOf(moof: DataView, traf: Box): Generator<number, void> {
  for (let at = traf.start; at < traf.end;) {
    const box = readBoxHead(moof, at, traf.end);
    if (!box) return;
    if (box.type === 'trun' && (moof.getUint32(box.start) & NUMBERS_OF_EACH) === 0) {
      yield moof.getUint32(box.start + 4);
    }
    at = box.end;
  }
}
