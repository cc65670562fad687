import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EncodedPacketSink } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { runsBeyondFile } from '@/lib/media/fragment-runs';
import { openMediabunny } from '@/lib/media/mediabunny-input';
import { mendFile } from '@/lib/media/mend-file';

/** Fragments of one picture each, whose runs take all numbers from the fragment's head. */
const clip = readFileSync(join(import.meta.dirname, '../../fixtures/clips/inputs/01-fmp4-oneframe.mp4'));

const u32 = (...numbers: number[]): number[] =>
  numbers.flatMap((number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff));
const box = (type: string, ...parts: number[][]): number[] => {
  const contents = parts.flat();
  return [...u32(8 + contents.length), ...Array.from(type, (letter) => letter.charCodeAt(0)), ...contents];
};
const moofOf = (...boxes: number[][]): DataView => {
  const bytes = Uint8Array.from(box('moof', box('mfhd', u32(0, 1)), box('traf', ...boxes)));
  return new DataView(bytes.buffer);
};
const run = (count: number, flags = 0, ...numbers: number[]): number[] =>
  box('trun', u32(flags, count, ...numbers));

/** Flags of `tfhd`: its data's place, a description, a duration and a size. */
const HEAD = box('tfhd', u32(0x1b, 1, 0, 0, 1, 1001, 500));
const HEAD_WITHOUT_SIZE = box('tfhd', u32(0, 1));
const MB = 1_000_000;

describe('runsBeyondFile', () => {
  it.each([
    ['as many samples as the file has room for', moofOf(HEAD, run(2000)), false],
    ['one more', moofOf(HEAD, run(2001)), true],
    ['as many in two runs', moofOf(HEAD, run(1000), run(1001)), true],
    ['samples of no known size, a byte each', moofOf(HEAD_WITHOUT_SIZE, run(MB)), false],
    ['more than bytes', moofOf(HEAD_WITHOUT_SIZE, run(MB + 1)), true],
    ['sizes of their own, which end with the box', moofOf(HEAD, run(0xffff_ffff, 0x200, 7, 7)), false],
    ['a run before its head is over', moofOf(HEAD, u32(200, 0x7472_756e)), false],
    [
      'a run that says it is longer than its fragment',
      moofOf(HEAD, [...u32(999), ...run(2001).slice(4)]),
      true,
    ],
  ])('%s', (_name, moof, isBeyond) => {
    expect(runsBeyondFile(moof, MB)).toBe(isBeyond);
  });

  it('takes no file for so large that a fragment of 40 seconds of sound is too much, and any more', () => {
    expect(runsBeyondFile(moofOf(HEAD_WITHOUT_SIZE, run(40 * 48_000)), 1e12)).toBe(false);
    expect(runsBeyondFile(moofOf(HEAD_WITHOUT_SIZE, run(0x7fff_ffff)), 1e12)).toBe(true);
  });
});

describe('a clip with a run of billions', () => {
  /** Packets that can be read from a file, and whether something is missing. */
  const readAll = async (bytes: Uint8Array<ArrayBuffer>) => {
    const file = await mendFile(openMediabunny(new Blob([bytes])), new Blob([bytes]));
    const [track] = await openMediabunny(file.readable).getVideoTracks();
    const sink = new EncodedPacketSink(track!);
    const timesUs: number[] = [];
    for await (const { microsecondTimestamp } of sink.packets()) timesUs.push(microsecondTimestamp);
    return { timesUs, damageIn: file.damageIn?.(track!) };
  };

  it('loses that fragment alone, and tells of it', async () => {
    const whole = await readAll(new Uint8Array(clip));
    const bytes = new Uint8Array(clip);
    const runs = [...clip.toString('latin1').matchAll(/trun/g)].map(({ index }) => index);
    new DataView(bytes.buffer).setUint32(runs[10]! + 8, 0x7fff_ffff);
    const { timesUs, damageIn } = await readAll(bytes);
    expect(timesUs).toEqual(whole.timesUs.toSpliced(10, 1));
    expect(await damageIn!(timesUs[9]!, timesUs[10]!)).toBe(true);
    expect(await damageIn!(timesUs[8]!, timesUs[9]!)).toBe(false);
  }, 10_000);
});
