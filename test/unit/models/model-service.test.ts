import type { GivenFile, ModelDownloadProgress, SourceSettings } from '@/lib/ports/models';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelVersionOf } from '@/lib/models/model-config';
import { ModelService } from '@/lib/models/model-service';
import { BUNDLED_MODEL_ID, findModel } from '@/lib/models/catalog';
import { eventually } from '../../support/eventually';
import { FakeDirectory } from '../../support/fake-opfs';
import { graphBytes, sha256Of } from '../models/fixtures';
import { HubServer } from '../../support/hub-server';

/*
 * The whole of what the models worker does, on a private file system in memory and a server on this
 * machine. The configuration files are the bundled model's; its graphs stand for any.
 */

const bundled = join(import.meta.dirname, '../../../public/models', BUNDLED_MODEL_ID);
const json = (name: string) => new Uint8Array(readFileSync(join(bundled, name)));
const contents = new Map([
  ['config.json', json('config.json')],
  ['preprocessor_config.json', json('preprocessor_config.json')],
  ['tokenizer.json', json('tokenizer.json')],
  ['onnx/vision_model.onnx', graphBytes(120_000, 1)],
  ['onnx/text_model.onnx', graphBytes(80_000, 2)],
]);
const SETTINGS: SourceSettings = { mirrorBaseUrl: null, hosted: [] };

let hub: HubServer;
let disk: FakeDirectory;
let heldLocks: Set<string>;
let progress: ModelDownloadProgress[];
const onProgress = (one: ModelDownloadProgress) => progress.push(one);

