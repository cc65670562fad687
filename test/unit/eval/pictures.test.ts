import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJpegs, readPictures, splitRows, type CaptionRow } from '@/scripts/eval/data/pictures';

function rows(
  shard: string,
  source: string,
  label: string | null,
  files: string[],
  split = 'train',
): CaptionRow[] {
  return files.map((file) => ({
    shard,
    file,
    source,
    label,
    split,
    w: 100,
    h: 100,
    captions: [`of ${file}`],
  }));
}

const numbered = (folder: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${folder}/${String(index).padStart(2, '0')}.jpg`);

const TABLE = [
  ...rows('s.zip', 'x', 'a', numbered('a', 25)),
  ...rows('s.zip', 'x', 'b', numbered('b', 9)),
  ...rows('s.zip', 'y', 'a', numbered('c', 10)),
  ...rows('f.zip', 'f', null, ['0.jpg'], 'dev'),
  ...rows('f.zip', 'f', null, ['1.jpg']),
  ...rows('f.zip', 'f', null, ['2.jpg'], 'extra'),
];

const HELD = ['a/12.jpg', 'a/20.jpg', 'c/01.jpg'];

describe('splitRows', () => {
  it('keeps out what training/data.py keeps out', () => {
    const splits = splitRows(TABLE);
    const filesOf = (wanted: string) =>
      TABLE.filter((_, index) => splits[index] === wanted).map(({ file }) => file);
    // Printed by split_rows of training/data.py for the same rows.
    expect(filesOf('held')).toEqual(HELD);
    expect(filesOf('dev')).toEqual(['0.jpg']);
  });
});

describe('a folder of captioned pictures', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framesift-pictures-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives the pictures that were kept out, with all that is said of their class', async () => {
    const table = TABLE.map((row) =>
      row.source === 'y' ? { ...row, captions: ['A Tree', `of ${row.file}`], aspect: 'squashed' } : row,
    );
    await writeFile(
      join(folder, 'captions.jsonl.gz'),
      gzipSync(table.map((row) => `${JSON.stringify(row)}\n`).join('')),
    );
    const pictures = await readPictures(folder);
    expect(pictures.map(({ id }) => id)).toEqual([...HELD.map((file) => `s.zip/${file}`), 'f.zip/0.jpg']);
    const tree = pictures.find(({ source }) => source === 'y');
    expect(tree?.text.split('\n')).toEqual(expect.arrayContaining(['a tree', 'a']));
    expect(tree?.aspect).toBeCloseTo(4 / 3, 9);
  });

  it('gives the files asked for', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    await writeFile(join(folder, 's.zip'), zipSync({ 'a/1.jpg': bytes, 'a/2.jpg': new Uint8Array([9]) }));
    const jpegs = await readJpegs(folder, ['s.zip/a/1.jpg']);
    expect([...jpegs]).toEqual([['s.zip/a/1.jpg', bytes]]);
    await expect(readJpegs(folder, ['s.zip/a/3.jpg'])).rejects.toThrow(/has no file a\/3\.jpg/);
  });

  it('says what is missing and where to point', async () => {
    await expect(readPictures(folder)).rejects.toThrow(
      /no captions\.jsonl\.gz.*--data FOLDER.*--clips FOLDER/s,
    );
  });
});
