import type { TrackSpan } from './track-span';

/** The span of a track whose packets are all known: from its first picture to the end of its last one. */
export function spanOfPackets({
  startUs,
  endUs,
  stepUs,
}: {
  startUs: number;
  endUs: number;
  /** The usual time from one picture to the next; null for a single one. */
  stepUs: number | null;
}): TrackSpan {
  const startMs = startUs / 1000;
  const durationMs = (endUs - startUs) / 1000;
  return {
    startMs,
    durationMs,
    timeline: [{ clipStartMs: 0, mediaStartMs: startMs, durationMs }],
    rhythmMs: stepUs === null ? null : stepUs / 1000,
    timesAreOfDecoding: false,
    isCutOff: false,
    changesSpeed: false,
  };
}
