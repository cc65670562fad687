'use client';

import { useEffect, useRef, useState } from 'react';
import type { FrameKey } from '@/lib/shared/frame-key';
import { getFramesift } from './framesift';
import { readThumbnails } from './read-thumbnails';

/** A clip that came in without thumbnails announces every few of them when they come. */
const LOOK_AGAIN_MS = 1000;

/** URLs held at a time, so that moving along many timelines does not fill the memory; 7 kB each. */
const MAX_URLS = 600;

export function thumbnailKey({ clipId, frameIndex }: FrameKey): string {
  return `${clipId}/${frameIndex}`;
}

/**
 * Object URLs for the thumbnails of frames, of whichever clips, by `thumbnailKey`. URLs live until the
 * component goes, or until many others have come since, so that a frame that comes back needs no new one.
 */
export function useFrameThumbnails(frames: readonly FrameKey[]): ReadonlyMap<string, string> {
  const [urls, setUrls] = useState<ReadonlyMap<string, string>>(new Map());
  const owned = useRef(new Map<string, string>());
  const wanted = frames.map(thumbnailKey).join(' ');
  const [revision, setRevision] = useState(0);

  // A thumbnail that is not there may come later.
  useEffect(() => {
    let pending: ReturnType<typeof setTimeout> | undefined;
    const unfollow = getFramesift().followLibrary(() => {
      if (wanted === '' || wanted.split(' ').every((key) => owned.current.has(key))) return;
      pending ??= setTimeout(() => {
        pending = undefined;
        setRevision((current) => current + 1);
      }, LOOK_AGAIN_MS);
    });
    return () => {
      clearTimeout(pending);
      unfollow();
    };
  }, [wanted]);

  useEffect(() => {
    const cache = owned.current;
    return () => {
      for (const url of cache.values()) URL.revokeObjectURL(url);
      cache.clear();
    };
  }, []);

  useEffect(() => {
    let current = true;
    const cache = owned.current;
    const keys = wanted === '' ? [] : wanted.split(' ');
    const missing = new Map<string, number[]>();
    for (const key of keys) {
      const url = cache.get(key);
      if (url === undefined) {
        const [clipId, frameIndex] = key.split('/') as [string, string];
        missing.set(clipId, [...(missing.get(clipId) ?? []), Number(frameIndex)]);
      } else {
        // Back to the end of the line: what is shown now is the last to be let go.
        cache.delete(key);
        cache.set(key, url);
      }
    }
    for (const [clipId, frameIndexes] of missing) {
      void readThumbnails(clipId, frameIndexes)
        .then((blobs) => {
          if (!current) return;
          blobs.forEach((blob, position) => {
            const key = thumbnailKey({ clipId, frameIndex: frameIndexes[position]! });
            if (blob && !cache.has(key)) cache.set(key, URL.createObjectURL(blob));
          });
          for (const [key, url] of cache) {
            if (cache.size <= Math.max(MAX_URLS, keys.length)) break;
            cache.delete(key);
            URL.revokeObjectURL(url);
          }
          setUrls(new Map(cache));
        })
        // A thumbnail that cannot be read leaves its place empty; the frame's time and score still stand.
        .catch(() => undefined);
    }
    return () => {
      current = false;
    };
  }, [wanted, revision]);

  return urls;
}
