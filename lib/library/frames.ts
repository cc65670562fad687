import { and, asc, count, eq, inArray, sql } from 'drizzle-orm';
import { FramesiftError } from '@/lib/shared/errors';
import { chunked, ROWS_PER_INSERT, type Database } from './database';
import { eventFrames, PATH_MAX_LENGTH } from './schema';
import { assertClipId } from '@/lib/shared/clip-id';
import { assertDistinctFrames, badInput } from './validate';

export interface StoredFrame {
  id: string;
  /** 0-based; the table holds `frame_number`, which is one more. */
  frameIndex: number;
  framePath: string;
  timestampMs: number;
  width: number | null;
  height: number | null;
  fileSizeBytes: number | null;
  createdAt: Date;
}

export interface NewFrame {
  frameIndex: number;
  framePath: string;
  timestampMs: number;
  width?: number | null;
  height?: number | null;
  fileSizeBytes?: number | null;
  /** Now, where it is left out. */
  createdAt?: Date;
}

/** `frames/<event_id>/frame_001.webp`: where the picture of a frame lies. */
export function framePath(clipId: string, frameIndex: number, extension: 'webp' | 'jpg' = 'webp'): string {
  assertClipId(clipId);
  return `frames/${clipId}/frame_${String(frameIndex + 1).padStart(3, '0')}.${extension}`;
}

/** Everything about frames that can be refused without asking the database. */
export function checkFrames(frames: readonly NewFrame[]): void {
  assertDistinctFrames(frames);
  for (const { framePath, timestampMs } of frames) {
    if (framePath === '' || framePath.length > PATH_MAX_LENGTH) {
      throw badInput(`A frame's path has 1 to ${PATH_MAX_LENGTH} characters.`);
    }
    if (!Number.isInteger(timestampMs) || Math.abs(timestampMs) >= 2 ** 31) {
      throw badInput(`A frame's time is a whole number of milliseconds; ${timestampMs} is not.`);
    }
  }
}

/**
 * Writes frames of a clip that is there, in the caller's transaction.
 *
 * @returns how many of them are new
 */
export async function writeFrames(
  tx: Database,
  clipId: string,
  frames: readonly NewFrame[],
): Promise<number> {
  const createdAt = new Date();
  let added = 0;
  for (const chunk of chunked(frames, ROWS_PER_INSERT)) {
    const written = await tx
      .insert(eventFrames)
      .values(
        chunk.map((frame) => ({
          id: crypto.randomUUID(),
          clipId,
          frameNumber: frame.frameIndex + 1,
          framePath: frame.framePath,
          timestampOffsetMs: frame.timestampMs,
          width: frame.width ?? null,
          height: frame.height ?? null,
          fileSizeBytes: frame.fileSizeBytes ?? null,
          createdAt: frame.createdAt ?? createdAt,
        })),
      )
      .onConflictDoUpdate({
        target: [eventFrames.clipId, eventFrames.frameNumber],
        set: {
          framePath: sql`excluded.frame_path`,
          timestampOffsetMs: sql`excluded.timestamp_offset_ms`,
          width: sql`excluded.width`,
          height: sql`excluded.height`,
          fileSizeBytes: sql`excluded.file_size_bytes`,
          createdAt: sql`excluded.created_at`,
        },
      })
      // No transaction has locked or deleted a row that has just come.
      .returning({ isNew: sql<boolean>`(xmax = 0)` });
    if (written.length < chunk.length) {
      throw new FramesiftError(
        'write-incomplete',
        `Only ${written.length} of ${chunk.length} frames reached the library, so none was kept. Try again.`,
        { transient: true },
      );
    }
    added += written.filter(({ isNew }) => isNew).length;
  }
  return added;
}

/** The frames of a clip in order, or only those named by `frameIndexes`. */
export async function listFrames(
  db: Database,
  clipId: string,
  frameIndexes?: readonly number[],
): Promise<StoredFrame[]> {
  const rows = await db
    .select()
    .from(eventFrames)
    .where(
      and(
        eq(eventFrames.clipId, clipId),
        frameIndexes &&
          inArray(
            eventFrames.frameNumber,
            frameIndexes.map((frameIndex) => frameIndex + 1),
          ),
      ),
    )
    .orderBy(asc(eventFrames.frameNumber));
  return rows.map((row) => ({
    id: row.id,
    frameIndex: row.frameNumber - 1,
    framePath: row.framePath,
    timestampMs: row.timestampOffsetMs,
    width: row.width,
    height: row.height,
    fileSizeBytes: row.fileSizeBytes,
    createdAt: row.createdAt,
  }));
}

/** How many pictures a clip has. */
export async function countFrames(db: Database, clipId: string): Promise<number> {
  const [found] = await db.select({ rows: count() }).from(eventFrames).where(eq(eventFrames.clipId, clipId));
  return found?.rows ?? 0;
}
