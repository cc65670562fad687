import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { framePath } from '@/lib/library/frames';
import { MemoryTree } from '@/lib/files/memory-tree';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { ClipFiles, thumbnailType, safeFileName } from '@/lib/library/clip-files';
import { FakeDirectory } from '../../support/fake-opfs';

const GIB = 2 ** 30;
let root: FakeDirectory;
let files: ClipFiles;

const withQuota = (usage: number, quota: number) =>
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve({ usage, quota }) } });

beforeEach(() => {
  root = new FakeDirectory({ hasAccess: false });
  files = new ClipFiles(new OpfsTree(root.asHandle()));
  withQuota(0, GIB);
});
afterEach(() => vi.unstubAllGlobals());

describe('names', () => {
  it.each([
    ['holiday.mp4', 'holiday.mp4'],
    ['../../etc/passwd', 'etc_passwd'],
    ['C:\\clips\\a b?.mov', 'C_clips_a_b_.mov'],
    ['.hidden', 'hidden'],
    ['…', 'clip'],
    ['', 'clip'],
    ['视频 1.webm', '视频_1.webm'],
    ['a\u0000b/c', 'a_b_c'],
    ['trailing...', 'trailing'],
    ['x'.repeat(300) + '.mp4', 'x'.repeat(96) + '.mp4'],
  ])('%s becomes %s', (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it('a frame’s path counts from one', () => {
    expect(framePath('e-1', 0)).toBe('frames/e-1/frame_001.webp');
    expect(framePath('e-1', 1233, 'jpg')).toBe('frames/e-1/frame_1234.jpg');
    expect(() => framePath('../x', 0)).toThrow(/clip id/);
  });
});

describe('pictures', () => {
  it('are written, read with their type and removed', async () => {
    await files.write('frames/e/frame_001.webp', Uint8Array.of(0x52, 0x49, 1));
    await files.write('frames/e/frame_002.jpg', Uint8Array.of(0xff, 0xd8, 2, 3));
    const blob = await files.read('frames/e/frame_002.jpg');
    expect([blob?.size, blob?.type]).toEqual([4, 'image/jpeg']);
    expect(thumbnailType(Uint8Array.of(0x52))).toBe('image/webp');
    await files.remove([
      'frames/e/frame_001.webp',
      'frames/e/frame_009.webp',
      'frames/nobody/frame_001.webp',
    ]);
    expect(root.paths()).toEqual(['frames/e/frame_002.jpg']);
    expect(await files.read('frames/e/frame_001.webp')).toBeNull();
    expect(await files.has('frames/e/frame_002.jpg')).toBe(true);
  });

  it.each([
    '../secret',
    'frames/../x',
    'frames/e/../x',
    'frames/e/.x',
    'other/e/x',
    'frames/e/a/b',
    'frames//x',
    'frames/e/',
    '/frames/e/x',
  ])('refuses the path %s', async (path) => {
    await expect(files.read(path)).rejects.toMatchObject({ code: 'bad-input' });
    await expect(files.write(path, Uint8Array.of(1))).rejects.toMatchObject({ code: 'bad-input' });
    expect(root.paths()).toEqual([]);
  });

  it('go with their clip', async () => {
    await files.write('frames/a/frame_001.webp', Uint8Array.of(1));
    await files.write('frames/b/frame_001.webp', Uint8Array.of(1));
    expect(await files.listClipIds()).toEqual(['a', 'b']);
    await files.removeClip('a');
    await files.removeClip('never-there');
    expect(root.paths()).toEqual(['frames/b/frame_001.webp']);
  });
});

describe('the clip itself', () => {
  it('is copied under a safe name, with progress, and read back', async () => {
    const clip = new File([new Uint8Array(9_000_000)], 'my clip?.mp4');
    const progress: number[] = [];
    const path = await files.storeClipFile('e', clip, (bytes) => progress.push(bytes));
    expect(path).toBe('clips/e/my_clip_.mp4');
    expect(progress).toEqual([4_194_304, 8_388_608, 9_000_000]);
    expect((await files.readClipFile(path!))?.size).toBe(9_000_000);
    expect(await files.readClipFile('clips/e/other.mp4')).toBeNull();
  });

  it('is skipped when a fifth of the quota would not stay free', async () => {
    const clip = new File([new Uint8Array(1000)], 'a.mp4');
    withQuota(7001, 10_000);
    expect(await files.storeClipFile('e', clip)).toBeNull();
    expect(root.paths()).toEqual([]);
    withQuota(7000, 10_000);
    expect(await files.storeClipFile('e', clip)).toBe('clips/e/a.mp4');
  });
});

describe('files of this visit', () => {
  it('are written, listed and removed as others are', async () => {
    const memory = new ClipFiles(new MemoryTree());
    await memory.write('frames/e/frame_001.webp', Uint8Array.of(0x52, 0x49, 1));
    expect(await memory.storeClipFile('e', new File(['abc'], 'a clip.mp4'))).toBe('clips/e/a_clip.mp4');
    expect((await memory.read('frames/e/frame_001.webp'))?.type).toBe('image/webp');
    expect(await (await memory.readClipFile('clips/e/a_clip.mp4'))?.text()).toBe('abc');
    expect(await memory.listClipIds()).toEqual(['e']);
    await memory.removeClip('e');
    expect(await memory.listClipIds()).toEqual([]);
    expect(await memory.read('frames/e/frame_001.webp')).toBeNull();
  });
});
