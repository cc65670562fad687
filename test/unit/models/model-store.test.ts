import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isSafePath, type FileTree } from '@/lib/files/file-tree';
import { MemoryTree } from '@/lib/files/memory-tree';
import type { StoredFile } from '@/lib/shared/file-facts';
import { ModelStore } from '@/lib/models/model-store';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { DiskTree } from '@/lib/files/disk-tree';
import { FakeDirectory } from '../../support/fake-opfs';
import { sha256Of } from './fixtures';

const MODEL = { id: 'model', name: 'Model' };
const PATH = 'onnx/text_model.onnx';
const bytes = (...values: number[]) => Uint8Array.from(values);
const factsOf = (content: Uint8Array): StoredFile => ({
  bytes: content.length,
  sha256: sha256Of(content),
  checked: 'sha256',
  from: 'https://example.org/model',
});

const places: [string, () => Promise<FileTree>][] = [
  ['memory', () => Promise.resolve(new MemoryTree())],
  [
    'a disk',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'framesift-store-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      return new DiskTree(folder);
    },
  ],
  ['private files', () => Promise.resolve(new OpfsTree(new FakeDirectory().asHandle()))],
  [
    'private files that cannot be renamed',
    () => Promise.resolve(new OpfsTree(new FakeDirectory({ canMove: false }).asHandle())),
  ],
];

async function put(store: ModelStore, path: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
  const partial = await store.openPartial(MODEL.id, path);
  await partial.append(content);
  await partial.close();
  await store.commit(MODEL, path, factsOf(content));
}

describe.each(places)('models in %s', (_, openTree) => {
  const open = async () => {
    const tree = await openTree();
    return { tree, store: new ModelStore(tree) };
  };

  it('are there when they are whole, under their own names', async () => {
    const { tree, store } = await open();
    expect(await store.manifests()).toEqual([]);
    await put(store, PATH, bytes(8, 1, 2));
    expect(await store.read(MODEL.id, PATH)).toEqual(bytes(8, 1, 2));
    expect(await store.file(MODEL.id, PATH)).toEqual(factsOf(bytes(8, 1, 2)));
    expect(await tree.size(`model/${PATH}`)).toBe(3);
    expect(await store.manifests()).toMatchObject([{ id: 'model', name: 'Model' }]);
  });

  it('go on with a file where it was left, also in another session', async () => {
    const { tree, store } = await open();
    const first = await store.openPartial(MODEL.id, PATH);
    await first.restart({ from: 'https://example.org', etag: '"1"', totalBytes: 6 });
    await first.append(bytes(8, 1, 2));
    await first.close();
    const again = await new ModelStore(tree).openPartial(MODEL.id, PATH);
    expect(again.bytes).toBe(3);
    expect(again.note).toEqual({ from: 'https://example.org', etag: '"1"', totalBytes: 6 });
    const seen: number[] = [];
    for await (const chunk of again.stream()) seen.push(...chunk);
    expect(seen).toEqual([8, 1, 2]);
    await again.append(bytes(3, 4, 5));
    await again.close();
    await store.commit(MODEL, PATH, factsOf(bytes(8, 1, 2, 3, 4, 5)));
    expect(await store.read(MODEL.id, PATH)).toEqual(bytes(8, 1, 2, 3, 4, 5));
    expect(await store.partialBytes(MODEL.id, PATH)).toBe(0);
  });

  it('are not taken for whole before they are checked, nor when their length is another', async () => {
    const { tree, store } = await open();
    const partial = await store.openPartial(MODEL.id, PATH);
    await partial.append(bytes(8, 1, 2));
    await partial.close();
    expect(await store.file(MODEL.id, PATH)).toBeNull();
    await expect(store.read(MODEL.id, PATH)).rejects.toMatchObject({ code: 'model-unavailable' });
    await store.commit(MODEL, PATH, factsOf(bytes(8, 1, 2)));
    await tree.write(`model/${PATH}`, bytes(8, 1));
    expect(await store.file(MODEL.id, PATH)).toBeNull();
  });

  it('begin a file anew when told to', async () => {
    const { store } = await open();
    const partial = await store.openPartial(MODEL.id, PATH);
    await partial.append(bytes(9, 9, 9, 9));
    await partial.restart(null);
    await partial.append(bytes(8));
    await partial.close();
    await store.commit(MODEL, PATH, factsOf(bytes(8)));
    expect(await store.read(MODEL.id, PATH)).toEqual(bytes(8));
  });

  it('can be checked again when the manifest was lost, without fetching them', async () => {
    const { tree, store } = await open();
    await put(store, PATH, bytes(8, 1, 2));
    await tree.write('model/manifest.json', new TextEncoder().encode('{"format": 1, "id"'));
    expect(await store.manifest(MODEL.id)).toBeNull();
    expect((await store.openPartial(MODEL.id, PATH)).bytes).toBe(3);
  });

  it('lose single files and then themselves', async () => {
    const { tree, store } = await open();
    await put(store, PATH, bytes(8));
    await put(store, 'config.json', bytes(123));
    await store.remove(MODEL, [PATH]);
    expect(await store.file(MODEL.id, PATH)).toBeNull();
    expect(await store.file(MODEL.id, 'config.json')).not.toBeNull();
    await store.remove(MODEL, ['config.json']);
    expect(await tree.folders()).toEqual([]);
    await put(store, PATH, bytes(8));
    await store.removeModel(MODEL.id);
    expect(await tree.folders()).toEqual([]);
  });

  it('note every file of several that end at once', async () => {
    const { store } = await open();
    const paths = ['a.json', 'b.json', 'c.json', 'd.json'];
    await Promise.all(paths.map((path) => put(store, path, bytes(123))));
    expect(Object.keys((await store.manifest(MODEL.id))!.files).sort()).toEqual(paths);
  });
});

describe('isSafePath', () => {
  it.each(['config.json', 'onnx/model_q4.onnx', 'own-a_b-1/onnx/model.onnx_data'])('takes %s', (path) =>
    expect(isSafePath(path)).toBe(true),
  );
  it.each(['../a', 'a/../b', '/a', 'a//b', '', 'a\\b', '.hidden', 'a/', 'a:b', 'x'.repeat(201)])(
    'refuses %j',
    (path) => expect(isSafePath(path)).toBe(false),
  );
});
