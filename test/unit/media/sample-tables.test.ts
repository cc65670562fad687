import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMoov } from '@/lib/media/mp4-boxes';
import { countsBeyondFile } from '@/lib/media/sample-tables';

const clip = readFileSync(join(import.meta.dirname, '../../fixtures/clips/inputs/02-negative-start.mp4'));

/** The clip with numbers in boxes of its only track set to others, and boxes named otherwise. */
function withNumbers(
  numbers: readonly (readonly [type: string, offset: number, value: number])[],
  names: Readonly<Record<string, string>> = {},
): Blob {
  const bytes = Buffer.from(clip);
  for (const [type, offset, value] of numbers)
    bytes.writeUInt32BE(value, bytes.lastIndexOf(type) + 4 + offset);
  for (const [type, name] of Object.entries(names)) bytes.write(name, bytes.lastIndexOf(type));
  return new Blob([bytes]);
}

const withNumber = (type: string, offset: number, value: number): Blob =>
  withNumbers([[type, offset, value]]);

/** The first two entries of `ctts` count these. */
const offsetsOf = (first: number, second: number): Blob =>
  withNumbers([
    ['ctts', 8, first],
    ['ctts', 16, second],
  ]);

const stored = (samples: number): Blob => withNumbers([['stts', 8, samples]], { ctts: 'free' });
const entriesWithoutOffsets = (): Blob => withNumbers([['stts', 4, 0xffff_ffff]], { ctts: 'free' });
const sized = (bytes: number, samples: number): Blob =>
  withNumbers([
    ['stsz', 4, bytes],
    ['stsz', 8, samples],
  ]);
const packed = (bits: number, samples: number): Blob =>
  withNumbers(
    [
      ['stsz', 4, bits],
      ['stsz', 8, samples],
    ],
    { stsz: 'stz2' },
  );

describe('countsBeyondFile', () => {
  it.each([
    ['a whole file', new Blob([clip]), false],
    ['samples of one length', withNumber('stts', 8, 0x7fff_ffff), true],
    ['samples of one offset', withNumber('ctts', 8, 0x8000_0000), true],
    ['samples of a chunk', withNumber('stsc', 12, 0xffff_ffff), true],
    ['samples of two offsets, together', offsetsOf(clip.length, clip.length), true],
    ['samples that are shown as they are stored, of which one number is kept', stored(0x7fff_ffff), false],
    ['chunks', withNumber('stsc', 8, 0xffff_ffff), true],
    ['samples of all', withNumber('stsz', 8, 0xffff_ffff), true],
    ['samples of one size, of which one number is kept', sized(1, 0xffff_ffff), false],
    ['sizes of no bits', packed(0, 0xffff_ffff), true],
    ['sizes of a byte', packed(8, 10), false],
    ['entries that lie behind the table', withNumber('ctts', 4, 0xffff_ffff), true],
    ['entries behind a table of which one number is kept', entriesWithoutOffsets(), false],
    ['as many samples as bytes', withNumber('stts', 8, clip.length), false],
  ])('%s', async (_name, file, isBeyond) => {
    expect(countsBeyondFile((await readMoov(file))!, file.size)).toBe(isBeyond);
  });
});