beforeEach(async () => {
  hub = await HubServer.start();
  disk = new FakeDirectory({ freeBytes: 10_000_000 });
  heldLocks = new Set();
  progress = [];
  vi.stubGlobal('FileSystemFileHandle', { prototype: { createSyncAccessHandle: null } });
  vi.stubGlobal('navigator', {
    storage: {
      getDirectory: () => Promise.resolve(disk),
      estimate: () => Promise.resolve({ quota: 100, usage: 30 }),
    },
    locks: {
      request: (name: string, _: object, work: (lock: object | null) => Promise<void>) =>
        work(heldLocks.has(name) ? null : {}),
    },
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await hub.stop();
});

function serve(prefix = 'my-clip/', files: Iterable<[string, Uint8Array]> = contents): string {
  for (const [path, bytes] of files) hub.serve(prefix + path, bytes);
  return `${hub.baseUrl}/${prefix}`;
}
function given(files: Iterable<[string, Uint8Array<ArrayBuffer>]> = contents): GivenFile[] {
  return Array.from(files, ([path, bytes]) => ({ path: `my-clip/${path}`, file: new File([bytes], path) }));
}
const own = async (service: ModelService) =>
  (await service.list(SETTINGS)).filter(({ kind }) => kind === 'own');
const modelPaths = () => disk.paths().filter((path) => path.startsWith('models/'));

describe('a model at an address', () => {
  it('is looked at, fetched, kept, handed out and removed', async () => {
    const service = new ModelService();
    const proposal = await service.inspectBaseUrl(serve());
    expect(proposal).toMatchObject({
      name: 'my-clip',
      host: new URL(hub.baseUrl).host,
      variants: [
        { dtype: 'fp32', totalBytes: [...contents.values()].reduce((sum, { length }) => sum + length, 0) },
      ],
    });
    expect(hub.requests.filter(({ method, path }) => method === 'GET' && path.endsWith('.onnx'))).toEqual([]);
    expect(modelPaths()).toEqual([]);

    const id = await service.addOwn(proposal.key, 'fp32', onProgress);
    expect(progress.at(-1)).toMatchObject({
      loadedBytes: proposal.variants[0]!.totalBytes,
      isInMemory: false,
    });
    expect(await own(service)).toMatchObject([
      { id, name: 'my-clip', variants: [{ dtype: 'fp32', state: 'stored' }] },
    ]);

    // As after a reload: another worker finds it on the disk.
    const later = new ModelService();
    const source = await later.openFiles(id, 'fp32');
    expect([...source.paths].sort()).toEqual([...contents.keys()].sort());
    for (const [path, bytes] of contents)
      expect(sha256Of(await later.readFile(id, path)), path).toBe(sha256Of(bytes));
    expect(modelVersionOf(id, source.revision, 'fp32').length).toBeLessThanOrEqual(50);

    await later.remove(id, 'fp32');
    expect(await own(later)).toEqual([]);
    expect(modelPaths()).toEqual([]);
    await expect(later.openFiles(id, 'fp32')).rejects.toThrow(/not in this browser/);
  });

  it('goes on where a stopped download was', async () => {
    const service = new ModelService();
    const url = serve();
    const vision = hub.files.get('my-clip/onnx/vision_model.onnx')!;
    vision.faults = [];
    const { key } = await service.inspectBaseUrl(url);
    vision.faults.push({ stallAfter: 50_000 });
    const stopping = new AbortController();
    const stopped = service.addOwn(key, 'fp32', onProgress, stopping.signal);
    const arrived = () => disk.find((path) => path.endsWith('vision_model.onnx.part'))?.bytes.length;
    await eventually(() => expect(arrived()).toBe(50_000));
    stopping.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    const before = hub.requests.length;
    const resumed = new ModelService();
    const { key: newKey } = await resumed.inspectBaseUrl(url);
    const id = await resumed.addOwn(newKey, 'fp32', onProgress);
    const asked = hub.requests
      .slice(before)
      .filter(({ method, path }) => method === 'GET' && path.includes('onnx'));
    expect(asked[0]!.range).toBe('bytes=50000-');
    expect(sha256Of(await resumed.readFile(id, 'onnx/vision_model.onnx'))).toBe(
      sha256Of(contents.get('onnx/vision_model.onnx')!),
    );
  });

  it('has another revision when its weights are other', async () => {
    const service = new ModelService();
    const url = serve();
    const id = await service.addOwn((await service.inspectBaseUrl(url)).key, 'fp32', onProgress);
    const { revision } = await service.openFiles(id, 'fp32');
    await service.remove(id, 'fp32');
    serve('my-clip/', [['onnx/text_model.onnx', graphBytes(80_000, 3)]]);
    expect(await service.addOwn((await service.inspectBaseUrl(url)).key, 'fp32', onProgress)).toBe(id);
    expect((await service.openFiles(id, 'fp32')).revision).not.toBe(revision);
  });

  it.each([
    ['nothing there', () => hub.baseUrl, /no model at this address/],
    ['no address', () => 'my clip', /not a web address/],
    ['a file missing', () => serve('x/', [...contents].slice(1)), /Missing: config\.json/],
    [
      'embeddings of another length',
      () =>
        serve('x/', [
          ...contents,
          [
            'config.json',
            new TextEncoder().encode('{"projection_dim":768,"text_config":{"max_position_embeddings":77}}'),
          ],
        ]),
      /768/,
    ],
    [
      'a configuration that is none',
      () => serve('x/', [...contents, ['config.json', new TextEncoder().encode('{"a')]]),
      /config\.json is not valid JSON/,
    ],
  ])('is refused with the reason: %s', async (_, url, message) => {
    await expect(new ModelService().inspectBaseUrl(url())).rejects.toThrow(message);
    expect(modelPaths()).toEqual([]);
  });
});

describe('a model in files', () => {
  it('is copied and is the same model when it is given again', async () => {
    const service = new ModelService();
    const proposal = await service.inspectFiles(given());
    expect(proposal).toMatchObject({ name: 'my-clip', host: null });
    const id = await service.addOwn(proposal.key, 'fp32', onProgress);
    const { revision } = await service.openFiles(id, 'fp32');
    expect(hub.requests).toEqual([]);
    await service.remove(id, 'fp32');
    const again = new ModelService();
    expect(await again.addOwn((await again.inspectFiles(given())).key, 'fp32', onProgress)).toBe(id);
    expect((await again.openFiles(id, 'fp32')).revision).toBe(revision);
  });

  // Before, at and after each file's end: in its bytes, its note or the manifest that names it.
  // Where files are cut, the download waits before it asks for the rest: fewer of those.
  const fullDisks = [0, 1, 2, 3, 4].flatMap((files) => [
    ...[0, 50, 300, 600, 900, 60_000].map((extraBytes) => ({ files, extraBytes, cutsOnClose: false })),
    ...[300, 60_000].map((extraBytes) => ({ files, extraBytes, cutsOnClose: true })),
  ]);
  it.each(fullDisks)('is held in memory when the disk is full: %j', async (room) => {
    const { files, extraBytes, cutsOnClose } = room;
    disk.disk.cutsOnClose = cutsOnClose;
    disk.disk.freeBytes =
      extraBytes + [...contents.values()].slice(0, files).reduce((sum, { length }) => sum + length, 0);
    const service = new ModelService();
    const id = await service.addOwn((await service.inspectFiles(given())).key, 'fp32', onProgress);
    expect(progress.at(-1)!.isInMemory).toBe(true);
    expect(await own(service)).toMatchObject([{ variants: [{ state: 'in-memory' }] }]);
    const { paths } = await service.openFiles(id, 'fp32');
    for (const path of paths)
      expect(sha256Of(await service.readFile(id, path)), path).toBe(sha256Of(contents.get(path)!));
    // After a reload what was in memory is gone, and the page says what to do.
    await expect(new ModelService().openFiles(id, 'fp32')).rejects.toThrow(
      /not in this browser.*download it again/,
    );
  });

  it('is held in memory where the browser has no private files', async () => {
    vi.stubGlobal('FileSystemFileHandle', { prototype: {} });
    const service = new ModelService();
    const id = await service.addOwn((await service.inspectFiles(given())).key, 'fp32', onProgress);
    expect(progress.every(({ isInMemory }) => isInMemory)).toBe(true);
    expect(await own(service)).toMatchObject([{ variants: [{ state: 'in-memory' }] }]);
    expect(sha256Of(await service.readFile(id, 'config.json'))).toBe(sha256Of(contents.get('config.json')!));
    expect(disk.paths()).toEqual([]);
  });
});

describe('a catalogued model', () => {
  const CLIP = 'clip-vit-b32';
  const { origin, files } = findModel(CLIP)!;
  if (origin.kind !== 'hub') throw new Error('It is not on the Hub any more.');
  const behind = (path: string) => `${origin.repository}/resolve/${origin.revision}/${path}`;
  const mirrored = (): SourceSettings => ({ ...SETTINGS, mirrorBaseUrl: hub.baseUrl });

  it('is listed with its size, licence and who would be asked', async () => {
    const listing = (await new ModelService().list(mirrored())).find(({ id }) => id === CLIP)!;
    expect(listing).toMatchObject({ kind: 'catalog', licence: { name: 'MIT' } });
    expect(listing.variants[0]).toMatchObject({
      dtype: 'q8',
      totalBytes: 155_850_671,
      storedBytes: 0,
      state: 'absent',
      fetchedFrom: new URL(hub.baseUrl).host,
    });
    expect(hub.requests).toEqual([]);
  });

  it('is not taken from a mirror that has another file', async () => {
    const [config] = files;
    hub.serve(behind(config!.path), new Uint8Array(config!.bytes!).fill(0x20).with(0, 0x7b));
    await expect(new ModelService().download(CLIP, 'q8', mirrored(), onProgress)).rejects.toThrow(
      /config\.json: its SHA-256/,
    );
    expect(modelPaths().filter((path) => path.endsWith('config.json'))).toEqual([]);
  });

  it('is fetched in one tab at a time', async () => {
    heldLocks.add(`framesift-model-${CLIP}`);
    await expect(new ModelService().download(CLIP, 'q8', mirrored(), onProgress)).rejects.toThrow(
      /another tab/,
    );
    expect(hub.requests).toEqual([]);
  });

  it('cannot be opened before it is here', async () => {
    await expect(new ModelService().openFiles(CLIP, 'q8')).rejects.toMatchObject({
      code: 'model-unavailable',
    });
    await expect(new ModelService().download('clip-x', 'q8', SETTINGS, onProgress)).rejects.toThrow(
      /no model called/,
    );
  });
});

it('tells how much room there is', async () => {
  expect(await new ModelService().freeBytes()).toBe(70);
});
