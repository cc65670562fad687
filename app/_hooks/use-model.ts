'use client';

import type { LoadOptions, LoadProgress, LoadedModel } from '@/lib/ports/encoder';
import type { DownloadProgress } from '@/lib/ports/models';
import { useEffect, useState } from 'react';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import {
  doWithoutServedModel,
  readModelChoice,
  saveModelChoice,
  servedChoice,
  sourceSettings,
  type ModelChoice,
} from './model-settings';
import {
  providerOptions,
  readProviderPreference,
  saveProviderPreference,
  type ProviderPreference,
} from './provider-preference';

export type ModelState =
  /** `previous` is what was at work before, while it is being replaced. */
  | { state: 'loading'; progress: LoadProgress | null; previous: LoadedModel | null }
  | { state: 'ready'; model: LoadedModel }
  | { state: 'failed'; message: string };

function optionsFor(choice: ModelChoice, preference = readProviderPreference()): LoadOptions {
  return { ...choice, ...providerOptions(preference) };
}

/** The model that this page is set to use. */
export function modelOptions(): LoadOptions {
  return optionsFor(readModelChoice());
}

/** Starts the model when the page opens, so that the first clip or question need not wait for it. */
export function useModel(): {
  model: ModelState;
  retry: () => void;
  /** Changes to another model and stays with it; goes back to the one before, and throws, when it does not start. */
  change: (choice: ModelChoice) => Promise<void>;
  /** Runs the model another way and stays with it; goes back, and throws, when it does not start. */
  changeProvider: (preference: ProviderPreference) => Promise<void>;
} {
  const [model, setModel] = useState<ModelState>({
    state: 'loading',
    progress: null,
    previous: null,
  });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    const { services } = getFramesift();
    // Also when a worker had to be replaced meanwhile, and the model runs somewhere else now.
    const unsubscribe = services.clip.subscribe((loaded) => {
      if (current) setModel({ state: 'ready', model: loaded });
    });
    const show = (progress: LoadProgress) => {
      if (current) setModel(loading(progress));
    };
    fetchServedModel(show)
      .then(() => load(modelOptions(), show))
      .then(
        (loaded) => {
          if (current) setModel({ state: 'ready', model: loaded });
        },
        (thrown: unknown) => {
          const error = toFramesiftError(thrown);
          // Another model was chosen before this one had started: that one is told of.
          if (current && !isCancelled(error)) setModel({ state: 'failed', message: error.message });
        },
      );
    return () => {
      current = false;
      unsubscribe();
    };
  }, [attempt]);

  const retry = () => {
    setModel(loading(null));
    setAttempt((number) => number + 1);
  };

  const restart = async (options: LoadOptions, keep: () => void, goBack: () => void = () => undefined) => {
    setModel(loading(null));
    try {
      const loaded = await load(options, (progress) => setModel(loading(progress)));
      keep();
      setModel({ state: 'ready', model: loaded });
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // Another choice was made before this one had started, and is under way.
      if (isCancelled(error)) return;
      goBack();
      retry();
      throw error;
    }
  };
  const change = (choice: ModelChoice) => restart(optionsFor(choice), () => saveModelChoice(choice));
  const changeProvider = (preference: ProviderPreference) => {
    const before = readProviderPreference();
    // Kept at once: the choice shows while the model starts.
    saveProviderPreference(preference);
    return restart(
      optionsFor(readModelChoice(), preference),
      () => undefined,
      () => saveProviderPreference(before),
    );
  };

  return { model, retry, change, changeProvider };
}

/** The state of a model that is being started, whatever was there before. */
function loading(progress: LoadProgress | null): (current: ModelState) => ModelState {
  return (current) => ({ state: 'loading', progress, previous: modelOf(current) });
}

/** The model that is at work, or was until it began to be replaced. */
export function modelOf(state: ModelState): LoadedModel | null {
  if (state.state === 'ready') return state.model;
  return state.state === 'loading' ? state.previous : null;
}

function load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
  return getFramesift().services.clip.load(options, onProgress);
}

/** Fetches what is missing of the model that this site serves to everybody; on a visit without it the bundled one does. */
async function fetchServedModel(show: (progress: LoadProgress) => void): Promise<void> {
  const served = servedChoice();
  if (!served) return;
  const report = ({ loadedBytes, totalBytes }: DownloadProgress) =>
    show({ stage: 'download', loadedBytes, totalBytes });
  try {
    const { models } = getFramesift().services;
    await models.download(served.modelId, served.dtype, sourceSettings(), report);
  } catch {
    doWithoutServedModel();
  }
}
