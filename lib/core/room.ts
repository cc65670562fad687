import type { ClipSummary } from '@/lib/ports/library';

/** What a frame takes: its embedding as text and packed, its thumbnail, its rows. */
const BYTES_PER_FRAME = 27_000;

/** Less room than this is told of: some minutes of reading, or one short clip. */
const LITTLE_ROOM_BYTES = 200_000_000;

/** Room in the browser's storage. */
export interface Room {
  usedBytes: number;
  /**
   * What the browser may let this site use. Chromium tells a number that says nothing of the disk (10 GiB beyond what is
   * used, on most), so that sites cannot know a visitor by it: writing may fail long before.
   */
  allowedBytes: number;
  /** So little is left that a person should know. */
  isLittle: boolean;
}

/** Null where the browser does not tell. */
export function roomOf({
  usageBytes,
  quotaBytes,
}: {
  usageBytes: number | null;
  quotaBytes: number | null;
}): Room | null {
  if (usageBytes === null || quotaBytes === null) return null;
  return {
    usedBytes: usageBytes,
    allowedBytes: quotaBytes,
    isLittle: quotaBytes - usageBytes < LITTLE_ROOM_BYTES,
  };
}

/** About what deleting a clip frees. */
function bytesOfClip(clip: ClipSummary): number {
  return (clip.videoPath === null ? 0 : (clip.fileBytes ?? 0)) + clip.frameCount * BYTES_PER_FRAME;
}

/** The clip whose deletion frees most; null where there is none. */
export function largestClip(clips: readonly ClipSummary[]): { clip: ClipSummary; bytes: number } | null {
  let largest: { clip: ClipSummary; bytes: number } | null = null;
  for (const clip of clips) {
    const bytes = bytesOfClip(clip);
    if (bytes > (largest?.bytes ?? 0)) largest = { clip, bytes };
  }
  return largest;
}

/** Whether a sentence that a clip failed with is one of a full disk (lib/shared/errors.ts, lib/files/storage-errors.ts). */
export function tellsOfFullDisk(sentence: string | null | undefined): boolean {
  return sentence?.startsWith('The browser has no space left for this site.') ?? false;
}
