import { describe, expect, it } from 'vitest';
import { layoutSheet } from '@/lib/exchange/contact-sheet';
import { exportFileName, framePictureName, timeInFileName } from '@/lib/exchange/file-name';
import { mergeSpans } from '@/lib/media/time-spans';

describe('names of exported files', () => {
  it.each([
    ['holiday.mp4', 'a red car', 'zip', '', 'holiday_a-red-car.zip'],
    ['../../etc/passwd', '', 'csv', '', 'etc-passwd.csv'],
    ['Käfer & Co..mov', '“snow” | #1', 'png', '', 'Käfer-Co_snow-1.png'],
    [null, null, 'sql', 'embeddings', 'framesift_embeddings.sql'],
    ['.mp4', '///', 'webm', 'cut', 'framesift_cut.webm'],
  ])('%j asked for %j', (clip, question, extension, suffix, expected) => {
    expect(exportFileName(clip, question, extension, suffix)).toBe(expected);
  });

  it('is no name of a device, and has no marks of direction', () => {
    expect(exportFileName('CON.mp4', null, 'zip')).toBe('_CON.zip');
    expect(exportFileName('07-<img src=x>&amp;"\' \u202egpj.\u202c.mp4', null, 'zip')).toBe(
      '07-img-src-x-amp-gpj.zip',
    );
  });

  it('are never too long', () => {
    expect(exportFileName('x'.repeat(500), 'y'.repeat(500), 'zip').length).toBeLessThan(120);
  });

  it.each([
    [0, '00-00.0'],
    [12_345, '00-12.3'],
    [3_723_456, '01-02-03.4'],
    [-1, '00-00.0'],
  ])('%i ms is %s', (timestampMs, expected) => {
    expect(timeInFileName(timestampMs)).toBe(expected);
  });

  it('number pictures', () => {
    expect(framePictureName(0, { timestampMs: 12_345 }, 'image/jpeg')).toBe('frames/0001_00-12.3.jpg');
  });
});

describe('the layout of a contact sheet', () => {
  it.each([
    [1, 16 / 9],
    [8, 16 / 9],
    [64, 9 / 16],
    [10_000, 1],
    [64, 1000],
    [0, 1],
  ])('%i pictures of shape %d lie inside and beside each other', (count, ratio) => {
    const { width, height, cells, cellWidth, cellHeight } = layoutSheet(count, ratio);
    expect(cells).toHaveLength(count);
    expect(Math.max(width, height)).toBeLessThanOrEqual(8192);
    const seen = new Set(cells.map(({ x, y }) => `${x} ${y}`));
    expect(seen.size).toBe(count);
    for (const { x, y } of cells) {
      expect(x + cellWidth).toBeLessThanOrEqual(width);
      expect(y + cellHeight).toBeLessThanOrEqual(height);
    }
  });
});

describe('spans', () => {
  it.each([
    [
      'are sorted',
      [
        [5, 6],
        [1, 2],
      ],
      [
        [1, 2],
        [5, 6],
      ],
    ],
    [
      'that touch or overlap are joined',
      [
        [1, 3],
        [3, 5],
        [4, 4.5],
      ],
      [[1, 5]],
    ],
    [
      'end with the clip',
      [
        [-3, 1],
        [9, 20],
      ],
      [
        [0, 1],
        [9, 10],
      ],
    ],
    [
      'without length are left out',
      [
        [2, 2],
        [12, 13],
      ],
      [],
    ],
  ])('%s', (_, spans, expected) => {
    const of = (pairs: number[][]) => pairs.map(([startMs, endMs]) => ({ startMs: startMs!, endMs: endMs! }));
    expect(mergeSpans(of(spans), 10)).toEqual(of(expected));
  });
});
