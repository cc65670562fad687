'use client';

import { useSyncExternalStore } from 'react';
import type { ClipsState } from '@/lib/core/clips-store';
import type { Framesift, Notices } from '@/lib/core/framesift';
import type { ModelState } from '@/lib/core/model-store';
import type { ModelsState } from '@/lib/core/models-store';
import type { OpenedFilesState } from '@/lib/core/opened-files-store';
import type { PlaceState } from '@/lib/core/place-store';
import type { ReadingStates } from '@/lib/core/reading-store';
import type { Store } from '@/lib/core/store';
import { getFramesift } from './framesift';
import type { ProviderPreference } from './provider-preference';

/**
 * The state of a store, followed.
 *
 * @param pick must be the same function for each render
 * @param before what is shown on the server, where there is no Framesift
 */
function useStore<T>(pick: (framesift: Framesift<ProviderPreference>) => Store<T>, before: T): T {
  return useSyncExternalStore(
    (listener) => pick(getFramesift()).subscribe(listener),
    () => pick(getFramesift()).get(),
    () => before,
  );
}

const OPENING: ClipsState = { library: { state: 'opening' }, undoable: null };
const LOADING: ModelState = { state: 'loading', progress: null, previous: null };
const NOT_READING: ReadingStates = new Map();
const NOTHING_TO_TELL: Notices = { message: null, silence: null };
const NOWHERE: PlaceState = {
  selectedKey: null,
  addressedClipId: null,
  questions: new Map(),
  ranges: new Map(),
};

const NOT_LISTED: ModelsState = {
  listings: null,
  freeBytes: null,
  download: null,
  own: { state: 'none' },
  problem: null,
  mirror: null,
};
const NO_FILES: OpenedFilesState = { files: [], refusals: [], inspecting: 0 };

/** The library, and the clip whose deletion can be undone. */
export const useClips = (): ClipsState => useStore(({ clips }) => clips, OPENING);

/** The model that questions are asked of. */
export const useModel = (): ModelState => useStore(({ model }) => model, LOADING);

/** The progress of every clip that this tab reads or has read. */
export const useReading = (): ReadingStates => useStore(({ reading }) => reading, NOT_READING);

/** What a person should read. */
export const useNotices = (): Notices => useStore(({ notices }) => notices, NOTHING_TO_TELL);

/** The models that can be chosen, and what is being fetched. */
export const useModelsState = (): ModelsState => useStore(({ models }) => models, NOT_LISTED);

/** The files that were chosen and not yet read. */
export const useOpenedFiles = (): OpenedFilesState => useStore(({ openedFiles }) => openedFiles, NO_FILES);

/** What is shown and asked. */
export const usePlaces = (): PlaceState => useStore(({ places }) => places, NOWHERE);

/** Whether the library had no clips when it was last looked at; the server knows nothing of it. */
export function useWasEmpty(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    () => getFramesift().clips.wasEmpty(),
    () => false,
  );
}
