'use client';

import { useState } from 'react';
import { toFramesiftError } from '@/lib/shared/errors';
import { withVideoTrack } from '@/lib/media/track-choice';
import type { Inspection } from './inspect-file';

/** A file that a person has opened and not yet had read. */
export interface Draft extends Inspection {
  key: string;
}

/** A file that cannot be read, and why. */
export interface Refusal {
  key: string;
  fileName: string;
  message: string;
}

/** Numbers drafts and refusals. */
let lastDraft = 0;

/** Looks at a file; see there. The code for it is of no use before a file is opened. */
async function inspect(file: File): Promise<Inspection> {
  return (await import('./inspect-file')).inspectFile(file);
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
      const key = `draft ${(lastDraft += 1)}`;
      try {
        const draft: Draft = { key, ...(await inspect(file)) };
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

  /** Looks at a draft's file again, with another of its video tracks. */
  const chooseTrack = async (draft: Draft, track: number): Promise<void> => {
    const { name, lastModified } = draft.file;
    const chosen = withVideoTrack(draft.file, track);
    const file = new File([chosen], name, { type: chosen.type, lastModified });
    const changed: Draft = { key: draft.key, ...(await inspect(file)) };
    setDrafts((current) => current.map((one) => (one.key === draft.key ? changed : one)));
  };

  const removeDraft = (key: string) => setDrafts((current) => current.filter((draft) => draft.key !== key));
  const dismissRefusal = (key: string) =>
    setRefusals((current) => current.filter((refusal) => refusal.key !== key));

  return { drafts, refusals, inspecting: inspecting > 0, addFiles, chooseTrack, removeDraft, dismissRefusal };
}
