import { describe, expect, it } from 'vitest';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { currentLibrary, filesAtWork } from '@/lib/library/current-library';
import { assertFileList, beginFirstOpen, hasLibraryFiles } from '@/lib/library/first-open';
import { librariesIn } from '@/lib/library/kept-libraries';
import { DATABASE_NAME } from '@/lib/library/stores';
import { readTar, writeTar } from '@/lib/shared/tar';
import { FakeDirectory } from '../../support/fake-opfs';

const SECOND = `${DATABASE_NAME}.2`;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A browser that has the usual library, and whatever else is told. */
async function browser(...paths: string[]) {
  const files = new OpfsTree(new FakeDirectory().asHandle());
  for (const path of [`${DATABASE_NAME}/state.txt`, ...paths]) await files.write(path, bytes(path));
  let isShared = false;
  const libraries = librariesIn({
    openFiles: () => Promise.resolve(files),
    store: () => Promise.resolve('opfs-ahp'),
    withoutOtherTabs: (work) => (isShared ? Promise.reject(new Error('Close the other tabs.')) : work()),
  });
  return { files, libraries, share: () => (isShared = true), current: () => currentLibrary(files) };
}

describe('the libraries of a browser', () => {
  it('are one at first, which no file names', async () => {
    const { libraries, current } = await browser();
    expect(await current()).toBe(DATABASE_NAME);
    expect(await libraries.list()).toEqual([]);
  });

  it('are two after starting anew, and the first comes back with all of its files', async () => {
    const { files, libraries, current } = await browser();
    await libraries.choose(null);
    expect(await current()).toBe(SECOND);
    expect(await libraries.list()).toEqual([{ name: DATABASE_NAME, canBeOpened: true }]);
    await files.write(`${SECOND}/state.txt`, bytes('new'));

    await libraries.choose(DATABASE_NAME);
    expect(await current()).toBe(DATABASE_NAME);
    expect(await libraries.list()).toEqual([{ name: SECOND, canBeOpened: true }]);
    expect(await files.read(`${DATABASE_NAME}/state.txt`)).toEqual(bytes(`${DATABASE_NAME}/state.txt`));
    await libraries.choose(null);
    expect(await current()).toBe(`${DATABASE_NAME}.3`);
  });

  it('stay as they are while another tab has one open', async () => {
    const { libraries, current, share } = await browser();
    share();
    await expect(libraries.choose(null)).rejects.toThrow('Close the other tabs.');
    expect(await current()).toBe(DATABASE_NAME);
  });

  it('include those of other versions, which cannot be chosen', async () => {
    const { libraries, current } = await browser(
      'framesift-pg17-v1/x',
      'framesift-pg19-v2.2/x',
      'frames/a/x',
    );
    expect(await libraries.list()).toEqual([
      { name: 'framesift-pg17-v1', canBeOpened: false },
      { name: 'framesift-pg19-v2.2', canBeOpened: false },
    ]);
    await expect(libraries.choose('framesift-pg17-v1')).rejects.toMatchObject({ code: 'bad-input' });
    expect(await current()).toBe(DATABASE_NAME);
  });

  it('are deleted one by one, but never the one at work or anything else', async () => {
    const { files, libraries } = await browser('framesift-pg17-v1/x', 'models/m/x');
    await libraries.remove('framesift-pg17-v1');
    expect(await libraries.list()).toEqual([]);
    for (const name of [DATABASE_NAME, 'models', 'framesift-pg17-v1', '../models']) {
      await expect(libraries.remove(name)).rejects.toMatchObject({ code: 'bad-input' });
    }
    expect((await files.files()).sort()).toEqual([`${DATABASE_NAME}/state.txt`, 'models/m/x']);
  });

  it('are saved with all files as they are, however long a clip’s name is', async () => {
    const longName = `${'x'.repeat(100)}.mp4`;
    const { libraries } = await browser(
      'framesift-pg17-v1/data/0',
      'frames/a/frame_001.webp',
      `clips/a/${longName}`,
      'vectors/a/v.f32',
    );
    const { name, archive } = await libraries.archive(null);
    expect(name).toBe(DATABASE_NAME);
    const saved = await readTar(archive);
    expect([...saved.keys()]).toEqual([
      `${DATABASE_NAME}/state.txt`,
      'frames/a/frame_001.webp',
      'clips/a/file',
      'clips/a/name',
    ]);
    expect(await saved.get('frames/a/frame_001.webp')!.text()).toBe('frames/a/frame_001.webp');
    expect(await saved.get('clips/a/name')!.text()).toBe(longName);
    const other = await libraries.archive('framesift-pg17-v1');
    expect([...(await readTar(other.archive)).keys()][0]).toBe('framesift-pg17-v1/data/0');
  });

  it('have files of their own, which deleting one takes from no other', async () => {
    const { files, libraries } = await browser('frames/a/1', 'clips/a/x.mp4');
    expect(await libraries.shareFiles()).toBe(false);
    await libraries.choose(null);
    expect(await libraries.shareFiles()).toBe(false);
    const second = await filesAtWork(files);
    await files.write(`${SECOND}/state.txt`, bytes('new'));
    await second.write('frames/a/1', bytes('of the second'));
    await second.remove('frames/a');
    expect(await files.has('frames/a/1')).toBe(true);

    await second.write('frames/b/1', bytes('of the second'));
    await libraries.choose(DATABASE_NAME);
    expect(await libraries.shareFiles()).toBe(false);
    await libraries.remove(SECOND);
    expect((await files.files()).sort()).toEqual([
      'clips/a/x.mp4',
      'frames/a/1',
      'framesift-library.txt',
      `${DATABASE_NAME}/state.txt`,
    ]);
  });

  it('leave no files when the last goes that had them at the top', async () => {
    const { files, libraries } = await browser(
      'frames/a/1',
      'clips/a/x.mp4',
      'vectors/a/v.f32',
      'models/m/x',
    );
    await libraries.choose(null);
    await libraries.remove(DATABASE_NAME);
    expect((await files.files()).sort()).toEqual([
      `files-of/${SECOND}/own.txt`,
      'framesift-library.txt',
      'models/m/x',
    ]);
  });

  it('sweep what a deletion has left that was cut off', async () => {
    const { files, libraries } = await browser('frames/a/1', 'files-of/framesift-pg18-v1.7/own.txt');
    await libraries.sweep();
    expect((await files.files()).sort()).toEqual(['frames/a/1', `${DATABASE_NAME}/state.txt`]);
    await libraries.choose(null);
    await files.remove(DATABASE_NAME);
    await libraries.sweep();
    expect((await files.files()).sort()).toEqual([`files-of/${SECOND}/own.txt`, 'framesift-library.txt']);
  });

  it('share files where they were begun before, which are then left alone', async () => {
    const { libraries } = await browser(`${SECOND}/state.txt`);
    expect(await libraries.shareFiles()).toBe(true);
  });

  it('come back from their saved files beside the one at work', async () => {
    const longName = `${'x'.repeat(90)}.mp4`;
    const { libraries } = await browser('frames/a/frame_001.webp', `clips/a/${longName}`);
    const { archive } = await libraries.archive(null);
    const there = await browser('frames/a/frame_001.webp', `clips/a/${longName}`);
    await there.libraries.bringBack(archive);
    expect(await there.libraries.list()).toEqual([{ name: SECOND, canBeOpened: true }]);
    expect(await there.current()).toBe(DATABASE_NAME);
    expect(await there.files.read(`${SECOND}/state.txt`)).toEqual(bytes(`${DATABASE_NAME}/state.txt`));
    await there.libraries.choose(SECOND);
    const own = await filesAtWork(there.files);
    expect((await own.files()).sort()).toEqual([`clips/a/${longName}`, 'frames/a/frame_001.webp', 'own.txt']);
    expect(await hasLibraryFiles(there.files, SECOND)).toBe(true);
  });

  const tarOf = (...paths: string[]) =>
    writeTar(
      (async function* () {
        for (const path of paths) yield await Promise.resolve({ path, content: new Blob([path]) });
      })(),
      new Date(0),
      'application/x-tar',
    );

  it.each<[string, string[], RegExp]>([
    ['another version', ['framesift-pg17-v1/state.txt'], /another version/],
    ['a library of IndexedDB', [`${DATABASE_NAME}/indexed-db-records.json`], /where it was kept/],
    ['a library without its list of files', [`${DATABASE_NAME}/PG_VERSION`], /where it was kept/],
    ['another archive', ['holiday/a.jpg'], /another version/],
    ['a path that leads out', [`${DATABASE_NAME}/state.txt`, 'frames/../../x'], /path that none has/],
  ])('refuse saved files of %s, and write nothing', async (_, paths, message) => {
    const { files, libraries } = await browser();
    await expect(libraries.bringBack(await tarOf(...paths))).rejects.toThrow(message);
    expect(await files.files()).toEqual([`${DATABASE_NAME}/state.txt`]);
  });

  it('refuse saved files that are cut off, and write nothing', async () => {
    const { files, libraries } = await browser('frames/a/1');
    const { archive } = await libraries.archive(null);
    await expect(libraries.bringBack(archive.slice(0, 700))).rejects.toThrow(/cut off or damaged/);
    expect((await files.files()).sort()).toEqual(['frames/a/1', `${DATABASE_NAME}/state.txt`]);
  });
});

