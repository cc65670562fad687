import type { ClipOverview } from '@/lib/ports/search';
import { overview } from '@/lib/select/overview';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { risingTimesMs } from './timeline';
import type { CachedEmbeddings } from './embedding-cache';

/** The overview of a clip, from its embeddings alone. */
export function overviewOf(part: CachedEmbeddings, count: number): ClipOverview {
  const times = risingTimesMs(part.timestampsMs);
  const { frames, changes } = overview(part.embeddings, EMBEDDING_DIMENSION, times, count);
  return {
    frames: frames.map(({ row, firstRow, lastRow }) => ({
      clipId: part.clipId,
      frameIndex: part.frameIndexes[row]!,
      timestampMs: times[row]!,
      startMs: times[firstRow]!,
      endMs: times[lastRow]!,
    })),
    changesMs: changes.map(({ row }) => times[row]!),
  };
}
