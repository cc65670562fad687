'use client';

import { useEffect, useState } from 'react';
import { BUNDLED_MODEL_ID } from '@/lib/clip/catalog';
import type { LoadedModel, LoadOptions, LoadProgress } from '@/lib/clip/clip-encoder';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift, readSwitches } from './framesift';

export type ModelState =
  | { state: 'loading'; progress: LoadProgress | null }
  | { state: 'ready'; model: LoadedModel }
  | { state: 'failed'; message: string };

/** The model that this page is set to use. */
export function modelOptions(): LoadOptions {
  return { modelId: BUNDLED_MODEL_ID, provider: readSwitches().provider };
}

/** Starts the model when the page opens, so that the first clip or question need not wait for it. */
export function useModel(): { model: ModelState; retry: () => void } {
  const [model, setModel] = useState<ModelState>({ state: 'loading', progress: null });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    const { services } = getFramesift();
    // Also when a worker had to be replaced meanwhile, and the model runs somewhere else now.
    const unsubscribe = services.clip.subscribe((loaded) => {
      if (current) setModel({ state: 'ready', model: loaded });
    });
    services.clip
      .load(modelOptions(), (progress) => {
        if (current) setModel({ state: 'loading', progress });
      })
      .then(
        (loaded) => {
          if (current) setModel({ state: 'ready', model: loaded });
        },
        (error: unknown) => {
          if (current) setModel({ state: 'failed', message: toFramesiftError(error).message });
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
  return { model, retry };
}
