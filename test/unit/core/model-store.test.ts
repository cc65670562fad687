import { describe, expect, it } from 'vitest';
import { LoadedModelStore, modelOf } from '@/lib/core/model-store';
import type { LoadedModel, LoadOptions } from '@/lib/ports/encoder';
import { FramesiftError } from '@/lib/shared/errors';
import { deferred, modelNamed, settle } from '../../support/core-fakes';

function openStore() {
  const starts: ({ options: LoadOptions } & ReturnType<typeof deferred<LoadedModel>>)[] = [];
  const kept = { modelId: 'own', preference: 'auto' };
  let tell: (model: LoadedModel) => void = () => undefined;
  const store = new LoadedModelStore<string>({
    encoder: {
      load: (options) => {
        const start = { options, ...deferred<LoadedModel>() };
        starts.push(start);
        return start.promise;
      },
      subscribe: (listener) => {
        tell = listener;
        return () => undefined;
      },
    },
    choices: {
      optionsFor: (choice) => ({ modelId: choice?.modelId ?? kept.modelId }),
      saveModel: ({ modelId }) => void (kept.modelId = modelId),
      readPreference: () => kept.preference,
      savePreference: (preference) => void (kept.preference = preference),
    },
    fetchServed: () => Promise.resolve(),
  });
  return { store, starts, kept, tell: (model: LoadedModel) => tell(model) };
}

const OTHER = { modelId: 'other', dtype: 'q8' } as const;

describe('LoadedModelStore', () => {
  it('shows the model that was at work while another starts, and keeps the choice once that runs', async () => {
    const { store, starts, kept } = openStore();
    void store.start();
    await settle();
    starts[0]!.resolve(modelNamed('a'));
    await settle();
    const changing = store.change(OTHER);
    expect(store.get().state).toBe('loading');
    expect(modelOf(store.get())?.modelVersion).toBe('a');
    expect(kept.modelId).toBe('own');
    starts[1]!.resolve(modelNamed('b'));
    await changing;
    expect(store.get()).toEqual({ state: 'ready', model: modelNamed('b') });
    expect(kept.modelId).toBe('other');
  });

  it('goes back to the model before when a clip is being read with it, and says why', async () => {
    const { store, starts, kept } = openStore();
    const changing = store.change(OTHER);
    starts[0]!.reject(new FramesiftError('bad-input', 'A clip is being read with another model.'));
    await expect(changing).rejects.toThrow('A clip is being read with another model.');
    await settle();
    expect(starts[1]!.options).toEqual({ modelId: 'own' });
    starts[1]!.resolve(modelNamed('a'));
    await settle();
    expect(store.get()).toMatchObject({ state: 'ready' });
    expect(kept.modelId).toBe('own');
  });

  it('goes back to the provider before when the new one does not start', async () => {
    const { store, starts, kept } = openStore();
    const changing = store.changeProvider('webgpu');
    expect(kept.preference).toBe('webgpu');
    starts[0]!.reject(new FramesiftError('provider-failed', 'No adapter.'));
    await expect(changing).rejects.toThrow('No adapter.');
    expect(kept.preference).toBe('auto');
  });

  it('does not show what an earlier start comes to after a later one', async () => {
    const { store, starts } = openStore();
    void store.start();
    await settle();
    const changing = store.change(OTHER);
    starts[0]!.reject(new Error('Too slow.'));
    await settle();
    expect(store.get().state).toBe('loading');
    starts[1]!.resolve(modelNamed('b'));
    await changing;
    expect(modelOf(store.get())?.modelVersion).toBe('b');
  });

  it('says nothing of a start that was given up for another choice', async () => {
    const { store, starts } = openStore();
    const changing = store.change(OTHER);
    starts[0]!.reject(new FramesiftError('cancelled', 'Another model was chosen.'));
    await changing;
    expect(store.get().state).toBe('loading');
  });

  it('follows the model into another worker', () => {
    const { store, tell } = openStore();
    tell(modelNamed('a'));
    expect(store.get()).toEqual({ state: 'ready', model: modelNamed('a') });
  });
});
