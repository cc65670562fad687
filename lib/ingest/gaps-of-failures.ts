import type { ClipGap } from '@/lib/shared/clip-gaps';
import type { FrameFailure, FrameRequest } from '@/lib/shared/frames';

/**
 * The stretches of a clip that gave no picture. A failed moment stands for the stretch that it was chosen for, which
 * reaches half way to the moments beside it; where the decoder knows how far the damage goes, for that. Stretches that
 * touch or follow each other are one.
 *
 * @param requests all moments of the clip, rising
 */
export function gapsOfFailures(
  failures: readonly FrameFailure[],
  requests: readonly FrameRequest[],
  durationMs: number,
): ClipGap[] {
  const places = new Map(requests.map(({ frameIndex }, place) => [frameIndex, place]));
  const gaps: (ClipGap & { lastPlace: number })[] = [];
  for (const failure of [...failures].sort((a, b) => a.timestampMs - b.timestampMs)) {
    const place = places.get(failure.frameIndex) ?? -1;
    const before = requests[place - 1]?.timestampMs;
    const after = requests[place + 1]?.timestampMs;
    const { timestampMs, reason } = failure;
    const span = failure.span ?? {
      startMs: before === undefined ? 0 : (before + timestampMs) / 2,
      endMs: after === undefined ? durationMs : (after + timestampMs) / 2,
    };
    const startMs = Math.max(0, Math.min(span.startMs, timestampMs));
    const endMs = Math.max(span.endMs, startMs + 1);
    const last = gaps.at(-1);
    if (last && (startMs <= last.endMs || place === last.lastPlace + 1)) {
      last.endMs = Math.max(last.endMs, endMs);
      last.lastPlace = place;
    } else gaps.push({ startMs, endMs, reason, lastPlace: place });
  }
  return gaps.map(({ startMs, endMs, reason }) => ({
    startMs: Math.round(startMs),
    endMs: Math.round(endMs),
    reason,
  }));
}
