import { throwIfCancelled } from '@/lib/shared/async';
import { formatTime, plural } from '@/lib/shared/format';
import type { PacketSource, TimelineSegment } from './packet-source';
import { mediaToClip } from './timeline';

/*
 * [Note: Key frames alone]
 *
 * A key frame is decoded without the frames before it, so reading key frames alone skips most of the decoder's work.
 * The price is time: a key frame stands where the encoder put it, commonly every 2 to 10 seconds. Each stretch of the
 * sampling takes the key frame nearest to its middle, under the key frame's own time; a stretch without one takes none.
 */

/**
 * Reads when a track's key frames are shown.
 *
 * @returns clip times in milliseconds, rising
 * @throws FramesiftError `cancelled` once the signal is aborted
 */
export async function readKeyFrameTimes(
  packets: PacketSource,
  timeline: readonly TimelineSegment[],
  signal?: AbortSignal,
): Promise<Float64Array<ArrayBuffer>> {
  const timesMs: number[] = [];
  for await (const timestampUs of packets.keyTimesUs()) {
    throwIfCancelled(signal);
    timesMs.push(...mediaToClip(timeline, timestampUs / 1000));
  }
  return Float64Array.from(new Set(timesMs)).sort();
}

/**
 * Of each wanted moment the key frame nearest to it, within half an interval; moments without one are left out.
 *
 * @param timestampsMs rising
 * @param keyFramesMs rising
 * @returns key frames' times, rising, each once
 */
export function nearestKeyFrames(
  timestampsMs: readonly number[],
  intervalMs: number,
  keyFramesMs: ArrayLike<number>,
): number[] {
  const chosen: number[] = [];
  let next = 0;
  for (const timestampMs of timestampsMs) {
    while (next < keyFramesMs.length && keyFramesMs[next]! < timestampMs) next += 1;
    const before = keyFramesMs[next - 1] ?? -Infinity;
    const after = keyFramesMs[next] ?? Infinity;
    const nearest = after - timestampMs < timestampMs - before ? after : before;
    if (Math.abs(nearest - timestampMs) <= intervalMs / 2 && nearest !== chosen.at(-1)) chosen.push(nearest);
  }
  return chosen;
}

/** What decoding costs a pixel, and preparing and embedding a frame besides, in milliseconds (docs/benchmarks.md). */
const DECODE_MS_PER_PIXEL = 1.6e-6;
const FRAME_MS = 20;
const FRAME_MS_PER_PIXEL = 6e-6;

/** What passes before the first frame of any reading. */
const START_MS = 600;

/** How many times as fast key frames alone are read as all frames that a sampling asks for; a rough guess. */
export function estimateSaving(
  clip: { durationMs: number; width: number; height: number; averageFrameRate: number | null },
  wantedFrames: number,
  keyFrames: number,
): number {
  const pixels = clip.width * clip.height;
  const costOf = (decoded: number, embedded: number) =>
    START_MS + decoded * pixels * DECODE_MS_PER_PIXEL + embedded * (FRAME_MS + pixels * FRAME_MS_PER_PIXEL);
  const frames = Math.max(wantedFrames, (clip.durationMs / 1000) * (clip.averageFrameRate ?? 0));
  return costOf(frames, wantedFrames) / costOf(keyFrames, keyFrames);
}

/** From this saving on a number is given. */
const TELLING_SAVING = 1.5;

/** A stretch without a key frame so many times as long as usual is named. */
const LONG_PAUSE = 2;

/**
 * What reading key frames alone saves and misses, in sentences.
 *
 * @param keyFramesMs the key frames that would be read, rising; at least one
 * @param wantedFrames frames that would be read otherwise
 */
export function describeKeyFrames(
  clip: Parameters<typeof estimateSaving>[0],
  keyFramesMs: readonly number[],
  wantedFrames: number,
): string {
  const saving = estimateSaving(clip, wantedFrames, keyFramesMs.length);
  const times = saving < 10 ? Math.round(saving * 2) / 2 : Math.round(saving);
  const speed = saving < TELLING_SAVING ? 'Hardly faster with this clip' : `About ${times} times as fast`;
  const pausesMs = [...keyFramesMs, clip.durationMs].map((timeMs, i) => timeMs - (keyFramesMs[i - 1] ?? 0));
  const longestMs = Math.max(...pausesMs);
  const usualMs = pausesMs.slice(1, -1).sort((a, b) => a - b)[(keyFramesMs.length - 1) >> 1] ?? null;
  const rhythm = usualMs === null ? '' : `, usually every ${(usualMs / 1000).toFixed(1)} s`;
  const pause =
    usualMs === null || longestMs > LONG_PAUSE * usualMs
      ? ` The longest stretch without one is ${formatTime(longestMs, { tenths: true })}.`
      : '';
  return `${speed}: ${plural(keyFramesMs.length, 'frame')} in place of ${wantedFrames}${rhythm}.${pause} What comes and goes in between is not seen.`;
}
