import { COPY_CHUNK_BYTES, type FileTree } from '@/lib/files/file-tree';

/** One thing that every FileTree does, and throws where it does not. */
export interface FileTreeCase {
  name: string;
  run(tree: FileTree): Promise<void>;
}

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Compares by value; runs in Node and in a browser's worker, where there is no test runner. */
function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [actual, expected].map((value) =>
    JSON.stringify(value instanceof Uint8Array ? [...value] : value),
  );
  if (a !== b) throw new Error(`${what}: ${a?.slice(0, 300)} and not ${b?.slice(0, 300)}.`);
}

const sorted = async (names: Promise<string[]>) => (await names).sort();

async function streamed(tree: FileTree, path: string): Promise<number[]> {
  const seen: number[] = [];
  for await (const chunk of tree.stream(path)) seen.push(...chunk);
  return seen;
}

/**
 * What each place for files is held to: in Node over memory, a disk and fakes of the browser's (file-trees.test.ts), in
 * Chromium over the real ones (file-places.spec.ts).
 */
export const FILE_TREE_CASES: readonly FileTreeCase[] = [
  {
    name: 'has nothing at first, and says so',
    async run(tree) {
      same(await tree.folders(), [], 'folders');
      same(await tree.folders('a'), [], 'folders of a folder that is not there');
      same(await tree.files(), [], 'files');
      same(await tree.has('a/b'), false, 'has');
      same(await tree.size('a/b'), null, 'size');
      same(await tree.read('a/b'), null, 'read');
      same(await tree.blob('a/b'), null, 'blob');
      same(await tree.openReader('a/b'), null, 'openReader');
      same(await streamed(tree, 'a/b'), [], 'stream');
      await tree.remove('a/b');
      await tree.remove('a');
    },
  },
  ...(['safely', 'quickly'] as const).map((mode) => ({
    name: `writes a file ${mode}, over a longer one too, and reads it in every way`,
    async run(tree: FileTree) {
      await tree.write('a/b/c.bin', bytes(9, 9, 9, 9, 9), mode);
      await tree.write('a/b/c.bin', bytes(1, 2, 3), mode);
      same(await tree.has('a/b/c.bin'), true, 'has');
      same(await tree.size('a/b/c.bin'), 3, 'size');
      same(await tree.read('a/b/c.bin'), bytes(1, 2, 3), 'read');
      same(await streamed(tree, 'a/b/c.bin'), [1, 2, 3], 'stream');
      const blob = (await tree.blob('a/b/c.bin'))!;
      same(new Uint8Array(await blob.arrayBuffer()), bytes(1, 2, 3), 'blob');
      const reader = (await tree.openReader('a/b/c.bin'))!;
      same([...(await reader.read(1, 1))], [2], 'a part');
      same([...(await reader.read(1, 100))], [2, 3], 'a part at the end');
      same([...(await reader.read(7, 1))], [], 'a part behind the end');
      reader.close();
      await tree.write('a/empty', bytes(), mode);
      same(await tree.size('a/empty'), 0, 'size of an empty file');
    },
  })),
  {
    name: 'takes names in any language, with spaces, per cent and dots',
    async run(tree) {
      const paths = ['clips/e-1/видео 1.webm', 'clips/e-1/视频%2F.mp4', 'vectors/e-1/a%3Ab.current.f32'];
      for (const [i, path] of paths.entries()) await tree.write(path, bytes(i), 'quickly');
      for (const [i, path] of paths.entries()) same(await tree.read(path), bytes(i), path);
      same(await sorted(tree.files()), [...paths].sort(), 'files');
    },
  },
  {
    name: 'lists the folders and files of a folder alone',
    async run(tree) {
      for (const path of ['frames/a/1', 'frames/a/2', 'frames/b/1', 'clips/a/1', 'top']) {
        await tree.write(path, bytes(1), 'quickly');
      }
      same(await sorted(tree.folders()), ['clips', 'frames'], 'folders at the top');
      same(await sorted(tree.folders('frames')), ['a', 'b'], 'folders');
      same(await tree.folders('frames/a'), [], 'folders of one that has files alone');
      same(await sorted(tree.files('frames/a')), ['frames/a/1', 'frames/a/2'], 'files');
      same((await tree.files()).length, 5, 'all files');
    },
  },
  {
    name: 'appends from where it is told, and cuts off what lies behind',
    async run(tree) {
      const first = await tree.append('a/b', 0);
      const buffer = bytes(1, 2, 3);
      await first.write(buffer);
      buffer.fill(0);
      await first.write(bytes(4, 5, 6));
      await first.close();
      same(await tree.read('a/b'), bytes(1, 2, 3, 4, 5, 6), 'two chunks');
      const second = await tree.append('a/b', 4);
      await second.write(bytes(7));
      await second.close();
      same(await tree.read('a/b'), bytes(1, 2, 3, 4, 7), 'gone on with');
      await (await tree.append('a/b', 2)).close();
      same(await tree.read('a/b'), bytes(1, 2), 'cut off');
    },
  },
  {
    name: 'copies a large file in, and tells how far it is',
    async run(tree) {
      const large = new Uint8Array(COPY_CHUNK_BYTES + 10).fill(7);
      const seen: number[] = [];
      await tree.copy('clips/e/a.mp4', new Blob([large]), (copied) => seen.push(copied));
      same(seen.at(-1), large.length, 'bytes told');
      same(await tree.size('clips/e/a.mp4'), large.length, 'size');
      const tail = (await tree.blob('clips/e/a.mp4'))!.slice(-2);
      same(new Uint8Array(await tail.arrayBuffer()), bytes(7, 7), 'the end');
      await tree.copy('clips/e/empty.mp4', new Blob([]));
      same(await tree.size('clips/e/empty.mp4'), 0, 'size of an empty one');
    },
  },
  {
    name: 'edits a file in its place, or says that it cannot and leaves none',
    async run(tree) {
      const made = await tree.edit('v/e/x.f32', (file) => {
        file.truncate(0);
        return [file.write(bytes(1, 2, 3, 4), { at: 0 }), file.getSize()];
      });
      if (made === null) {
        same(await tree.has('v/e/x.f32'), false, 'has');
        return;
      }
      same(made.result, [4, 4], 'written');
      await tree.edit('v/e/x.f32', (file) => {
        const into = bytes(0, 0, 0);
        same(file.read(into, { at: 2 }), 2, 'bytes read at the end');
        same(into, bytes(3, 4, 0), 'what was read');
        file.write(bytes(9, 9), { at: 3 });
      });
      same(await tree.read('v/e/x.f32'), bytes(1, 2, 3, 9, 9), 'edited');
    },
  },
  {
    name: 'closes a file whose editing fails',
    async run(tree) {
      await tree
        .edit('v/e/x.f32', () => {
          throw new Error('no');
        })
        .catch(() => undefined);
      await tree.write('v/e/x.f32', bytes(1));
      same(await tree.read('v/e/x.f32'), bytes(1), 'written afterwards');
    },
  },
  {
    name: 'renames a file, over another',
    async run(tree) {
      await tree.write('m/a.part', bytes(1, 2));
      await tree.write('m/a', bytes(3));
      await tree.rename('m/a.part', 'm/a');
      same(await tree.files(), ['m/a'], 'files');
      same(await tree.read('m/a'), bytes(1, 2), 'read');
      let isRefused = false;
      await tree.rename('m/none', 'm/other').catch(() => (isRefused = true));
      same(isRefused, true, 'renaming what is not there is refused');
    },
  },
  {
    name: 'removes a file, and a folder with all that is in it',
    async run(tree) {
      for (const path of ['f/a/1', 'f/a/2', 'f/ab/1', 'f/c']) await tree.write(path, bytes(1), 'quickly');
      await tree.remove('f/a/1');
      same(await sorted(tree.files()), ['f/a/2', 'f/ab/1', 'f/c'], 'after a file');
      await tree.remove('f/a');
      same(await sorted(tree.files()), ['f/ab/1', 'f/c'], 'after a folder');
      await tree.remove('f');
      same(await tree.files(), [], 'after all');
    },
  },
  {
    name: 'writes into a folder that was removed since it was used last',
    async run(tree) {
      await tree.write('a/b/x', bytes(1));
      await tree.remove('a');
      same(await tree.has('a/b/x'), false, 'has');
      await tree.write('a/b/y', bytes(2), 'quickly');
      same(await tree.read('a/b/y'), bytes(2), 'read');
      same(await tree.files(), ['a/b/y'], 'files');
      await tree.remove('a/b');
      const edited = await tree.edit('a/b/z', (file) => file.write(bytes(3), { at: 0 }));
      same(await tree.files(), edited ? ['a/b/z'] : [], 'files after editing');
    },
  },
];
