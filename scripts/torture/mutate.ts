import { joinBytes } from '@/lib/shared/bytes';
import { seededRandom } from '@/test/support/random';

/** A way to damage a file. `random` gives numbers in [0, 1). */
type Mutation = (bytes: Uint8Array, random: () => number) => Uint8Array;

/** Numbers that tables and sizes are set to: nothing, less than a head, and more than any file has. */
const EXTREMES = [0, 1, 7, 8, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Boxes of MP4 whose first number counts or measures something. */
const TABLES = [
  'mvhd',
  'mdhd',
  'elst',
  'stts',
  'ctts',
  'stsc',
  'stsz',
  'stco',
  'stss',
  'trun',
  'tfdt',
  'sidx',
];

const below = (random: () => number, count: number): number => Math.floor(random() * count);

/** A stretch of up to a quarter of the file. */
function stretchOf(bytes: Uint8Array, random: () => number): [start: number, end: number] {
  const start = below(random, bytes.length);
  return [start, Math.min(bytes.length, start + 1 + below(random, Math.ceil(bytes.length / 4)))];
}

function withNumber(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  if (at + 4 <= changed.length) new DataView(changed.buffer).setUint32(at, value);
  return changed;
}

/** Places where a type of four letters may stand, which sizes come before. */
function placesOf(bytes: Uint8Array, types: readonly string[] | null): number[] {
  const places: number[] = [];
  for (let at = 4; at + 4 <= bytes.length; at++) {
    const letters = bytes.subarray(at, at + 4);
    if (types === null) {
      if (letters.every((code) => code >= 0x61 && code <= 0x7a)) places.push(at);
    } else if (types.includes(String.fromCharCode(...letters))) places.push(at);
  }
  return places;
}

const pick = <T>(random: () => number, items: readonly T[]): T | undefined =>
  items[below(random, items.length)];

const flips: Mutation = (bytes, random) => {
  const changed = bytes.slice();
  for (let i = 1 + below(random, 64); i > 0; i--)
    changed[below(random, changed.length)]! ^= 1 << below(random, 8);
  return changed;
};

/** What is done to files, by name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  cut: (bytes, random) => bytes.slice(0, below(random, bytes.length)),
  'cut in front': (bytes, random) => bytes.slice(below(random, bytes.length)),
  flips,
  'flips in the head': (bytes, random) => {
    const head = Math.min(bytes.length, 2048);
    return joinBytes([flips(bytes.subarray(0, head), random), bytes.subarray(head)]);
  },
  zeros: (bytes, random) => bytes.slice().fill(0, ...stretchOf(bytes, random)),
  noise: (bytes, random) => {
    const changed = bytes.slice();
    const [start, end] = stretchOf(bytes, random);
    for (let at = start; at < end; at++) changed[at] = below(random, 256);
    return changed;
  },
  'taken out': (bytes, random) => {
    const [start, end] = stretchOf(bytes, random);
    return joinBytes([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  doubled: (bytes, random) => {
    const [start, end] = stretchOf(bytes, random);
    return joinBytes([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  elsewhere: (bytes, random) => {
    const [start, end] = stretchOf(bytes, random);
    const rest = joinBytes([bytes.subarray(0, start), bytes.subarray(end)]);
    const at = below(random, rest.length + 1);
    return joinBytes([rest.subarray(0, at), bytes.subarray(start, end), rest.subarray(at)]);
  },
  'size of a box': (bytes, random) => {
    const at = pick(random, placesOf(bytes, null)) ?? 4 + below(random, Math.max(1, bytes.length - 4));
    return withNumber(bytes, at - 4, pick(random, EXTREMES)!);
  },
  'number in a table': (bytes, random) => {
    const at = pick(random, placesOf(bytes, TABLES)) ?? below(random, Math.min(bytes.length, 2048));
    return withNumber(bytes, at + 8 + 4 * below(random, 4), pick(random, EXTREMES)!);
  },
};

/** A damaged file: the same one for the same number. */
export interface Mutant {
  mutation: string;
  bytes: Uint8Array;
}

/** The mutant of a file with a number; every kind of damage comes up in turn, some files take two. */
export function mutantOf(bytes: Uint8Array, number: number): Mutant {
  const random = seededRandom(number);
  const names = Object.keys(MUTATIONS);
  const first = names[number % names.length]!;
  // A Buffer's `slice` shares its bytes.
  const once = MUTATIONS[first]!(new Uint8Array(bytes), random);
  if (random() < 0.75 || once.length === 0) return { mutation: first, bytes: once };
  const second = pick(random, names)!;
  return { mutation: `${first}, ${second}`, bytes: MUTATIONS[second]!(once, random) };
}
