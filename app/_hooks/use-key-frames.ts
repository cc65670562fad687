'use client';

import { useEffect, useState } from 'react';
import { getFramesift } from './framesift';
import type { OpenedFile } from '@/lib/core/opened-files-store';

/**
 * When the key frames of an opened file are shown, in milliseconds: null until they are found, none where they cannot be
 * told. A file without an index is read to its end for them, until the file is put away.
 */
export function useKeyFrames({
  file,
  decoder,
}: Pick<OpenedFile, 'file' | 'decoder'>): ArrayLike<number> | null {
  const [found, setFound] = useState<{ file: File; timesMs: ArrayLike<number> } | null>(null);
  useEffect(() => {
    const ending = new AbortController();
    const finding =
      decoder === 'webcodecs'
        ? getFramesift().services.openClip(file).keyFrames(ending.signal)
        : Promise.resolve([]);
    finding
      .catch(() => [])
      .then((timesMs: ArrayLike<number>) => {
        if (!ending.signal.aborted) setFound({ file, timesMs });
      })
      .catch(() => undefined);
    return () => ending.abort();
  }, [file, decoder]);
  return found?.file === file ? found.timesMs : null;
}
