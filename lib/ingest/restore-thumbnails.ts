import type { OpenedClip } from '@/lib/ports/media';
import { aimAt } from '@/lib/shared/clip-clock';
import { THUMBNAIL_ENCODING, THUMBNAIL_LONGEST_SIDE } from '@/lib/media/thumbnail';
import type { Library } from '@/lib/ports/library';

/** Pictures decoded and stored at a time, so that the first are seen soon. */
const BATCH_SIZE = 32;

/** What is needed of the services. */
interface Restorer {
  database: Pick<Library, 'framesWithoutPicture' | 'storeThumbnails'>;
  openClip(file: Blob): Pick<OpenedClip, 'readStills'>;
}

/**
 * Makes the missing thumbnails of a clip from its file: a clip that was brought in from a file of rows has none.
 *
 * @returns how many were made
 */
export async function restoreThumbnails(services: Restorer, clipId: string, file: Blob): Promise<number> {
  const missing = await services.database.framesWithoutPicture(clipId);
  let restored = 0;
  for (let start = 0; start < missing.length; start += BATCH_SIZE) {
    const batch = missing.slice(start, start + BATCH_SIZE);
    const times = batch.map(aimAt);
    const pictures = await services
      .openClip(file)
      .readStills(times, { ...THUMBNAIL_ENCODING, maxSide: THUMBNAIL_LONGEST_SIDE });
    const thumbnails: { frameIndex: number; thumbnail: Uint8Array<ArrayBuffer> }[] = [];
    for (const [i, { blob }] of pictures.entries()) {
      if (!blob) continue;
      const thumbnail = new Uint8Array(await blob.arrayBuffer());
      thumbnails.push({ frameIndex: batch[i]!.frameIndex, thumbnail });
    }
    await services.database.storeThumbnails(clipId, thumbnails);
    restored += thumbnails.length;
  }
  return restored;
}
