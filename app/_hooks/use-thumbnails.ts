'use client';

import { pictureKey, useFramePictures } from './use-frame-pictures';

/** Object URLs for the stored pictures of some frames of one clip, by frame index. */
export function useThumbnails(clipId: string, frameIndexes: readonly number[]): ReadonlyMap<number, string> {
  const urls = useFramePictures(frameIndexes.map((frameIndex) => ({ clipId, frameIndex })));
  const found = frameIndexes.map(
    (frameIndex) => [frameIndex, urls.get(pictureKey({ clipId, frameIndex }))] as const,
  );
  return new Map(found.filter((entry): entry is readonly [number, string] => entry[1] !== undefined));
}
