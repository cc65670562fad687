import type { EmbeddingDraftRow, EventFrameRow, FrameEmbeddingRow, PageOptions } from '@/lib/ports/library';
import { ROWS_PER_EXPORT_PAGE } from '@/lib/shared/clip-columns';
import { and, asc, eq, gt, inArray } from 'drizzle-orm';
import type { Database } from './database';
import { eventFrames, frameEmbeddingDrafts, frameEmbeddings } from './schema';

/** The next page of a clip's pictures, as the table has them, in frame order; a short page is the last. */
export function readEventFrameRows(
  db: Database,
  clipId: string,
  { after = -1, frameIndexes }: PageOptions = {},
): Promise<EventFrameRow[]> {
  return db
    .select()
    .from(eventFrames)
    .where(
      and(
        eq(eventFrames.clipId, clipId),
        gt(eventFrames.frameNumber, after + 1),
        frameIndexes &&
          inArray(
            eventFrames.frameNumber,
            frameIndexes.map((frameIndex) => frameIndex + 1),
          ),
      ),
    )
    .orderBy(asc(eventFrames.frameNumber))
    .limit(ROWS_PER_EXPORT_PAGE);
}

/** The next page of a clip's embeddings, as the table has them (drafts are left out), in frame order. */
export function readFrameEmbeddingRows(
  db: Database,
  clipId: string,
  { after = -1, frameIndexes }: PageOptions = {},
): Promise<FrameEmbeddingRow[]> {
  return db
    .select()
    .from(frameEmbeddings)
    .where(
      and(
        eq(frameEmbeddings.clipId, clipId),
        gt(frameEmbeddings.frameIndex, after),
        frameIndexes && inArray(frameEmbeddings.frameIndex, [...frameIndexes]),
      ),
    )
    .orderBy(asc(frameEmbeddings.frameIndex))
    .limit(ROWS_PER_EXPORT_PAGE);
}

/** The next page of the embeddings of a re-reading that is not complete, in frame order. */
export function readEmbeddingDraftRows(
  db: Database,
  clipId: string,
  { after = -1 }: PageOptions = {},
): Promise<EmbeddingDraftRow[]> {
  return db
    .select()
    .from(frameEmbeddingDrafts)
    .where(and(eq(frameEmbeddingDrafts.clipId, clipId), gt(frameEmbeddingDrafts.frameIndex, after)))
    .orderBy(asc(frameEmbeddingDrafts.frameIndex))
    .limit(ROWS_PER_EXPORT_PAGE);
}
