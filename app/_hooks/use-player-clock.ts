'use client';

import { useEffect, useState, type RefObject } from 'react';
import { choosePlayerStart } from '@/lib/shared/clip-clock';
import { readFirstPictureTime } from '@/lib/media/player-clock';
import { getFramesift } from './framesift';

/** Where a player stands at clip time 0. */
export interface PlayerClock {
  /** False until the player has presented a picture, or does not tell. It is not to be sent anywhere before. */
  isKnown: boolean;
  startMs: number | null;
}

/**
 * The clock of a clip's player, from what the library keeps and what the player does. A clip that was read before its
 * start was kept gets it now.
 *
 * @param storedMs `player_start_ms` of the clip
 * @param file the clip's own, once it is at hand
 * @param url what the player plays
 */
export function usePlayerClock(
  clipId: string,
  storedMs: number | null,
  file: Blob | null,
  url: string | null,
  video: RefObject<HTMLVideoElement | null>,
): PlayerClock {
  const [first, setFirst] = useState<{ url: string; seconds: number | null } | null>(null);
  const isKnown = first !== null && first.url === url;
  const seconds = isKnown ? first.seconds : null;

  useEffect(() => {
    if (!video.current || url === null) return;
    const stopping = new AbortController();
    void readFirstPictureTime(video.current, stopping.signal).then((found) => {
      if (!stopping.signal.aborted) setFirst({ url, seconds: found });
    });
    return () => stopping.abort();
  }, [url, video]);

  useEffect(() => {
    if (storedMs !== null || !file || !isKnown) return;
    const { services } = getFramesift();
    void services
      .openClip(file)
      .facts()
      .then(({ startMs }) => startMs)
      // A clip that a player alone can play.
      .catch(() => (seconds === null ? null : seconds * 1000))
      .then((startMs) =>
        startMs === null ? null : services.database.updateClip(clipId, { playerStartMs: startMs }),
      )
      .catch(() => undefined);
  }, [clipId, storedMs, file, isKnown, seconds]);

  return { isKnown, startMs: choosePlayerStart(storedMs, seconds) };
}
