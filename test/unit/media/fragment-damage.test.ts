import { describe, expect, it } from 'vitest';
import {
  findFragmentAt,
  hasFragmentIndex,
  isMissingBetween,
  walkFragments,
} from '@/lib/media/fragment-damage';

const textOf = (type: string): number[] => Array.from(type, (character) => character.charCodeAt(0));

function box(type: string, ...contents: number[][]): number[] {
  const content = contents.flat();
  const size = content.length + 8;
  return [0, 0, size >> 8, size & 255, ...textOf(type), ...content];
}

const FRAGMENT_BYTES = 24 + 8 + 40;

/** A `moof` with its number, and an `mdat` of 40 bytes. */
const fragment = (number: number): number[] => [
  ...box('moof', box('mfhd', [0, 0, 0, 0, 0, 0, 0, number])),
  ...box('mdat', new Array<number>(40).fill(number)),
];

const HEAD = [...box('ftyp', textOf('isom')), ...box('moov', box('mvhd', [0]))];
const placeOf = (index: number): number => HEAD.length + index * FRAGMENT_BYTES;
const fileOf = (...parts: number[][]): Blob => new Blob([Uint8Array.from([...HEAD, ...parts.flat()])]);
const typesIn = async (file: Blob): Promise<string[]> => {
  const bytes = Buffer.from(await file.arrayBuffer());
  const types: string[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    types.push(bytes.toString('latin1', at + 4, at + 8));
  return types;
};

/** The fragment at a place with a run of so many samples in place of its data, as long as before. */
const withRun = (bytes: number[], place: number, samples: number): number[] => {
  const tfhd = box('tfhd', [0, 0, 0, 0, 0, 0, 0, 1]);
  const count = [24, 16, 8, 0].map((shift) => (samples >>> shift) & 0xff);
  const traf = box('traf', [...tfhd, ...box('trun', [0, 0, 0, 0, ...count])]);
  const mfhd = bytes.slice(place + 8, place + 24);
  const moof = box('moof', [...mfhd, ...traf]);
  return bytes.toSpliced(place, moof.length, ...moof);
};

const FOUR = [1, 2, 3, 4].map(fragment);

describe('walkFragments', () => {
  it('gives a whole file back as it is', async () => {
    const file = fileOf(...FOUR);
    expect(await walkFragments(file)).toEqual({
      blob: file,
      damage: [],
      endsDamaged: false,
      fragments: [0, 1, 2, 3].map((i) => ({ place: placeOf(i), number: i + 1 })),
    });
  });

  it('is for files with fragments', async () => {
    expect(await walkFragments(new Blob([Uint8Array.from([...HEAD, ...box('mdat', [1, 2, 3])])]))).toBeNull();
  });

  it.each([
    ['zeros over a fragment', (bytes: number[]) => bytes.fill(0, placeOf(1), placeOf(2))],
    ['zeros over a fragment’s head alone', (bytes: number[]) => bytes.fill(0, placeOf(1), placeOf(1) + 24)],
    ['a size beyond the file', (bytes: number[]) => bytes.fill(0x7f, placeOf(1), placeOf(1) + 4)],
    ['a size of 0', (bytes: number[]) => bytes.fill(0, placeOf(1), placeOf(1) + 4)],
    ['an unknown box', (bytes: number[]) => bytes.fill(0x71, placeOf(1) + 4, placeOf(1) + 8)],
    ['a run of billions', (bytes: number[]) => withRun(bytes, placeOf(1), 0x7fff_ffff)],
    ['a fragment without a number', (bytes: number[]) => bytes.fill(0, placeOf(1) + 8, placeOf(1) + 24)],
  ])('lays a free box over %s, so that the next fragments are found', async (_name, damage) => {
    const bytes = damage([...HEAD, ...FOUR.flat()]);
    const walked = (await walkFragments(new Blob([Uint8Array.from(bytes)])))!;
    expect(walked.damage).toEqual([{ start: placeOf(1), end: placeOf(2) }]);
    expect(walked.fragments.map(({ number }) => number)).toEqual([1, 3, 4]);
    expect(walked.endsDamaged).toBe(false);
    expect(await typesIn(walked.blob)).toEqual([
      'ftyp',
      'moov',
      'moof',
      'mdat',
      'free',
      'moof',
      'mdat',
      'moof',
      'mdat',
    ]);
    expect(walked.blob.size).toBe(bytes.length);
  });

  it('says so where nothing follows the damage', async () => {
    const bytes = [...HEAD, ...FOUR.flat()].fill(0, placeOf(3));
    expect(await walkFragments(new Blob([Uint8Array.from(bytes)]))).toMatchObject({
      damage: [{ start: placeOf(3), end: bytes.length }],
      endsDamaged: true,
    });
  });

  it('leaves a file that was cut off to those who know how long it should be', async () => {
    const file = new Blob([Uint8Array.from([...HEAD, ...FOUR.flat()].slice(0, -10))]);
    expect(await walkFragments(file)).toMatchObject({ blob: file, damage: [], endsDamaged: false });
  });
});

describe('findFragmentAt', () => {
  it.each([
    [placeOf(2), 2],
    [placeOf(2) + 1, 2],
    [placeOf(3) + 500, 3],
  ])('finds the fragment of packet %i', async (number, index) => {
    expect(await findFragmentAt(fileOf(...FOUR), number)).toBe(placeOf(index));
  });

  it('finds none where packets are numbered otherwise', async () => {
    expect(await findFragmentAt(new Blob([new Uint8Array(1000)]), 300)).toBeNull();
  });
});

describe('hasFragmentIndex', () => {
  it.each([
    ['none', false, FOUR],
    ['mfra at the end', true, [...FOUR, box('mfra', box('mfro', [0, 0, 0, 0, 0, 0, 0, 24]))]],
    ['sidx before the fragments', true, [box('sidx', [0]), ...FOUR]],
    ['sidx behind a fragment alone', false, [FOUR[0]!, box('sidx', [0]), FOUR[1]!]],
  ])('sees %s', async (_name, isIndexed, parts) => {
    expect(await hasFragmentIndex(fileOf(...parts))).toBe(isIndexed);
  });
});

describe('isMissingBetween', () => {
  const between = async (from: number, to: number, ...numbers: number[]) => {
    const walked = (await walkFragments(fileOf(...numbers.map(fragment))))!;
    return isMissingBetween(walked, placeOf(from) + 1, placeOf(to) + 1);
  };

  it.each([
    ['where a number is skipped', true, [1, 3], [1, 2, 3, 5, 6, 7]],
    ['not beside it', false, [3, 5], [1, 2, 3, 5, 6, 7]],
    ['not where every second number belongs to another track', false, [0, 3], [1, 3, 5, 7]],
    ['where one of those is skipped', true, [0, 3], [1, 3, 7, 9, 11]],
    ['not where all have the same', false, [0, 3], [1, 1, 1, 1]],
    ['not where they begin anew', false, [0, 3], [7, 8, 1, 2, 3]],
  ])('%s', async (_name, missing, [from, to], numbers) => {
    expect(await between(from!, to!, ...numbers)).toBe(missing);
  });
});
