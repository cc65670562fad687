import type { Sampling } from '@/lib/ports/media';

/** One frame a second: what the published selection methods sample candidates at (AKS, BOLT). */
export const DEFAULT_FRAMES_PER_SECOND = 1;

/** Five and a half hours at one frame a second; 100 MB of vectors’ JSON text, 40 MB of them as floats. */
export const MAX_FRAMES_PER_CLIP = 20_000;

/** The longest clip that is taken: a day. A crafted file of 639 bytes can claim 136 years. */
export const MAX_DURATION_MS = 24 * 60 * 60 * 1000;

/** How many frames `sampling` asks of a clip, cap or no cap: more than MAX_FRAMES_PER_CLIP means it was thinned. */
export function countWantedFrames(clip: { durationMs: number }, sampling: Sampling): number {
  const { durationMs } = clip;
  if (!Number.isFinite(durationMs) || durationMs < 0) {
    throw new RangeError(`A clip cannot last ${durationMs} ms.`);
  }
  if (sampling.kind === 'count') {
    if (!(sampling.count >= 1)) throw new RangeError(`count must be at least 1, not ${sampling.count}.`);
    return Math.floor(sampling.count);
  }
  const framesPerSecond = sampling.framesPerSecond ?? DEFAULT_FRAMES_PER_SECOND;
  if (!(framesPerSecond > 0 && Number.isFinite(framesPerSecond))) {
    throw new RangeError(`framesPerSecond must be more than 0, not ${framesPerSecond}.`);
  }
  const intervalMs = 1000 / framesPerSecond;
  // A last part of less than half an interval has its middle beyond the end and gives no frame.
  return Math.max(1, Math.ceil(durationMs / intervalMs - 0.5));
}

/**
 * The moments of a clip to look at, rising, in milliseconds from its start (`ClipFacts.startMs` is the
 * decoder's to add). Each is the middle of the stretch it stands for: at one frame a second 500, 1500, …
 * A clip shorter than one interval gives its middle. Beyond MAX_FRAMES_PER_CLIP the clip is divided
 * evenly instead (see countWantedFrames).
 */
export function chooseTimestamps(clip: { durationMs: number }, sampling: Sampling): number[] {
  return divideClip(clip, sampling).timestampsMs;
}

/** The same, with the length of the stretch that each moment stands for. */
export function divideClip(
  clip: { durationMs: number },
  sampling: Sampling,
): { timestampsMs: number[]; intervalMs: number } {
  const wanted = countWantedFrames(clip, sampling);
  const count = Math.min(wanted, MAX_FRAMES_PER_CLIP);
  const isEvenlyDivided = sampling.kind === 'count' || count < wanted || count === 1;
  const framesPerSecond =
    (sampling.kind === 'rate' ? sampling.framesPerSecond : null) ?? DEFAULT_FRAMES_PER_SECOND;
  const intervalMs = 1000 / framesPerSecond;
  const partMs = isEvenlyDivided ? clip.durationMs / count : intervalMs;
  // A clip of one interval and a bit still has its first frame at half an interval.
  const firstMs = count === 1 && sampling.kind === 'rate' ? Math.min(partMs, intervalMs) / 2 : partMs / 2;
  return {
    timestampsMs: Array.from({ length: count }, (_, index) => firstMs + index * partMs),
    intervalMs: partMs,
  };
}
