import type { Library } from '@/lib/ports/library';
import type { OpenedClip } from '@/lib/ports/media';

/** What exports and imports need. */
export interface ExchangeServices {
  readonly database: Pick<
    Library,
    | 'getClip'
    | 'listClips'
    | 'importClip'
    | 'readThumbnails'
    | 'readEventFrameRows'
    | 'readFrameEmbeddingRows'
    | 'readEmbeddingDraftRows'
    | 'readFrameSpans'
    | 'framesWithoutPicture'
    | 'storeThumbnails'
    | 'storeClipFile'
    | 'readClipFile'
    | 'bringBackLibrary'
  >;
  openClip(file: Blob): Pick<OpenedClip, 'readStills' | 'cut'>;
}
