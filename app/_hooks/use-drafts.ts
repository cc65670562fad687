'use client';

import { useState } from 'react';
import { openVideoElement } from '@/lib/video/element-frames';
import type { ClipFacts } from '@/lib/video/clip-facts';
import type { Decoder } from '@/lib/ingest/ingest-clip';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { getFramesift, readSwitches } from './framesift';

/** A file that a person has opened and not yet had read. */
export interface Draft {
  key: string;
  file: File;
  facts: ClipFacts;
  decoder: Decoder;
  /** A picture of it; null when none could be made. */
  preview: Blob | null;
}

/** A file that cannot be read, and why. */
export interface Refusal {
  key: string;
  fileName: string;
  message: string;
}

/** What a player does not tell of a clip. */
const PLAYER_FACTS = {
  container: 'video',
  codec: 'a codec that only the player knows',
  codecString: null,
  rotationDegrees: 0,
  averageFrameRate: null,
  hasAudio: false,
  decodable: false,
} as const;

/** Facts of a file and the decoder that can read it. Throws a sentence when neither can. */
export async function inspectFile(file: File): Promise<{ facts: ClipFacts; decoder: Decoder }> {
  const { services } = getFramesift();
  let facts: ClipFacts | undefined;
  let problem: unknown;
  if (readSwitches().decoder === 'auto') {
    try {
      facts = await services.video.inspect(file);
      if (facts.decodable) return { facts, decoder: 'webcodecs' };
    } catch (error) {
      problem = error;
    }
  }
  try {
    const element = await openVideoElement(file);
    try {
      return { facts: { ...PLAYER_FACTS, ...element.facts, ...facts }, decoder: 'element' };
    } finally {
      element.close();
    }
  } catch (elementError) {
    if (facts?.problem) throw new FramesiftError('unsupported-video', facts.problem, { cause: elementError });
    throw toFramesiftError(problem ?? elementError);
  }
}

/** The files that were opened, what is known of them, and those that could not be read. */
export function useDrafts() {
  const [drafts, setDrafts] = useState<Draft[]>([]);
  const [refusals, setRefusals] = useState<Refusal[]>([]);
  const [inspecting, setInspecting] = useState(0);

  /** Looks at files one after another; each becomes a draft or a refusal. */
  const addFiles = async (files: readonly File[]): Promise<Draft[]> => {
    const added: Draft[] = [];
    setInspecting((count) => count + files.length);
    for (const file of files) {
      const key = crypto.randomUUID();
      try {
        const { facts, decoder } = await inspectFile(file);
        const preview =
          decoder === 'webcodecs'
            ? await getFramesift()
                .services.video.preview(file)
                .then(({ thumbnail }) => new Blob([thumbnail]))
                .catch(() => null)
            : null;
        const draft: Draft = { key, file, facts, decoder, preview };
        added.push(draft);
        setDrafts((current) => [...current, draft]);
      } catch (error) {
        const { message } = toFramesiftError(error, 'This file could not be opened.');
        setRefusals((current) => [...current, { key, fileName: file.name, message }]);
      } finally {
        setInspecting((count) => count - 1);
      }
    }
    return added;
  };

  const removeDraft = (key: string) => setDrafts((current) => current.filter((draft) => draft.key !== key));
  const dismissRefusal = (key: string) =>
    setRefusals((current) => current.filter((refusal) => refusal.key !== key));

  return { drafts, refusals, inspecting: inspecting > 0, addFiles, removeDraft, dismissRefusal };
}
