import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BUNDLED_MODEL_ID, filesOf, findModel } from '@/lib/models/catalog';

/** What the bundler puts in for a site that serves a model, as `npm run models -- pull` leaves it. */
function serve(modelId: string): void {
  const facts = { bytes: 1, sha256: '0'.repeat(64), checked: 'sha256', from: 'x' };
  const files = filesOf(findModel(modelId)!, 'q8')!.map(({ path }) => [path, facts] as const);
  const manifest = { format: 1, id: modelId, name: modelId, files: Object.fromEntries(files) };
  vi.stubEnv('FRAMESIFT_HOSTED_MODELS', JSON.stringify([JSON.stringify(manifest)]));
}

/** The settings of a page that has just been opened; without `localStorage` they last as long as the module. */
async function open() {
  return import('@/app/_hooks/model-settings');
}

beforeEach(() => {
  vi.resetModules();
  vi.unstubAllEnvs();
});

describe('the model of a first visit', () => {
  it('is the bundled one where the site serves no other', async () => {
    const { readModelChoice, servedChoice } = await open();
    expect(readModelChoice().modelId).toBe(BUNDLED_MODEL_ID);
    expect(servedChoice()).toBeNull();
  });

  it('is the one that the site serves', async () => {
    serve('clip-vit-b32');
    const { readModelChoice } = await open();
    expect(readModelChoice()).toEqual({ modelId: 'clip-vit-b32', dtype: 'q8' });
  });

  it('is the bundled one on a visit that could not fetch it', async () => {
    serve('clip-vit-b32');
    const { doWithoutServedModel, readModelChoice } = await open();
    doWithoutServedModel();
    expect(readModelChoice().modelId).toBe(BUNDLED_MODEL_ID);
  });
});

describe('a choice', () => {
  it('comes before what the site serves, the bundled model’s too', async () => {
    serve('clip-vit-b32');
    const { BUNDLED_CHOICE, readModelChoice, saveModelChoice, servedChoice } = await open();
    saveModelChoice(BUNDLED_CHOICE);
    expect(readModelChoice()).toEqual(BUNDLED_CHOICE);
    expect(servedChoice()).toBeNull();
    saveModelChoice({ modelId: 'tinyclip-8m', dtype: 'q8' });
    expect(readModelChoice()).toEqual({ modelId: 'tinyclip-8m', dtype: 'q8' });
  });
});

describe('the offer of a better model', () => {
  it('is made where the policy lets the page fetch it, until somebody declines', async () => {
    vi.stubEnv('FRAMESIFT_MODEL_SOURCES', JSON.stringify(['https:']));
    const { declineBetterModel, mayOfferBetterModel } = await open();
    expect(mayOfferBetterModel()).toBe(true);
    declineBetterModel();
    expect(mayOfferBetterModel()).toBe(false);
  });

  it('is not made where the policy keeps the page to its own site', async () => {
    vi.stubEnv('FRAMESIFT_MODEL_SOURCES', '[]');
    const { mayOfferBetterModel } = await open();
    expect(mayOfferBetterModel()).toBe(false);
  });
});
