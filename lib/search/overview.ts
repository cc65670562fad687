import type { LoadedModel } from '@/lib/encoder/clip-encoder';
import type { FramesiftServices } from '@/lib/ingest/services';
import { overview } from '@/lib/select/overview';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { withTimeout } from '@/lib/shared/async';
import type { FrameKey } from '@/lib/shared/frame-key';
import { risingTimesMs } from './timeline';
import type { CachedVectors } from './vector-cache';

/** Frames that sum up a clip. */
const OVERVIEW_FRAMES = 8;

/** A frame that stands for a stretch of its clip. */
export interface ClipOverviewFrame extends FrameKey {
  timestampMs: number;
  /** Times of the first and the last frame of the stretch. */
  startMs: number;
  endMs: number;
}

/** What is shown of a clip before anybody asks. */
export interface ClipOverview {
  /** In time order; empty for a clip without frames of the model's making. */
  frames: ClipOverviewFrame[];
  /** Where the clip changes most, in time order. */
  changesMs: number[];
}

/** Reading the vectors of a clip of 20,000 frames takes seconds; what takes so long is stuck. */
const OVERVIEW_TIMEOUT_MS = 120_000;

/** The overview of a clip, from its vectors alone. */
export function overviewOf(part: CachedVectors, count = OVERVIEW_FRAMES): ClipOverview {
  const times = risingTimesMs(part.timestampsMs);
  const { frames, changes } = overview(part.vectors, EMBEDDING_DIMENSION, times, count);
  return {
    frames: frames.map(({ row, firstRow, lastRow }) => ({
      eventId: part.eventId,
      frameIndex: part.frameIndexes[row]!,
      timestampMs: times[row]!,
      startMs: times[firstRow]!,
      endMs: times[lastRow]!,
    })),
    changesMs: changes.map(({ row }) => times[row]!),
  };
}

/** The overview of a clip in the library, made in the search worker. */
export function clipOverview(
  services: FramesiftServices,
  { modelVersion }: LoadedModel,
  eventId: string,
): Promise<ClipOverview> {
  return withTimeout(
    services.search.overview(modelVersion, eventId, OVERVIEW_FRAMES),
    OVERVIEW_TIMEOUT_MS,
    'The search',
  );
}
