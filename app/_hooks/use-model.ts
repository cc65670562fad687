'use client';

import { useEffect, useState } from 'react';
import type { LoadedModel, LoadOptions, LoadProgress } from '@/lib/clip/clip-encoder';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { getFramesift, readSwitches } from './framesift';
import { readModelChoice, saveModelChoice, type ModelChoice } from './model-settings';

export type ModelState =
  | { state: 'loading'; progress: LoadProgress | null }
  | { state: 'ready'; model: LoadedModel }
  | { state: 'failed'; message: string };

function optionsFor(choice: ModelChoice): LoadOptions {
  return { ...choice, provider: readSwitches().provider };
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

  const change = async (choice: ModelChoice) => {
    setModel({ state: 'loading', progress: null });
    try {
      const loaded = await load(optionsFor(choice), (progress) => setModel({ state: 'loading', progress }));
      saveModelChoice(choice);
      setModel({ state: 'ready', model: loaded });
    } catch (error) {
      retry();
      throw error;
    }
  };

  return { model, retry, change };
}

function load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel> {
  return getFramesift().services.clip.load(options, onProgress);
}
