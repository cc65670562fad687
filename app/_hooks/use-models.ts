'use client';

import type {
  GivenFile,
  ModelDownloadProgress,
  ModelListing,
  ModelVariant,
  OwnModelProposal,
} from '@/lib/ports/models';
import { useCallback, useRef, useState } from 'react';
import { parseBaseUrl } from '@/lib/models/sources';
import { askToKeepStorage } from '@/lib/shared/browser-storage';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { readMirror, saveMirror, sourceSettings, type ModelChoice } from './model-settings';

/** What is being fetched or stored. */
export interface RunningDownload {
  name: string;
  /** The row that it belongs to; null for a model that has none yet. */
  choice: ModelChoice | null;
  progress: ModelDownloadProgress | null;
}

/** A model found in a person's files or at an address, or that it is being looked for. */
type OwnState = { state: 'none' } | { state: 'looking' } | { state: 'found'; proposal: OwnModelProposal };

/** The models that can be chosen, and all that can be done with them. */
export interface Models {
  listings: ModelListing[] | null;
  freeBytes: number | null;
  download: RunningDownload | null;
  own: OwnState;
  /** What went wrong last. */
  problem: string | null;
  mirror: string | null;
  refresh: () => void;
  startDownload: (model: ModelListing, variant: ModelVariant) => void;
  /** Fetches what is missing of a model and changes to it; `then` is called once it is at work. */
  fetchAndUse: (model: ModelListing, variant: ModelVariant, then: () => void) => void;
  stopDownload: () => void;
  remove: (choice: ModelChoice) => void;
  use: (choice: ModelChoice) => void;
  lookInFiles: (files: readonly GivenFile[]) => void;
  lookAtUrl: (url: string) => void;
  addOwn: (proposal: OwnModelProposal, dtype: ModelVariant['dtype']) => void;
  dismissOwn: () => void;
  setMirror: (url: string) => void;
  dismissProblem: () => void;
}

export function useModels(change: (choice: ModelChoice) => Promise<void>): Models {
  const [listings, setListings] = useState<ModelListing[] | null>(null);
  const [freeBytes, setFreeBytes] = useState<number | null>(null);
  const [download, setDownload] = useState<RunningDownload | null>(null);
  const [own, setOwn] = useState<OwnState>({ state: 'none' });
  const [problem, setProblem] = useState<string | null>(null);
  const [mirror, setMirrorState] = useState<string | null>(null);

  /** What ends the downloads that run. */
  const stopping = useRef(new Set<AbortController>());

  const reload = useCallback(async () => {
    const { models } = getFramesift().services;
    setMirrorState(readMirror());
    setListings(await models.list(sourceSettings()));
    setFreeBytes(await models.freeBytes());
  }, []);

  const guard = (action: () => Promise<void>) => {
    setProblem(null);
    action().catch((error: unknown) => {
      if (!isCancelled(error)) setProblem(toFramesiftError(error).message);
    });
  };

  /** Runs something that reports progress, and shows it until it ends. */
  const withDownload = async (
    running: Omit<RunningDownload, 'progress'>,
    work: (onProgress: (progress: ModelDownloadProgress) => void, signal: AbortSignal) => Promise<void>,
  ) => {
    // Asked for once there is something here that would be missed.
    askToKeepStorage();
    setDownload({ ...running, progress: null });
    const controller = new AbortController();
    stopping.current.add(controller);
    try {
      await work((progress) => setDownload({ ...running, progress }), controller.signal);
    } finally {
      stopping.current.delete(controller);
      setDownload(null);
      await reload();
    }
  };

  const fetchModel = (model: ModelListing, { dtype }: ModelVariant) =>
    withDownload({ name: model.name, choice: { modelId: model.id, dtype } }, (onProgress, signal) =>
      getFramesift().services.models.download(model.id, dtype, sourceSettings(), onProgress, signal),
    );
  const startDownload = (model: ModelListing, variant: ModelVariant) =>
    guard(() => fetchModel(model, variant));
  const fetchAndUse = (model: ModelListing, variant: ModelVariant, then: () => void) =>
    guard(async () => {
      await fetchModel(model, variant);
      await change({ modelId: model.id, dtype: variant.dtype });
      then();
    });

  const addOwn = (proposal: OwnModelProposal, dtype: ModelVariant['dtype']) =>
    guard(async () => {
      const { models } = getFramesift().services;
      let modelId = '';
      await withDownload({ name: proposal.name, choice: null }, async (onProgress, signal) => {
        modelId = await models.addOwn(proposal.key, dtype, onProgress, signal);
      });
      setOwn({ state: 'none' });
      try {
        await change({ modelId, dtype });
      } catch (error) {
        const { code, message } = toFramesiftError(error);
        if (code !== 'model-mismatch') throw error;
        // Its graphs are not what this page can run, and will not be: it would only take up room.
        await models.remove(modelId, dtype);
        await reload();
        throw new FramesiftError('model-mismatch', `${proposal.name} does not fit: ${message}`, {
          cause: error,
        });
      }
    });

  const look = (find: () => Promise<OwnModelProposal>) =>
    guard(async () => {
      setOwn({ state: 'looking' });
      try {
        setOwn({ state: 'found', proposal: await find() });
      } catch (error) {
        setOwn({ state: 'none' });
        throw error;
      }
    });

  return {
    listings,
    freeBytes,
    download,
    own,
    problem,
    mirror,
    refresh: () => guard(reload),
    startDownload,
    fetchAndUse,
    stopDownload: () => stopping.current.forEach((controller) => controller.abort()),
    remove: ({ modelId, dtype }) =>
      guard(async () => {
        await getFramesift().services.models.remove(modelId, dtype);
        await reload();
      }),
    use: (choice) => guard(() => change(choice)),
    lookInFiles: (files) => look(() => getFramesift().services.models.inspectFiles([...files])),
    lookAtUrl: (url) => look(() => getFramesift().services.models.inspectBaseUrl(url)),
    addOwn,
    dismissOwn: () => setOwn({ state: 'none' }),
    setMirror: (url) =>
      guard(async () => {
        saveMirror(url.trim() === '' ? null : parseBaseUrl(url));
        await reload();
      }),
    dismissProblem: () => setProblem(null),
  };
}
