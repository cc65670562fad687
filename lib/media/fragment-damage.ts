import { ByteWindow, latin1, viewOf, type ByteStretch } from './demux/byte-window';
import { runsBeyondFile } from './fragment-runs';

/*
 * [Note: Damage between fragments]
 *
 * The fragments of an MP4 (`moof` with its `mdat`, ISO/IEC 14496-12, 8.8) follow one another, each found by the size of
 * the box before. Where a box is damaged (zeros of a failing disk, a lost piece of a copy) a reader loses all that comes
 * after it, and mediabunny 1.61.0 shows the last picture until the clip's end without a word. A fragment whose runs count
 * more than the file can hold is damaged, too. So the boxes are walked, and a damaged stretch is given to mediabunny as
 * one `free` box that reaches to the next fragment: nothing moves, since fragments may name their bytes by place in the
 * file. A step of the walk takes half a millisecond. Where mediabunny has no index it walks itself, and only what follows
 * the last fragment that it found is looked at.
 *
 * A fragment that is missing as a whole leaves no damage, but a gap in `sequence_number` (8.8.5).
 */

/** Boxes that stand outermost in files of this kind. */
const OUTERMOST = new Set(
  'ftyp styp moov moof mdat sidx ssix mfra free skip wide uuid meta emsg prft pdin pnot udta'.split(' '),
);

/** Small fragments lie together in one read; of a large one only the head is read. */
const WINDOW_BYTES = 64 * 1024;

/** `mfro` ends a file with the length of its `mfra`. */
const MFRO_BYTES = 16;

/** Heads of fragments that are longer are looked at so far: 64 KB are four thousand samples. */
const MAX_MOOF_BYTES = 1024 * 1024;

/** How much of a damaged stretch is searched at once for the next fragment. */
const SEARCH_BYTES = 1024 * 1024;

/** So much is searched of a file that had no fragment yet: most are files without any, whose end is missing. */
const FIRST_SEARCH_BYTES = 16 * 1024 * 1024;

/** A crafted file could have one box for every eight bytes. */
const MAX_BOXES = 1_000_000;

/** `moof` begins with `mfhd`, which is 16 bytes long and ends with the fragment's number. */
const FRAGMENT_HEAD_BYTES = 24;
const FRAGMENT_SIGNATURE = [...codesOf('moof'), 0, 0, 0, 16, ...codesOf('mfhd')];

function codesOf(type: string): number[] {
  return Array.from(type, (character) => character.charCodeAt(0));
}

/** What a walk over a fragmented file found. */
export interface Fragments {
  /** The file as it can be read: the same one where nothing is damaged. */
  blob: Blob;
  damage: readonly ByteStretch[];
  /** Nothing that can be read follows the last damage. */
  endsDamaged: boolean;
  /** Of every fragment the place of its `moof`, and its number. */
  fragments: readonly { place: number; number: number }[];
}

/**
 * Walks a file's outermost boxes, see [Note: Damage between fragments]; null where there are no fragments.
 *
 * @param start where a box begins
 * @param maxBoxes after so many the rest is taken for whole
 */
export async function walkFragments(file: Blob, start = 0, maxBoxes = MAX_BOXES): Promise<Fragments | null> {
  const window = new ByteWindow(file, WINDOW_BYTES);
  const fragments: { place: number; number: number }[] = [];
  const damage: ByteStretch[] = [];
  let at = start;
  for (let boxes = 0; at < file.size && boxes < maxBoxes; boxes++) {
    const box = await readOutermost(window, at);
    if (box.end !== null && box.end <= file.size) {
      if (box.number !== null) fragments.push({ place: at, number: box.number });
      at = box.end;
      continue;
    }
    const searchedBytes = fragments.length > 0 ? Infinity : FIRST_SEARCH_BYTES;
    const next = await findFragment(file, at + 1, searchedBytes);
    // A box that is well formed and only longer than the file is the end of one that was cut off.
    if (next === null && box.end !== null) break;
    damage.push({ start: at, end: next ?? file.size });
    at = next ?? file.size;
  }
  if (fragments.length === 0) return null;
  const endsDamaged = damage.at(-1)?.end === file.size;
  return { blob: damage.length > 0 ? withFreeBoxes(file, damage) : file, damage, endsDamaged, fragments };
}

/** How far a packet's number may be from the place of its fragment, see `findFragmentAt`. */
const MAX_SAMPLES = 64 * 1024;

/**
 * The place of the fragment that a packet is in; null for a file without fragments.
 *
 * @param packetNumber as mediabunny 1.61.0 numbers packets: the fragment's place, and its own among the samples
 */
export async function findFragmentAt(file: Blob, packetNumber: number): Promise<number | null> {
  const start = Math.max(0, packetNumber - MAX_SAMPLES);
  const part = file.slice(start, packetNumber + FRAGMENT_HEAD_BYTES);
  const bytes = new Uint8Array(await part.arrayBuffer());
  for (let place = packetNumber - start; place >= 0; place--) {
    if (isFragmentAt(bytes, place)) return start + place;
  }
  return null;
}

