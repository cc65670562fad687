'use client';

import { useEffect, useState } from 'react';
import type { LoadedModel, LoadOptions, LoadProgress } from '@/lib/clip/clip-encoder';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { readModelChoice, saveModelChoice, type ModelChoice } from './model-settings';
import {
  providerOptions,
  readProviderPreference,
  saveProviderPreference,
  type ProviderPreference,
} from './provider-preference';

export type ModelState =
  | { state: 'loading'; progress: LoadProgress | null }
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
  const [model, setModel] = useState<ModelState>({ state: 'loading', progress: null });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    const { services } = getFramesift();
    // Also when a worker had to be replaced meanwhile, and the model runs somewhere else now.
    const unsubscribe = services.clip.subscribe((loaded) => {
      if (current) setModel({ state: 'ready', model: loaded });
    });
    load(modelOptions(), (progress) => {
      if (current) setModel({ state: 'loading', progress });
    }).then(
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
    setModel({ state: 'loading', progress: null });
    setAttempt((number) => number + 1);
  };

  const restart = async (options: LoadOptions, keep: () => void) => {
    setModel({ state: 'loading', progress: null });
    try {
      const loaded = await load(options, (progress) => setModel({ state: 'loading', progress }));
      keep();
      setModel({ state: 'ready', model: loaded });
    } catch (error) {
      retry();
      throw error;
    }
  };
  const change = (choice: ModelChoice) => restart(optionsFor(choice), () => saveModelChoice(choice));
  const changeProvider = (preference: ProviderPreference) =>
    restart(optionsFor(readModelChoice(), preference), () => saveProviderPreference(preference));

  return { model, retry, change, changeProvider };
}

function load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
  return getFramesift().services.clip.load(options, onProgress);
}
