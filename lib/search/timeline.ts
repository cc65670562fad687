import type { TimeRange } from '@/lib/ports/search';
import { UNKNOWN_TIME } from '@/lib/shared/frames';

/** The frames of one clip, as far as time is concerned. */
export interface ClipTimes {
  timestampsMs: Int32Array;
  durationMs: number | null;
}

/** Room between two clips of which the first one's end is not known. */
const CLIP_GAP_MS = 1000;

/** Whether a frame lies in the part of its clip that is searched; a frame whose time nobody knows lies in no part. */
export function matchesScope(timestampMs: number, range: TimeRange | null): boolean {
  if (range === null) return true;
  if (timestampMs === UNKNOWN_TIME) return false;
  // A clip can have frames before its own beginning, and a range that begins there means those too.
  const fromStartMs = Math.max(0, timestampMs);
  return range.startMs <= fromStartMs && fromStartMs <= range.endMs;
}

/**
 * Times of a clip's frames that never fall: a frame whose time is not known, or lies before that of the frame before it,
 * takes the latest so far.
 *
 * @param timestampsMs in frame order
 */
export function risingTimesMs(timestampsMs: Int32Array): Float64Array<ArrayBuffer> {
  const times = new Float64Array(timestampsMs.length);
  let latest = 0;
  for (let row = 0; row < times.length; row += 1) {
    const timestampMs = timestampsMs[row]!;
    if (timestampMs !== UNKNOWN_TIME && timestampMs > latest) latest = timestampMs;
    times[row] = latest;
  }
  return times;
}

/** Times of the frames of all clips when these lie end to end, which never fall. */
export function endToEndMs(clips: readonly ClipTimes[]): Float64Array<ArrayBuffer> {
  const times = new Float64Array(clips.reduce((sum, { timestampsMs }) => sum + timestampsMs.length, 0));
  let row = 0;
  let startMs = 0;
  for (const { timestampsMs, durationMs } of clips) {
    const own = risingTimesMs(timestampsMs);
    for (let frame = 0; frame < own.length; frame += 1) times[row + frame] = startMs + own[frame]!;
    row += own.length;
    const lastMs = own.at(-1) ?? 0;
    startMs += durationMs !== null && durationMs > lastMs ? durationMs : lastMs + CLIP_GAP_MS;
  }
  return times;
}
