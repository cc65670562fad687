import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readMoov } from '@/lib/media/mp4-boxes';
import { countsBeyondFile } from '@/lib/media/sample-tables';

const clip = readFileSync(join(import.meta.dirname, '../../fixtures/clips/inputs/02-negative-start.mp4'));

/** The clip with a number in a box of its only track set to another. */
function withNumber(type: string, offset: number, value: number): Blob {
  const bytes = Buffer.from(clip);
  bytes.writeUInt32BE(value, bytes.lastIndexOf(type) + 4 + offset);
  return new Blob([bytes]);
}

describe('countsBeyondFile', () => {
  it.each([
    ['a whole file', new Blob([clip]), false],
    ['samples of one length', withNumber('stts', 8, 0x7fff_ffff), true],
    ['samples of one offset', withNumber('ctts', 8, 0x8000_0000), true],
    ['samples of a chunk', withNumber('stsc', 12, 0xffff_ffff), true],
    ['samples of all', withNumber('stsz', 8, 0xffff_ffff), true],
    ['more entries than the box has room for', withNumber('stts', 4, 0xffff_ffff), false],
    ['as many samples as bytes', withNumber('stts', 8, clip.length), false],
  ])('%s', async (_name, file, isBeyond) => {
    expect(countsBeyondFile((await readMoov(file))!, file.size)).toBe(isBeyond);
  });
});
