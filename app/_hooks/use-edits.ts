'use client';

import { useState } from 'react';
import type { FrameKey } from '@/lib/shared/frame-key';

/** What a person changed by hand in an answer. */
export interface Edits {
  /** Frames that stay whatever is chosen. */
  pinned: FrameKey[];
  /** Frames that are not to come back, in the order they were dropped. */
  dropped: FrameKey[];
}

const NO_EDITS: Edits = { pinned: [], dropped: [] };

function isSameFrame(a: FrameKey, b: FrameKey): boolean {
  return a.clipId === b.clipId && a.frameIndex === b.frameIndex;
}

/** The key alone: what else a frame carries must not travel with every request. */
function keyOf({ clipId, frameIndex }: FrameKey): FrameKey {
  return { clipId, frameIndex };
}

/**
 * Pins and drops of one answer. They belong to their question: another one starts without any.
 *
 * @param subject the question, compared by identity
 * @param initial of the first subject
 */
export function useEdits(subject: unknown, initial: Edits = NO_EDITS) {
  const [held, setHeld] = useState<{ subject: unknown; edits: Edits }>({ subject, edits: initial });
  const edits = held.subject === subject ? held.edits : NO_EDITS;
  const change = (next: (edits: Edits) => Edits) =>
    setHeld((current) => ({
      subject,
      edits: next(current.subject === subject ? current.edits : NO_EDITS),
    }));
  return {
    edits,
    togglePin: (frame: FrameKey) =>
      change(({ pinned, dropped }) => ({
        pinned: pinned.some((one) => isSameFrame(one, frame))
          ? pinned.filter((one) => !isSameFrame(one, frame))
          : [...pinned, keyOf(frame)],
        dropped,
      })),
    drop: (frame: FrameKey) =>
      change(({ pinned, dropped }) => ({
        pinned: pinned.filter((one) => !isSameFrame(one, frame)),
        dropped: [...dropped.filter((one) => !isSameFrame(one, frame)), keyOf(frame)],
      })),
    undoDrop: () => change(({ pinned, dropped }) => ({ pinned, dropped: dropped.slice(0, -1) })),
    restoreAll: () => change(({ pinned }) => ({ pinned, dropped: [] })),
  };
}
