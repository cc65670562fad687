import { and, asc, eq, gt, inArray } from 'drizzle-orm';
import type { Database } from './database';
import { eventFrames, frameEmbeddings, type EventFrameRow } from './schema';

export type FrameEmbeddingRow = typeof frameEmbeddings.$inferSelect;

/** Rows in one page of an export: 3 MB of vectors, which bounds what is in memory on either side. */
export const ROWS_PER_EXPORT_PAGE = 500;

export interface PageOptions {
  /** Frames after this `frame_index`; from the first on without it. */
  after?: number;
  /** These frames alone. */
  frameIndexes?: readonly number[];
}

/** The next page of a clip's pictures, as the table has them, in frame order; a short page is the last. */
export function readEventFrameRows(
  db: Database,
  eventId: string,
  { after = -1, frameIndexes }: PageOptions = {},
): Promise<EventFrameRow[]> {
  return db
    .select()
    .from(eventFrames)
    .where(
      and(
        eq(eventFrames.eventId, eventId),
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

/** The next page of a clip's vectors, as the table has them (drafts are left out), in frame order. */
export function readFrameEmbeddingRows(
  db: Database,
  eventId: string,
  { after = -1, frameIndexes }: PageOptions = {},
): Promise<FrameEmbeddingRow[]> {
  return db
    .select()
    .from(frameEmbeddings)
    .where(
      and(
        eq(frameEmbeddings.eventId, eventId),
        gt(frameEmbeddings.frameIndex, after),
        frameIndexes && inArray(frameEmbeddings.frameIndex, [...frameIndexes]),
      ),
    )
    .orderBy(asc(frameEmbeddings.frameIndex))
    .limit(ROWS_PER_EXPORT_PAGE);
}
