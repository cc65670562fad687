'use client';

import { thumbnailKey, useFrameThumbnails } from './use-frame-thumbnails';

/** Object URLs for the thumbnails of some frames of one clip, by frame index. */
export function useThumbnails(clipId: string, frameIndexes: readonly number[]): ReadonlyMap<number, string> {
  const urls = useFrameThumbnails(frameIndexes.map((frameIndex) => ({ clipId, frameIndex })));
  const found = frameIndexes.map(
    (frameIndex) => [frameIndex, urls.get(thumbnailKey({ clipId, frameIndex }))] as const,
  );
  return new Map(found.filter((entry): entry is readonly [number, string] => entry[1] !== undefined));
}
