import { getFramesift } from './framesift';
import { isInSharedLibrary } from './sharing';

/** Thumbnails of frames, in the order asked for, also of a clip whose frames a shared library alone has; null where there is none. */
export async function readThumbnails(clipId: string, frameIndexes: number[]): Promise<(Blob | null)[]> {
  const { database, sync } = getFramesift().services;
  const here = await database.readThumbnails(clipId, frameIndexes);
  const missing = frameIndexes.filter((_, i) => here[i] === null);
  if (missing.length === 0 || !isInSharedLibrary()) return here;
  const there = await sync.readPictures(clipId, missing).catch(() => []);
  const found = new Map(missing.map((frameIndex, i) => [frameIndex, there[i] ?? null]));
  return frameIndexes.map((frameIndex, i) => here[i] ?? found.get(frameIndex) ?? null);
}
