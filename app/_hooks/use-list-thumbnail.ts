'use client';

import { useEffect, useState } from 'react';
import { firstTelling, measureContrast, TELLING_CONTRAST } from '@/lib/media/contrast';
import { useThumbnails } from './use-thumbnails';

/** Stored frames that are looked at: many clips open out of black. */
const CANDIDATES = 4;

/** Indexes of the first frame and of some later ones, of as many frames as are planned or stored. */
function candidates(frameCount: number): number[] {
  const spread = Array.from({ length: CANDIDATES }, (_, k) =>
    Math.floor((frameCount * k) / (2 * CANDIDATES)),
  );
  return [...new Set([...spread, Math.min(1, frameCount - 1)])]
    .filter((index) => index >= 0)
    .sort((a, b) => a - b);
}

/**
 * URL of the thumbnail that stands for a clip in the list: the first of a few early ones that shows more than
 * black, white or a fade.
 *
 * @param frameCount frames that are stored, or will be
 */
export function useListThumbnail(clipId: string, frameCount: number): string | undefined {
  const indexes = frameCount > 0 ? candidates(frameCount) : [];
  const urls = useThumbnails(clipId, indexes);
  const found = indexes.map((index) => urls.get(index)).filter((url) => url !== undefined);
  const key = found.join(' ');
  const [chosen, setChosen] = useState<{ key: string; url: string | undefined } | null>(null);
  useEffect(() => {
    let current = true;
    const choose = async () => {
      const listed = key === '' ? [] : key.split(' ');
      const contrasts: number[] = [];
      for (const url of listed) {
        contrasts.push(await contrastOfUrl(url));
        if (contrasts.at(-1)! >= TELLING_CONTRAST) break;
      }
      if (current) setChosen({ key, url: listed[firstTelling(contrasts)] });
    };
    void choose();
    return () => {
      current = false;
    };
  }, [key]);
  // URLs live as long as this component, so that the last choice holds until the next is made.
  return chosen?.url ?? found[0];
}

async function contrastOfUrl(url: string): Promise<number> {
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return measureContrast(image);
  } catch {
    return 0;
  }
}
