'use client';

import { useEffect, useState, type RefObject } from 'react';
import { aimAt, toPlayerSeconds, type Moment } from '@/lib/shared/clip-clock';
import { lookSmall, looksAlike } from '@/lib/media/looks-alike';
import { isDisturbed, presentPicture } from '@/lib/media/player-seek';
import { readStillOrThumbnail } from './still-or-thumbnail';
import type { PlayerClock } from './use-player-clock';

interface Asked extends Moment {
  clipId: string;
  frameIndex: number | null;
}

/**
 * Sends a clip's player to the moment that is asked for. Where it presents another picture, or a broken one, the frame
 * as it was read.
 *
 * @param hasPlayer where nothing can be played, every frame is given as it was read
 * @returns the frame's still, to be laid over the player until it moves; null where the player shows it
 */
export function useExactStill(
  video: RefObject<HTMLVideoElement | null>,
  hasPlayer: boolean,
  asked: Asked | null,
  { isKnown, startMs }: PlayerClock,
): Blob | null {
  const [standIn, setStandIn] = useState<{ asked: Asked; still: Blob } | null>(null);

  useEffect(() => {
    const player = video.current;
    if (!asked || (hasPlayer && (!player || !isKnown))) return;
    const stopping = new AbortController();
    const { signal } = stopping;
    const { frameIndex } = asked;
    let reading: Promise<Blob | null> | undefined;
    /** Decoded when it is first wanted; null for a moment between frames. */
    const readStill = () =>
      (reading ??=
        frameIndex === null
          ? Promise.resolve(null)
          : readStillOrThumbnail({ ...asked, frameIndex }).catch(() => null));
    const layOver = async () => {
      const still = await readStill();
      if (still && !signal.aborted) setStandIn({ asked, still });
    };
    if (!player) {
      void layOver();
    } else {
      void showIn(player, asked, startMs, readStill, signal).then((isShown) =>
        isShown || signal.aborted ? undefined : layOver(),
      );
      const remove = () => setStandIn(null);
      player.addEventListener('play', remove, { signal });
      player.addEventListener('seeking', remove, { signal });
      player.addEventListener('error', () => void layOver(), { signal });
    }
    return () => stopping.abort();
  }, [video, hasPlayer, asked, isKnown, startMs]);

  return standIn?.asked === asked ? standIn.still : null;
}

/** Whether the player shows the moment's picture, as far as can be told. */
async function showIn(
  player: HTMLVideoElement,
  moment: Moment,
  startMs: number | null,
  readStill: () => Promise<Blob | null>,
  signal: AbortSignal,
): Promise<boolean> {
  const atSeconds = toPlayerSeconds(aimAt(moment), startMs);
  if (!moment.span || !player.paused) {
    player.currentTime = atSeconds;
    return true;
  }
  const span = {
    fromSeconds: toPlayerSeconds(moment.span.startMs, startMs),
    untilSeconds: toPlayerSeconds(moment.span.endMs, startMs),
  };
  const presented = await presentPicture(player, atSeconds, span, signal);
  if (presented === 'other') return false;
  if (isDisturbed(player, signal)) return true;
  const still = await readStill();
  if (!still || isDisturbed(player, signal)) return true;
  const bitmap = await createImageBitmap(still);
  try {
    return looksAlike(lookSmall(player), lookSmall(bitmap));
  } finally {
    bitmap.close();
  }
}
