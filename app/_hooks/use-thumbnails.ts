'use client';

import { useEffect, useRef, useState } from 'react';
import { LIBRARY_CHANNEL, type LibraryChange } from '@/lib/db/library-channel';
import { getFramesift } from './framesift';

/** A clip whose pictures come back announces every few of them. */
const LOOK_AGAIN_MS = 1000;

/**
 * Object URLs for the thumbnails of some frames of a clip, by frame index. URLs live as long as the
 * clip is shown and are revoked together, so that a frame that comes back needs no new one.
 */
export function useThumbnails(eventId: string, frameIndexes: readonly number[]): ReadonlyMap<number, string> {
  const [urls, setUrls] = useState<ReadonlyMap<number, string>>(new Map());
  const owned = useRef(new Map<number, string>());
  const wanted = frameIndexes.join(',');
  const [revision, setRevision] = useState(0);

  // A clip that came in without pictures gets them later.
  useEffect(() => {
    const channel = new BroadcastChannel(LIBRARY_CHANNEL);
    let pending: ReturnType<typeof setTimeout> | undefined;
    channel.onmessage = ({ data }: MessageEvent<LibraryChange>) => {
      if (data.eventId !== eventId) return;
      pending ??= setTimeout(() => {
        pending = undefined;
        setRevision((current) => current + 1);
      }, LOOK_AGAIN_MS);
    };
    return () => {
      clearTimeout(pending);
      channel.close();
    };
  }, [eventId]);

  useEffect(() => {
    const cache = owned.current;
    return () => {
      for (const url of cache.values()) URL.revokeObjectURL(url);
      cache.clear();
      setUrls(new Map());
    };
  }, [eventId]);

  useEffect(() => {
    let current = true;
    const cache = owned.current;
    const missing =
      wanted === ''
        ? []
        : wanted
            .split(',')
            .map(Number)
            .filter((index) => !cache.has(index));
    if (missing.length === 0) return;
    void getFramesift()
      .services.database.readThumbnails(eventId, missing)
      .then((blobs) => {
        if (!current) return;
        blobs.forEach((blob, position) => {
          const frameIndex = missing[position]!;
          if (blob && !cache.has(frameIndex)) cache.set(frameIndex, URL.createObjectURL(blob));
        });
        setUrls(new Map(cache));
      })
      // A picture that cannot be read leaves its place empty; the frame's time and score still stand.
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [eventId, wanted, revision]);

  return urls;
}
