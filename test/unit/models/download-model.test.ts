import type { ModelDownloadProgress } from '@/lib/ports/models';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadModel, totalBytesOf } from '@/lib/models/download-model';
import { MemoryTree } from '@/lib/files/memory-tree';
import { ModelStore } from '@/lib/models/model-store';
import { FramesiftError } from '@/lib/shared/errors';
import { expected, graphBytes, SmallTree } from './fixtures';
import { HubServer } from '../../support/hub-server';

const MODEL = { id: 'model', name: 'Model' };
const contents: [string, Uint8Array<ArrayBuffer>][] = [
  ['config.json', new TextEncoder().encode('{"a": 1}')],
  ['onnx/vision_model.onnx', graphBytes(200_000, 1)],
  ['onnx/text_model.onnx', graphBytes(100_000, 2)],
];
const files = contents.map(([path, bytes]) => expected(path, bytes));
const total = totalBytesOf(files)!;

let hub: HubServer;
let store: ModelStore;
let seen: ModelDownloadProgress[];

beforeEach(async () => {
  hub = await HubServer.start();
  for (const [path, bytes] of contents) hub.serve(path, bytes);
  store = new ModelStore(new MemoryTree());
  seen = [];
});
afterEach(() => hub.stop());

/** Every look at the clock is a second later. */
function ticking(): () => number {
  let now = 0;
  return () => (now += 1000);
}

function download(options: { check?: () => Promise<void>; spare?: ModelStore } = {}) {
  const { check, spare = null } = options;
  return downloadModel(
    {
      files,
      target: { model: MODEL, store, spare },
      sourcesOf: (path) => [{ url: `${hub.baseUrl}/${path}`, label: 'hub' }],
      onProgress: (progress) => seen.push(progress),
      ...(check && { check }),
    },
    { retryDelayMs: 1, maxAttempts: 2, nowMs: ticking() },
  );
}
const loaded = () => seen.map(({ loadedBytes }) => loadedBytes);

describe('progress', () => {
  it('counts the bytes of all files, never falls, and ends at the total, which never changes', async () => {
    await download();
    expect(loaded()).toEqual([...loaded()].sort((a, b) => a - b));
    expect(new Set(seen.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
    expect(loaded().at(-1)).toBe(total);
    expect(seen.at(-1)).toMatchObject({ path: 'onnx/text_model.onnx', isInMemory: false });
  });

  it('tells the rate and the time left', async () => {
    await download();
    const middle = seen.find(({ loadedBytes }) => loadedBytes > 0 && loadedBytes < total)!;
    expect(middle.rate!.perSecond).toBeGreaterThan(0);
    expect(middle.rate!.remainingMs).toBeCloseTo(
      ((total - middle.loadedBytes) / middle.rate!.perSecond) * 1000,
      6,
    );
    expect(seen.at(-1)!.rate!.remainingMs).toBe(0);
  });

  it('begins with what is there and does not count it as fast', async () => {
    await download();
    await store.remove(MODEL, ['onnx/text_model.onnx']);
    seen = [];
    await download();
    expect(Math.min(...loaded())).toBeGreaterThanOrEqual(total - 100_000);
    for (const { rate } of seen) expect(rate?.perSecond ?? 0).toBeLessThanOrEqual(100_000);
  });
});

describe('a model', () => {
  it('is not fetched again where it is there', async () => {
    await download();
    const before = hub.requests.length;
    await download();
    expect(hub.requests).toHaveLength(before);
  });

  it('is refused before its weights are fetched', async () => {
    const refuse = () => Promise.reject(new FramesiftError('model-mismatch', 'It does not fit.'));
    await expect(download({ check: refuse })).rejects.toThrow('It does not fit.');
    expect(hub.requests.map(({ path }) => path)).toEqual(['config.json']);
  });

  it('goes on where it broke off: files that are whole are not asked for', async () => {
    hub.files.get('onnx/text_model.onnx')!.faults = [{ status: 404 }];
    await expect(download()).rejects.toThrow(/404/);
    const before = hub.requests.length;
    await download();
    expect(hub.requests.slice(before).map(({ path }) => path)).toEqual(['onnx/text_model.onnx']);
  });

  it('is held in memory as far as the disk has no room', async () => {
    store = new ModelStore(new SmallTree(150_000));
    const spare = new ModelStore(new MemoryTree());
    await download({ spare });
    expect(await spare.file('model', 'onnx/vision_model.onnx')).not.toBeNull();
    expect(await store.file('model', 'onnx/text_model.onnx')).not.toBeNull();
    expect(seen.at(-1)).toMatchObject({ loadedBytes: total, isInMemory: true });
  });
});
