import { describe, expect, it } from 'vitest';
import { ModelsStore } from '@/lib/core/models-store';
import type {
  ModelDownloadProgress,
  ModelInFormat,
  ModelListing,
  Models,
  OwnModelProposal,
} from '@/lib/ports/models';
import { FramesiftError } from '@/lib/shared/errors';
import { deferred, settle } from '../../support/core-fakes';

const variant = {
  dtype: 'fp32',
  totalBytes: 100,
  storedBytes: 0,
  state: 'absent',
  fetchedFrom: 'host',
} as const;
const listing: ModelListing = {
  id: 'large',
  name: 'Large',
  summary: '',
  kind: 'catalog',
  licence: null,
  origin: null,
  variants: [variant],
};
const proposal: OwnModelProposal = { key: 'k', name: 'Mine', host: null, variants: [variant] };
const progress = { receivedBytes: 10, totalBytes: 100 } as unknown as ModelDownloadProgress;

function openStore({
  change = () => Promise.resolve(),
}: { change?: (choice: ModelInFormat) => Promise<void> } = {}) {
  const calls: string[] = [];
  const download = deferred<undefined>();
  let tell: (told: ModelDownloadProgress) => void = () => undefined;
  let signal: AbortSignal | undefined;
  let mirror: string | null = null;
  const models: Models = {
    list: ({ mirrorBaseUrl }) => {
      calls.push(`list ${mirrorBaseUrl ?? 'the Hub'}`);
      return Promise.resolve([listing]);
    },
    freeBytes: () => Promise.resolve(5),
    download: (modelId, dtype, _, onProgress, ending) => {
      calls.push(`download ${modelId} ${dtype}`);
      tell = onProgress;
      signal = ending;
      ending?.addEventListener('abort', () => download.reject(new FramesiftError('cancelled', 'Cancelled.')));
      return download.promise;
    },
    remove: (modelId, dtype) => Promise.resolve(void calls.push(`remove ${modelId} ${dtype}`)),
    inspectFiles: (files) =>
      files.length > 0
        ? Promise.resolve(proposal)
        : Promise.reject(new FramesiftError('bad-input', 'No model.')),
    inspectBaseUrl: () => Promise.resolve(proposal),
    addOwn: (key, dtype) => {
      calls.push(`add ${key} ${dtype}`);
      return Promise.resolve('own-1');
    },
  };
  const store = new ModelsStore({
    models: () => models,
    sources: {
      settings: () => ({ mirrorBaseUrl: mirror, hosted: [] }),
      readMirror: () => mirror,
      saveMirror: (url) => (mirror = url),
    },
    change: (choice) => {
      calls.push(`change ${choice.modelId} ${choice.dtype}`);
      return change(choice);
    },
    onStoring: () => calls.push('keep'),
  });
  return { store, calls, download, tell: () => tell(progress), signal: () => signal };
}

describe('ModelsStore', () => {
  it('lists the models and the room for them', async () => {
    const { store } = openStore();
    expect(store.get().listings).toBeNull();
    store.refresh();
    await settle();
    expect(store.get()).toMatchObject({ listings: [listing], freeBytes: 5, mirror: null, problem: null });
  });

  it('fetches a model, tells how far it is, and then puts it to work', async () => {
    const { store, calls, download, tell } = openStore();
    let isAtWork = false;
    store.fetchAndUse(listing, variant, () => (isAtWork = true));
    tell();
    expect(store.get().download).toEqual({
      name: 'Large',
      choice: { modelId: 'large', dtype: 'fp32' },
      progress,
    });
    download.resolve(undefined);
    await settle();
    expect(calls).toEqual(['keep', 'download large fp32', 'list the Hub', 'change large fp32']);
    expect([store.get().download, isAtWork]).toEqual([null, true]);
  });

  it('says why a download failed, and puts nothing to work', async () => {
    const { store, calls, download } = openStore();
    store.fetchAndUse(listing, variant, () => calls.push('at work'));
    download.reject(new FramesiftError('model-unavailable', 'The line is down.', { transient: true }));
    await settle();
    expect(store.get()).toMatchObject({ problem: 'The line is down.', download: null });
    expect(calls).toEqual(['keep', 'download large fp32', 'list the Hub']);
    store.dismissProblem();
    expect(store.get().problem).toBeNull();
  });

  it('stops a download without a word', async () => {
    const { store, signal } = openStore();
    store.startDownload(listing, variant);
    store.stopDownload();
    await settle();
    expect(signal()?.aborted).toBe(true);
    expect(store.get()).toMatchObject({ problem: null, download: null });
  });

  it('takes a person’s own model in', async () => {
    const { store, calls } = openStore();
    store.lookInFiles([{ path: 'model.onnx', file: new File([], 'model.onnx') }]);
    expect(store.get().own).toEqual({ state: 'looking' });
    await settle();
    expect(store.get().own).toEqual({ state: 'found', proposal });
    store.addOwn(proposal, 'fp32');
    await settle();
    expect(store.get().own).toEqual({ state: 'none' });
    expect(calls).toEqual(['keep', 'add k fp32', 'list the Hub', 'change own-1 fp32']);
  });

  it.each([
    [
      'removes one that does not fit',
      'model-mismatch',
      'Mine does not fit: Wrong graph.',
      ['remove own-1 fp32'],
    ],
    ['keeps one that did not start', 'out-of-memory', 'Wrong graph.', []],
  ] as const)('%s', async (_, code, problem, removed) => {
    const { store, calls } = openStore({
      change: () => Promise.reject(new FramesiftError(code, 'Wrong graph.')),
    });
    store.addOwn(proposal, 'fp32');
    await settle();
    expect(store.get().problem).toBe(problem);
    expect(calls.filter((call) => call.startsWith('remove'))).toEqual(removed);
  });

  it('says where files are no model', async () => {
    const { store } = openStore();
    store.lookInFiles([]);
    await settle();
    expect(store.get()).toMatchObject({ own: { state: 'none' }, problem: 'No model.' });
  });

  it('fetches from another address, and from the Hub again', async () => {
    const { store, calls } = openStore();
    store.setMirror('https://mirror.example.org');
    await settle();
    expect(store.get().mirror).toContain('https://mirror.example.org');
    store.setMirror('not an address');
    await settle();
    expect(store.get().problem).not.toBeNull();
    expect(store.get().mirror).toContain('https://mirror.example.org');
    store.setMirror(' ');
    await settle();
    expect(store.get().mirror).toBeNull();
    expect(calls.at(-1)).toBe('list the Hub');
  });
});