describe('a library’s list of files', () => {
  it.each([
    ['a tree', '{"root":{"children":{"PG_VERSION":{}}},"pool":[]}'],
    [
      'a tree with changes',
      '{"root":{"children":{}},"pool":[]}\n{"opp":"rename","args":["/x","/PG_VERSION"]}',
    ],
  ])('is taken as %s', async (_, list) => {
    const { files } = await browser();
    await files.write(`${DATABASE_NAME}/state.txt`, bytes(list));
    await expect(assertFileList(files, DATABASE_NAME)).resolves.toBeUndefined();
  });

  // PGlite would write an empty one over each of these.
  it.each([
    ['nothing', ''],
    ['another text', 'this is no list PG_VERSION'],
    ['a list that is cut off', '{"root":{"children":{"PG_VERSION":{}'],
    ['a tree without PostgreSQL', '{"root":{"children":{}},"pool":[]}'],
  ])('is refused as %s', async (_, list) => {
    const { files } = await browser();
    await files.write(`${DATABASE_NAME}/state.txt`, bytes(list));
    await expect(assertFileList(files, DATABASE_NAME)).rejects.toMatchObject({
      code: 'storage-unavailable',
      message: expect.stringMatching(/damaged.*start anew/) as string,
    });
    expect(await files.read(`${DATABASE_NAME}/state.txt`)).toEqual(bytes(list));
  });

  it('is made anew where a first open was cut off', async () => {
    const { files } = await browser();
    await beginFirstOpen(files, DATABASE_NAME);
    expect(await hasLibraryFiles(files, DATABASE_NAME)).toBe(false);
    expect(await files.files()).toEqual([]);
  });
});
