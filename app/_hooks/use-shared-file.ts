'use client';

import { useEffect, useState } from 'react';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { FoundFile } from '@/lib/sync/sync-service';
import { getFramesift } from './framesift';
import { isInSharedLibrary } from './sharing';

/**
 * A shared library that has the frames of a file, read with the model at work, and whose clip is not in the list yet. The clip is
 * sent for; once it is listed the list has the answer.
 *
 * @param fingerprint of the file; null where nothing is to be looked for
 */
export function useSharedFile(
  fingerprint: string | null,
  model: Pick<LoadedModel, 'modelVersion'> | null,
): FoundFile | null {
  const [found, setFound] = useState<{ key: string; file: FoundFile } | null>(null);
  const modelVersion = model?.modelVersion ?? null;
  const key = fingerprint !== null && modelVersion !== null ? `${fingerprint} ${modelVersion}` : null;

  useEffect(() => {
    if (fingerprint === null || modelVersion === null || !isInSharedLibrary()) return undefined;
    let isCurrent = true;
    const { sync } = getFramesift().services;
    const look = async () => {
      const [file] = await sync.findFile(fingerprint, modelVersion);
      if (!file || !isCurrent) return;
      setFound({ key: `${fingerprint} ${modelVersion}`, file });
      await sync.look(true);
    };
    // Libraries that do not answer change nothing: the file can be read.
    look().catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [fingerprint, modelVersion]);

  return found?.key === key ? found.file : null;
}
