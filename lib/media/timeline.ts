import type { TimeSpan } from '@/lib/ports/media';
import type { TimelineSegment } from './packet-source';

/*
 * Clip time runs from the first picture that is shown to the end of the last one. Media time is the clock of the
 * track's packets. An edit list may show several stretches of media, in any order, one of them twice: a list of
 * segments, which follow each other in clip time without a gap.
 */

/** The segment that a clip time lies in; the first or last one for times outside. */
export function segmentAt(timeline: readonly TimelineSegment[], clipMs: number): TimelineSegment {
  return timeline.findLast(({ clipStartMs }) => clipStartMs <= clipMs) ?? timeline[0]!;
}

/** Media time at a clip time. Times before the first segment and after the last one go on beyond it. */
export function clipToMedia(timeline: readonly TimelineSegment[], clipMs: number): number {
  const { clipStartMs, mediaStartMs } = segmentAt(timeline, clipMs);
  return mediaStartMs + clipMs - clipStartMs;
}

/** The clip times at which a media time is on screen: none where it was cut out, several where it is repeated. */
export function mediaToClip(timeline: readonly TimelineSegment[], mediaMs: number): number[] {
  return timeline
    .filter(({ mediaStartMs, durationMs }) => mediaStartMs <= mediaMs && mediaMs < mediaStartMs + durationMs)
    .map(({ clipStartMs, mediaStartMs }) => clipStartMs + mediaMs - mediaStartMs);
}

/** A stretch of media inside a segment, in clip time, cut to the segment. */
export function spanInClip(segment: TimelineSegment, media: TimeSpan): TimeSpan {
  const { clipStartMs, mediaStartMs, durationMs } = segment;
  const toClip = (mediaMs: number) => clipStartMs + Math.min(durationMs, Math.max(0, mediaMs - mediaStartMs));
  return { startMs: toClip(media.startMs), endMs: toClip(media.endMs) };
}

/** A stretch of clip time as the stretches of media that are on screen meanwhile, in order. */
export function mediaPieces(timeline: readonly TimelineSegment[], span: TimeSpan): TimelineSegment[] {
  return timeline.flatMap(({ clipStartMs, mediaStartMs, durationMs }) => {
    const startMs = Math.max(span.startMs, clipStartMs);
    const endMs = Math.min(span.endMs, clipStartMs + durationMs);
    return startMs < endMs
      ? [
          {
            clipStartMs: startMs,
            mediaStartMs: mediaStartMs + startMs - clipStartMs,
            durationMs: endMs - startMs,
          },
        ]
      : [];
  });
}

/** One entry of an edit list. */
export interface Edit {
  /** How long it is shown. */
  durationMs: number;
  /** Where it begins in media time; null for an empty edit, which shows nothing. */
  mediaStartMs: number | null;
  /** 1 for the recorded speed, 0 for a picture that stands. */
  rate: number;
}

/** Below this an edit ends with the media: durations are rounded to the movie's clock, often whole milliseconds. */
const ROUNDING_MS = 1;

/**
 * What an edit list shows of the media between two times. Of an edit at another speed as much is shown as it plays,
 * at the recorded speed.
 *
 * @param frameFromMs when the first frame begins that does not begin before a media time. An edit that begins inside
 *   a frame begins with the next one, as in FFmpeg and in Chromium's player
 * @returns no segments where the list shows nothing of this media
 */
export function timelineOfEdits(
  edits: readonly Edit[],
  media: TimeSpan,
  frameFromMs: (mediaMs: number) => number = (mediaMs) => mediaMs,
): TimelineSegment[] {
  const segments: TimelineSegment[] = [];
  const shown = edits.filter(({ mediaStartMs }) => mediaStartMs !== null);
  let clipStartMs = 0;
  for (const { durationMs, mediaStartMs, rate } of edits) {
    if (mediaStartMs === null) continue;
    // An edit of no length lasts as long as the media (ISO/IEC 14496-12, 8.6.6, for fragmented files).
    const lengthMs = durationMs === 0 && shown.length === 1 ? Infinity : durationMs * Math.min(1, rate);
    let endMs = Math.min(mediaStartMs + lengthMs, media.endMs);
    if (media.endMs - endMs <= ROUNDING_MS) endMs = media.endMs;
    const startMs = Math.max(frameFromMs(mediaStartMs), media.startMs);
    if (!(endMs > startMs)) continue;
    segments.push({ clipStartMs, mediaStartMs: startMs, durationMs: endMs - startMs });
    clipStartMs += endMs - startMs;
  }
  return segments;
}
