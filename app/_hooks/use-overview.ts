'use client';

import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';
import type { ClipOverview } from '@/lib/ports/search';
import { useEffect, useState } from 'react';
import { likelyExamples } from '@/lib/ask/examples';
import { clipOverview } from '@/lib/ask/clip-overview';
import { getFramesift } from './framesift';

/** What can be said of a clip before anybody asks; each part null until it is known. */
export interface BeforeAsking {
  overview: ClipOverview | null;
  /** Questions that the clip seems to answer. */
  examples: string[] | null;
}

const NOTHING: BeforeAsking = { overview: null, examples: null };

/**
 * The overview of a clip, and questions to try of it.
 *
 * @param clip null where a question is asked, or the clip is still being read
 * @param wantsExamples false where the clip brings its own
 */
export function useOverview(
  clip: ClipSummary | null,
  model: LoadedModel | null,
  wantsExamples: boolean,
): BeforeAsking {
  const [known, setKnown] = useState<{ key: string; value: BeforeAsking } | null>(null);
  const { id: clipId = null, durationMs = null, embeddingCount = 0 } = clip ?? {};
  const key = clipId && model ? `${clipId} ${model.modelVersion} ${embeddingCount}` : null;

  useEffect(() => {
    if (!clipId || !model || key === null) return;
    const ending = new AbortController();
    const { signal } = ending;
    const { services } = getFramesift();
    const show = (value: Partial<BeforeAsking>) => {
      if (signal.aborted) return;
      setKnown((before) => ({ key, value: { ...(before?.key === key ? before.value : NOTHING), ...value } }));
    };
    const look = async () => {
      const overview = await clipOverview(services, model, clipId, signal);
      show({ overview });
      if (!wantsExamples || overview.frames.length === 0) return;
      show({ examples: await likelyExamples(services, model, { clipId, durationMs }, signal) });
    };
    // A clip without an overview can be asked all the same.
    void look().catch(() => undefined);
    return () => ending.abort();
  }, [key, clipId, durationMs, model, wantsExamples]);

  return known?.key === key ? known.value : NOTHING;
}
