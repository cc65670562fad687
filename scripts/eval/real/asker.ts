import type { Answer, ClipCurve } from '@/lib/ports/search';
import type { StrategyId } from '@/lib/select/selection';

/** What an evaluation looks at of an answer; clips by their file. */
export interface AskedAnswer {
  /** By rank. */
  frames: { file: string; timeMs: number; likelihood: number | null }[];
  verdict: { kind: string; evidence: number } | null;
  /** All frames of the clips asked about, one clip after another. */
  scored: { file: string; timesMs: number[]; scores: number[]; likelihoods: number[] | null }[];
}

/** Clips that have been read and can be asked about: on the page, or from vectors alone. */
export interface Asker {
  /** What answers, for the report. */
  model: string;
  ask: (files: readonly string[], text: string, strategy: StrategyId, count: number) => Promise<AskedAnswer>;
}

/** A curve as it comes from the page or from this process. */
type AskedCurve = Pick<ClipCurve, 'clipId'> & {
  timestampsMs: Iterable<number>;
  scores: Iterable<number>;
  likelihoods: Iterable<number> | null;
};

/**
 * @param fileOf the file of a clip in the answer
 */
export function toAsked(
  { frames, verdict, curves }: Pick<Answer, 'frames' | 'verdict'> & { curves: readonly AskedCurve[] },
  fileOf: (clipId: string) => string,
): AskedAnswer {
  const scored = curves.map(({ clipId, timestampsMs, scores, likelihoods }) => ({
    file: fileOf(clipId),
    timesMs: [...timestampsMs],
    scores: [...scores],
    likelihoods: likelihoods && [...likelihoods],
  }));
  const best = scored.flatMap(({ likelihoods, scores }) => likelihoods ?? scores);
  return {
    frames: frames.map(({ clipId, timestampMs, likelihood }) => ({
      file: fileOf(clipId),
      timeMs: timestampMs,
      likelihood,
    })),
    verdict: verdict && {
      kind: verdict.kind,
      evidence: verdict.evidence ?? best.reduce((a, b) => Math.max(a, b), -Infinity),
    },
    scored,
  };
}
