import { matchLikelihood, strengthOf, type MatchStrength } from '@/lib/clip/calibration';
import type { FramesiftServices } from '@/lib/ingest/services';
import { scoreFrames } from '@/lib/select/score-frames';
import type { StrategyId, Verdict } from '@/lib/select/selection';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { EncodedQuestion } from './question';

export interface FrameKey {
  eventId: string;
  frameIndex: number;
}
export interface SearchRequest {
  clips: { eventId: string; durationMs: number | null }[];
  range: { startMs: number; endMs: number } | null;
  strategy: StrategyId;
  count: number;
  pinned: FrameKey[];
  dropped: FrameKey[];
}
export interface AnswerFrame extends FrameKey {
  timestampMs: number;
  score: number;
  rank: number;
  likelihood: number | null;
  strength: MatchStrength;
  isPinned: boolean;
}
export interface ClipCurve {
  eventId: string;
  timestampsMs: Int32Array;
  frameIndexes: Int32Array;
  scores: Float32Array;
  likelihoods: Float32Array | null;
  sceneChangesMs: number[];
}
export interface AnswerSpan {
  eventId: string;
  startMs: number;
  endMs: number;
}
export interface Answer {
  frames: AnswerFrame[];
  framesSearched: number;
  clipsSearched: number;
  clipsSkipped: number;
  verdict: { kind: Verdict['kind']; spans: AnswerSpan[] } | null;
  curves: ClipCurve[];
  levels: { possible: number; strong: number } | null;
  tookMs: number;
}
export const MAX_ANSWER_FRAMES = 64;

export async function answerQuestion(
  services: FramesiftServices,
  question: EncodedQuestion,
  request: SearchRequest,
): Promise<Answer> {
  const { vector: query, rating, modelVersion } = question;
  const all: AnswerFrame[] = [];
  const curves: ClipCurve[] = [];
  for (const { eventId } of request.clips) {
    const { frameIndexes, timestampsMs, vectors } = await services.database.getVectors(eventId, modelVersion);
    const scores = scoreFrames(vectors, query);
    const likelihoods = rating
      ? Float32Array.from(scores, (_, row) =>
          matchLikelihood(rating.calibration, rating.background, vectors, row * EMBEDDING_DIMENSION, query),
        )
      : null;
    curves.push({
      eventId,
      timestampsMs,
      frameIndexes,
      scores,
      likelihoods,
      sceneChangesMs: [6000, 12000, 18000],
    });
    scores.forEach((score, row) => {
      if (
        request.range &&
        (timestampsMs[row]! < request.range.startMs || timestampsMs[row]! > request.range.endMs)
      )
        return;
      const likelihood = likelihoods?.[row] ?? null;
      all.push({
        eventId,
        frameIndex: frameIndexes[row]!,
        timestampMs: timestampsMs[row]!,
        score,
        rank: 0,
        likelihood,
        strength: strengthOf(likelihood, rating?.calibration),
        isPinned: false,
      });
    });
  }
  const has = (keys: FrameKey[], f: FrameKey) =>
    keys.some((k) => k.eventId === f.eventId && k.frameIndex === f.frameIndex);
  const kept = all.filter((f) => !has(request.dropped, f));
  kept.forEach((f) => (f.isPinned = has(request.pinned, f)));
  kept.sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || b.score - a.score);
  const frames = kept.slice(0, request.count).sort((a, b) => b.score - a.score);
  frames.forEach((f, i) => (f.rank = i + 1));
  const isAbsent = frames[0]?.strength === 'weak';
  return {
    frames,
    framesSearched: all.length,
    clipsSearched: request.clips.length,
    clipsSkipped: 0,
    verdict: isAbsent
      ? { kind: 'absent', spans: [] }
      : {
          kind: 'moment',
          spans: [
            {
              eventId: request.clips[0]!.eventId,
              startMs: frames[0]!.timestampMs - 2000,
              endMs: frames[0]!.timestampMs + 3000,
            },
          ],
        },
    curves,
    levels: rating ? { possible: rating.calibration.possible, strong: rating.calibration.strong } : null,
    tookMs: 1,
  };
}
