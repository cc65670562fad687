'use client';

import { useEffect, useState } from 'react';
import type { ClipSummary } from '@/lib/ports/library';
import { isAway } from '@/lib/shared/away';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';

/** Where the frames of a clip are, while a library alone has them. */
export type AwayClipState =
  { state: 'here' } | { state: 'coming' } | { state: 'failed'; message: string; retry: () => void };

/** Brings the frames of a clip that is shown and that a shared library alone has. */
export function useAwayClip(clip: ClipSummary): AwayClipState {
  const { id } = clip;
  const isWanted = isAway(clip);
  const [attempt, setAttempt] = useState(0);
  const [failure, setFailure] = useState<{ key: string; message: string } | null>(null);
  const key = `${id} ${attempt}`;

  useEffect(() => {
    if (!isWanted) return undefined;
    let isCurrent = true;
    // The list of clips tells when they are here.
    getFramesift()
      .services.sync.openClip(id)
      .catch((error: unknown) => {
        if (isCurrent) setFailure({ key, message: toFramesiftError(error).message });
      });
    return () => {
      isCurrent = false;
    };
  }, [id, isWanted, key]);

  if (!isWanted) return { state: 'here' };
  if (failure?.key !== key) return { state: 'coming' };
  return { state: 'failed', message: failure.message, retry: () => setAttempt(attempt + 1) };
}
