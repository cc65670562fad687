import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEditList as readEdits } from '@/lib/media/edit-list';
import { readMoov } from '@/lib/media/mp4-boxes';

/** The edits of a file's track; none where the file has no tables. */
async function readEditList(file: Blob, trackId: number) {
  const moov = await readMoov(file);
  return moov ? readEdits(moov, trackId) : [];
}

const inputs = join(import.meta.dirname, '../../fixtures/clips/inputs');

describe('readEditList', () => {
  it.each([
    [
      '02-edit-two.mov',
      [
        [1500, 0],
        [1500, 3000],
      ],
    ],
    ['02-edit-trim.mov', [[2700, 0]]],
    [
      '02-video-late.mp4',
      [
        [5000, null],
        [3000, 5000],
      ],
    ],
    [
      '01-fmp4-cmaf-segments.mp4',
      [
        [200, null],
        [0, 200],
      ],
    ],
    ['02-fmp4-bframes.mp4', []],
    ['01-crash.mkv', []],
  ])('reads the edits of %s on mediabunny’s clock', async (name, edits) => {
    const read = await readEditList(await openAsBlob(join(inputs, name)), 1);
    expect(read.map(({ durationMs, mediaStartMs }) => [durationMs, mediaStartMs])).toEqual(edits);
  });

  it('gives nothing for a list that ends before its entries do', async () => {
    const box = (type: string, ...parts: number[][]) => {
      const body = parts.flat();
      return [0, 0, 0, 8 + body.length, ...new TextEncoder().encode(type), ...body];
    };
    const moov = box('moov', box('trak', box('tkhd', [0, 0, 0]), box('edts', box('elst', [0, 0, 0, 0]))));
    expect(await readEditList(new Blob([Uint8Array.from(moov)]), 1)).toEqual([]);
  });
});