/** Whether a file says where its fragments are: by `mfra` at its end (8.8.9) or `sidx` before them (8.16.3). */
export async function hasFragmentIndex(file: Blob): Promise<boolean> {
  const end = new Uint8Array(await file.slice(Math.max(0, file.size - MFRO_BYTES)).arrayBuffer());
  if (latin1(end.subarray(4, 8)) === 'mfro') return true;
  const window = new ByteWindow(file, WINDOW_BYTES);
  for (let at = 0; at < file.size;) {
    const type = latin1((await window.read(at, 8)).subarray(4));
    const { end } = await readOutermost(window, at);
    if (type === 'sidx') return true;
    if (type === 'moof' || type === 'mdat' || end === null) return false;
    at = end;
  }
  return false;
}

/** Where the box at a place ends, null for none; and its number where it is a fragment. */
async function readOutermost(
  window: ByteWindow,
  at: number,
): Promise<{ end: number | null; number: number | null }> {
  const head = await window.read(at, FRAGMENT_HEAD_BYTES);
  if (head.length < 8) return { end: null, number: null };
  const type = latin1(head.subarray(4, 8));
  if (!OUTERMOST.has(type)) return { end: null, number: null };
  const view = viewOf(head);
  let size = view.getUint32(0);
  // To the end of the file, where nothing follows.
  if (size === 0 && type !== 'moof') return { end: Infinity, number: null };
  if (size === 1) size = head.length < 16 ? 0 : Number(view.getBigUint64(8));
  if (size < 8) return { end: null, number: null };
  if (type !== 'moof') return { end: at + size, number: null };
  if (head.length < FRAGMENT_HEAD_BYTES || !isFragmentAt(head, 0)) return { end: null, number: null };
  const number = view.getUint32(20);
  const moof = viewOf(await window.read(at, Math.min(size, MAX_MOOF_BYTES)));
  return runsBeyondFile(moof, window.size) ? { end: null, number: null } : { end: at + size, number };
}

/** Whether a `moof` begins at a place in some bytes. */
function isFragmentAt(bytes: Uint8Array, at: number): boolean {
  return FRAGMENT_SIGNATURE.every((byte, i) => bytes[at + 4 + i] === byte);
}

/** The place of the next fragment from a place on whose box lies in the file; null where there is none. */
async function findFragment(file: Blob, from: number, searchedBytes: number): Promise<number | null> {
  const end = Math.min(file.size, from + searchedBytes);
  for (let start = from; start < end; start += SEARCH_BYTES) {
    const part = await file.slice(start, start + SEARCH_BYTES + FRAGMENT_HEAD_BYTES).arrayBuffer();
    const bytes = new Uint8Array(part);
    let found = bytes.indexOf(FRAGMENT_SIGNATURE[0]!, 4);
    while (found !== -1) {
      const place = found - 4;
      if (isFragmentAt(bytes, place) && start + place + viewOf(bytes).getUint32(place) <= file.size) {
        return start + place;
      }
      found = bytes.indexOf(FRAGMENT_SIGNATURE[0]!, found + 1);
    }
  }
  return null;
}

/** The least length of a box, and of one whose size takes eight bytes. */
const HEAD_BYTES = 8;
const LONG_HEAD_BYTES = 16;

function withFreeBoxes(file: Blob, damage: readonly ByteStretch[]): Blob {
  const parts: BlobPart[] = [];
  let at = 0;
  for (const { start, end } of damage) {
    const bytes = end - start;
    // Fewer bytes than a box has are no box to any reader, at the end of a file alone.
    if (bytes < HEAD_BYTES) continue;
    const isLong = bytes >= 2 ** 32;
    const head = new DataView(new ArrayBuffer(isLong ? LONG_HEAD_BYTES : HEAD_BYTES));
    head.setUint32(0, isLong ? 1 : bytes);
    for (const [i, code] of codesOf('free').entries()) head.setUint8(4 + i, code);
    if (isLong) head.setBigUint64(8, BigInt(bytes));
    parts.push(file.slice(at, start), head.buffer);
    at = start + head.byteLength;
  }
  return new Blob([...parts, file.slice(at)], { type: file.type });
}

/**
 * Whether something is missing between two fragments: a damaged stretch, or numbers that the file does not usually skip.
 *
 * @param fromPlace a place in the first fragment's `moof`
 * @param toPlace a place in the other one's
 */
export function isMissingBetween(
  { damage, fragments }: Pick<Fragments, 'damage' | 'fragments'>,
  fromPlace: number,
  toPlace: number,
): boolean {
  if (damage.some(({ start }) => start > fromPlace && start < toPlace)) return true;
  const usual = usualStep(fragments.map(({ number }) => number));
  const first = fragments.findLastIndex(({ place }) => place <= fromPlace);
  const last = fragments.findLastIndex(({ place }) => place <= toPlace);
  if (usual === null || first === -1) return false;
  return fragments.slice(first + 1, last + 1).some(({ number }, i) => {
    return number - fragments[first + i]!.number > usual;
  });
}

/** The step that most numbers take from one to the next; null where they do not rise or there are too few. */
function usualStep(numbers: readonly number[]): number | null {
  const steps = numbers.slice(1).map((number, i) => number - numbers[i]!);
  const counts = new Map<number, number>();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  const [usual, count] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [0, 0];
  return usual > 0 && count * 2 > steps.length ? usual : null;
}
