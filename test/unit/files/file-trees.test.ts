import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CacheTree } from '@/lib/files/cache-tree';
import { DiskTree } from '@/lib/files/disk-tree';
import type { FileTree } from '@/lib/files/file-tree';
import { MemoryTree } from '@/lib/files/memory-tree';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { SubTree } from '@/lib/files/sub-tree';
import { FakeCache } from '../../support/fake-cache';
import { FakeDirectory, type FakeDisk } from '../../support/fake-opfs';
import { FILE_TREE_CASES } from '../../support/file-tree-cases';

const opfs = (disk: Partial<FakeDisk> = {}) => new OpfsTree(new FakeDirectory(disk).asHandle());
const cache = (options = {}) => new CacheTree(new FakeCache(options).asCache(), 'https://example.org');
const bytes = (...values: number[]) => Uint8Array.from(values);

const places: [string, () => FileTree | Promise<FileTree>][] = [
  ['private files', () => opfs()],
  ['private files that cannot be renamed', () => opfs({ canMove: false })],
  ['private files without access handles', () => opfs({ hasAccess: false })],
  ['Cache Storage', () => cache()],
  ['memory', () => new MemoryTree()],
  ['a folder of a tree', () => new SubTree(opfs(), 'files-of/a')],
  [
    'a disk',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'framesift-tree-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      return new DiskTree(folder);
    },
  ],
];

describe.each(places)('a tree in %s', (_, open) => {
  it.each(FILE_TREE_CASES)('$name', async (one) => {
    await one.run(await open());
  });
});

it('a folder of a tree has nothing of what lies beside it', async () => {
  const tree = new MemoryTree();
  const [one, other] = ['of/a', 'of/ab'].map((folder) => new SubTree(tree, folder));
  await one!.write('frames/x', bytes(1));
  await other!.write('frames/x', bytes(2));
  await tree.write('frames/x', bytes(3));
  expect(await one!.files()).toEqual(['frames/x']);
  await one!.remove('frames');
  expect((await tree.files()).sort()).toEqual(['frames/x', 'of/ab/frames/x']);
});

describe.each<[string, (freeBytes: number) => FileTree]>([
  ['private files', (freeBytes) => opfs({ freeBytes })],
  ['private files that are cut when they are closed', (freeBytes) => opfs({ freeBytes, cutsOnClose: true })],
  ['private files without access handles', (freeBytes) => opfs({ freeBytes, hasAccess: false })],
  ['Cache Storage', (quotaBytes) => cache({ quotaBytes })],
])('a full disk under %s', (_, open) => {
  it('is told as storage-full by every way to write', async () => {
    const tree = open(2);
    const full = { code: 'storage-full', message: expect.stringMatching(/Delete a clip/) as string };
    await expect(tree.write('m/a', bytes(1, 2, 3))).rejects.toMatchObject(full);
    await tree.remove('m');
    await expect(tree.write('m/a', bytes(1, 2, 3), 'quickly')).rejects.toMatchObject(full);
    await tree.remove('m');
    await expect(tree.copy('m/a', new Blob([bytes(1, 2, 3)]))).rejects.toMatchObject(full);
    expect(await tree.files()).toEqual([]);
  });

  it('keeps what was there', async () => {
    const tree = open(10);
    await tree.write('m/a', bytes(1, 2, 3, 4, 5, 6));
    await expect(tree.write('m/a', new Uint8Array(20))).rejects.toMatchObject({ code: 'storage-full' });
    expect(await tree.read('m/a')).toEqual(bytes(1, 2, 3, 4, 5, 6));
    expect(await tree.files()).toEqual(['m/a']);
  });
});

describe('private files', () => {
  it('wait for another tab that is writing, and then say so', async () => {
    const tree = opfs();
    const other = await tree.append('model/a.json', 0);
    setTimeout(() => void other.close(), 60);
    await tree.write('model/a.json', bytes(1));
    const stuck = await tree.append('model/a.json', 0);
    await expect(tree.append('model/a.json', 0)).rejects.toThrow(/another tab/);
    await stuck.close();
  });

  it('are read by several at once', async () => {
    const tree = opfs();
    await tree.write('v/a', bytes(1, 2));
    const readers = [await tree.openReader('v/a'), await tree.openReader('v/a')];
    expect([...(await readers[1]!.read(1, 1))]).toEqual([2]);
    readers.forEach((reader) => reader!.close());
  });
});
