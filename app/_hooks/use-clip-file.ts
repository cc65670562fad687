'use client';

import { useEffect, useState } from 'react';
import { withVideoTrack } from '@/lib/media/track-choice';
import { hasChanged } from '@/lib/shared/file-changed';
import { keptFiles, openedFiles, rememberFile } from './clip-files';
import { getFramesift } from './framesift';

/**
 * The file of a clip: the one just opened, or the copy that was kept; null when there is neither. It is marked with
 * the video track that was chosen for the clip, see [Note: The chosen track travels with the file].
 */
export async function readClipFileOf(clipId: string): Promise<Blob | null> {
  const { database } = getFramesift().services;
  const opened = await unchanged(openedFiles.get(clipId));
  const file = opened ?? (await unchanged(keptFiles.get(clipId))) ?? (await database.readClipFile(clipId));
  if (!file) return null;
  const { videoTrack } = (await database.getClip(clipId)) ?? { videoTrack: null };
  const marked = withVideoTrack(file, videoTrack);
  (opened ? openedFiles : keptFiles).set(clipId, marked);
  return marked;
}

async function unchanged(file: Blob | undefined): Promise<Blob | null> {
  return file && !(await hasChanged(file)) ? file : null;
}

/** Whether the file that was opened has changed since, and no copy of it was kept. */
export async function isFileGone(clipId: string): Promise<boolean> {
  const opened = openedFiles.get(clipId);
  if (!opened || !(await hasChanged(opened))) return false;
  const copy = await getFramesift()
    .services.database.readClipFile(clipId)
    .catch(() => null);
  return copy === null;
}

export type ClipFileState = { state: 'loading' } | { state: 'ready'; file: Blob } | { state: 'missing' };

/** The clip's own file: the one just opened, or the copy that was kept. */
export function useClipFile(clipId: string): ClipFileState & { provide: (file: Blob) => void } {
  const [result, setResult] = useState<{ clipId: string; file: Blob | null } | null>(null);

  useEffect(() => {
    let current = true;
    void readClipFileOf(clipId)
      .catch(() => null)
      .then((file) => {
        if (current) setResult({ clipId, file });
      });
    return () => {
      current = false;
    };
  }, [clipId]);

  const provide = (file: Blob) => {
    rememberFile(clipId, file);
    setResult({ clipId, file });
  };
  if (result?.clipId !== clipId) return { state: 'loading', provide };
  return result.file ? { state: 'ready', file: result.file, provide } : { state: 'missing', provide };
}
