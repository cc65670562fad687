import type { FrameSpan } from '@/lib/ports/library';
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { PictureSpan } from '@/lib/shared/clip-clock';
import { chunked, ROWS_PER_INSERT, type Database } from './database';
import { frameSpans } from './schema';
import { badInput } from './validate';

/** Whether both ends are numbers and the end comes after the start. */
export function assertSpan({ startMs, endMs }: PictureSpan): void {
  if (Number.isFinite(startMs) && Number.isFinite(endMs) && startMs < endMs) return;
  throw badInput(`A picture's span begins before it ends; ${startMs} to ${endMs} ms does not.`);
}

/**
 * Writes the spans of a clip's frames, in the caller's transaction. A frame whose span is not known any more loses the
 * one that it had: it belongs to another picture.
 */
export async function writeFrameSpans(
  tx: Database,
  clipId: string,
  frames: readonly { frameIndex: number; span?: PictureSpan | null }[],
): Promise<void> {
  const known = frames.flatMap(({ frameIndex, span }) =>
    span ? [{ clipId, frameIndex, startMs: span.startMs, endMs: span.endMs }] : [],
  );
  const unknown = frames.filter(({ span }) => !span).map(({ frameIndex }) => frameIndex);
  if (unknown.length > 0) {
    await tx
      .delete(frameSpans)
      .where(and(eq(frameSpans.clipId, clipId), inArray(frameSpans.frameIndex, unknown)));
  }
  for (const chunk of chunked(known, ROWS_PER_INSERT)) {
    await tx
      .insert(frameSpans)
      .values(chunk)
      .onConflictDoUpdate({
        target: [frameSpans.clipId, frameSpans.frameIndex],
        set: { startMs: sql`excluded.start_ms`, endMs: sql`excluded.end_ms` },
      });
  }
}

/** The spans of a clip's frames that are known, in frame order; of these frames alone where they are named. */
export function listFrameSpans(
  db: Database,
  clipId: string,
  frameIndexes?: readonly number[],
): Promise<FrameSpan[]> {
  return db
    .select({
      frameIndex: frameSpans.frameIndex,
      startMs: frameSpans.startMs,
      endMs: frameSpans.endMs,
    })
    .from(frameSpans)
    .where(
      and(eq(frameSpans.clipId, clipId), frameIndexes && inArray(frameSpans.frameIndex, [...frameIndexes])),
    )
    .orderBy(asc(frameSpans.frameIndex));
}
