import type { ClipPreview } from '@/lib/ports/media';
import { FramesiftError } from '@/lib/shared/errors';
import { measureContrast, TELLING_CONTRAST } from './contrast';
import { openSample } from './stills';
import type { OpenClip } from './opened-clip';
import { ThumbnailWriter, uprightSize } from './thumbnail';
import { clipToMedia, mediaToClip } from './timeline';
import { decodeFrames } from './webcodecs-frames';

/** A little into the clip, past black frames and titles. */
const PREVIEW_POSITIONS = [0.1, 0.25, 0.5];

/**
 * One thumbnail: of the first of a few moments that shows more than black, white or a fade.
 *
 * @throws FramesiftError `unreadable-video` when none of them can be decoded
 */
export async function readPreview(clip: OpenClip): Promise<ClipPreview> {
  const moments = PREVIEW_POSITIONS.map((position) => clip.facts.durationMs * position);
  // A key frame needs no frame before it; a fixed camera's next one may be hundreds of frames away.
  const fromKeyFrame = await previewAmong(clip, await keyFramesBefore(clip, moments)).catch(() => null);
  if (fromKeyFrame && fromKeyFrame.contrast >= TELLING_CONTRAST) return fromKeyFrame.preview;
  const { preview } = await previewAmong(clip, moments, fromKeyFrame);
  return preview;
}

interface RatedPreview {
  preview: ClipPreview;
  contrast: number;
}

/** Clip times of the last key frames before moments, in milliseconds, rising and each once. */
async function keyFramesBefore(
  { video, timeline }: OpenClip,
  momentsMs: readonly number[],
): Promise<number[]> {
  const timesMs = new Set<number>();
  for (const momentMs of video ? momentsMs : []) {
    const packet = await video!.packets.keyPacketAt(clipToMedia(timeline, momentMs) * 1000);
    const keyMs = packet && mediaToClip(timeline, packet.timestampUs / 1000)[0];
    if (keyMs !== null && keyMs !== undefined) timesMs.add(keyMs);
  }
  return Array.from(timesMs).sort((a, b) => a - b);
}

/**
 * The first of a few frames with a telling contrast, or the one with the most.
 *
 * @throws FramesiftError `unreadable-video` when there is none at all
 */
async function previewAmong(
  clip: OpenClip,
  momentsMs: readonly number[],
  known: RatedPreview | null = null,
): Promise<RatedPreview> {
  const requests = momentsMs.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
  let best = known;
  let reason = 'The decoder gave no answer for the preview.';
  for await (const decoded of decodeFrames(clip, requests)) {
    if (!decoded.sample) {
      reason = decoded.reason;
      continue;
    }
    const { frame, orientation } = openSample(decoded.sample);
    try {
      const contrast = measureContrast(frame);
      if (best && contrast <= best.contrast) continue;
      const thumbnail = await new ThumbnailWriter().write(frame, orientation);
      const preview = { thumbnail, timestampMs: decoded.timestampMs, ...uprightSize(orientation) };
      best = { preview, contrast };
      if (contrast >= TELLING_CONTRAST) break;
    } finally {
      frame.close();
    }
  }
  if (!best) throw new FramesiftError('unreadable-video', reason);
  return best;
}
