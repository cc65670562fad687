'use client';

import type { ModelsState, ModelsStore } from '@/lib/core/models-store';
import { getFramesift } from './framesift';
import { useModelsState } from './use-store';

type Actions = Omit<ModelsStore, 'get' | 'subscribe'>;

/** The models that can be chosen, and all that can be done with them. */
export type Models = ModelsState & Actions;

/** The models that can be chosen, followed. */
export function useModels(): Models {
  const state = useModelsState();
  // The server draws the page and nobody acts on it there.
  const actions = typeof window === 'undefined' ? ({} as Actions) : getFramesift().models;
  return { ...actions, ...state };
}
