import { useState } from 'react';
import { isolateName } from '@/lib/shared/format';
import { getFramesift } from './framesift';
import { useBringIn } from './use-bring-in';

/**
 * Opens whatever a person gives: our own exports, clips, and pictures to search with.
 *
 * @param clipId the clip that a picture is searched for in; null where none is shown
 */
export function useOpenFiles(clipId: string | null) {
  const [news, setNews] = useState<string | null>(null);
  const { bringingIn, restored, bringIn } = useBringIn(setNews);

  const searchWith = async (picture: File, kind: string): Promise<void> => {
    const { places, tell } = getFramesift();
    const what = picture.type.startsWith('image/')
      ? ''
      : `${isolateName(picture.name)} is a picture (${kind}), not a video. `;
    if (clipId === null) {
      tell(`${what}Open a clip first; then a dropped picture finds the frames that look like it.`);
      return;
    }
    const { addImage, imageOfFile } = await import('@/lib/ask/query-images');
    places.ask(clipId, addImage(null, imageOfFile(picture)));
    if (what !== '') setNews(`${what}The frames that look like it are searched for.`);
  };

  const openFiles = async (given: readonly File[]): Promise<void> => {
    setNews(null);
    const files = await bringIn(given);
    const { tellPictureKind } = await import('@/lib/media/picture-kind');
    const kinds = await Promise.all(files.map(tellPictureKind));
    const videos = files.filter((_, i) => kinds[i]?.kind !== 'picture');
    const at = kinds.findIndex((told) => told?.kind === 'picture');
    const picture = files[at];
    if (picture && videos.length === 0) return searchWith(picture, kinds[at]!.name);
    const { openedFiles, places } = getFramesift();
    const [first] = await openedFiles.add(videos);
    if (first) places.select(first.key);
  };

  return { news, dismissNews: () => setNews(null), bringingIn, restored, openFiles };
}
