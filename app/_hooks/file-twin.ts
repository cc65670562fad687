import type { OpenedFile } from '@/lib/core/opened-files-store';
import { videoTrackOf } from '@/lib/media/track-choice';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';
import { isReadWithAnother } from './other-model';

/** A clip that was made from the same file as one that was opened. */
export interface FileTwin {
  clip: ClipSummary;
  /** Its frames, here or in a shared library, do for the file, which is not here yet: it need not be read. */
  isUsable: boolean;
}

/** The clip that was made from a file before, here or on another device; one that does for it comes first. */
export function findTwin(
  clips: readonly ClipSummary[],
  { fingerprint, file }: Pick<OpenedFile, 'fingerprint' | 'file'>,
  model: Pick<LoadedModel, 'modelVersion'> | null,
): FileTwin | null {
  const track = videoTrackOf(file);
  const twins = clips
    .filter(({ fileFingerprint }) => fileFingerprint === fingerprint)
    .map((clip) => ({
      clip,
      isUsable:
        model !== null &&
        framesOf(clip) > 0 &&
        clip.ingestState === 'done' &&
        clip.videoPath === null &&
        clip.videoTrack === track &&
        !isReadWithAnother(clip, model),
    }));
  return twins.find(({ isUsable }) => isUsable) ?? twins[0] ?? null;
}

/** Frames of a clip, wherever they are. */
export function framesOf({ sharedIn, embeddingCount }: ClipSummary): number {
  return sharedIn?.frames ?? embeddingCount;
}
