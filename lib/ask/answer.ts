import { matchLikelihood, strengthOf, type MatchStrength } from '@/lib/clip/calibration';
import type { FramesiftServices } from '@/lib/ingest/services';
import { combineScores } from '@/lib/query/combine';
import { scoreFrames } from '@/lib/select/score-frames';
import { topDistinct } from '@/lib/select/top-distinct';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import type { EncodedQuestion } from './question';

export interface AnswerFrame {
  frameIndex: number;
  timestampMs: number;
  /** Cosine with a question of one term; see CombinedScores. */
  score: number;
  /** 1 is the most relevant. */
  rank: number;
  /** How likely the frame shows what was asked for, 0…1; null where the model is not calibrated for the question. */
  likelihood: number | null;
  strength: MatchStrength;
  /** How many near-duplicates of this frame were left out. */
  similarCount: number;
}

export interface Answer {
  /** Most relevant first. */
  frames: AnswerFrame[];
  /** Frames of the clip that were looked at. */
  framesSearched: number;
}

/** Most frames that a question can ask for. */
export const MAX_ANSWER_FRAMES = 64;

/**
 * The frames of one clip that answer a question, from the vectors that are in the database now.
 *
 * @param clip its frames are compared by the vectors of this model version, which must be the question's
 */
export async function answerQuestion(
  services: FramesiftServices,
  clip: { eventId: string; modelVersion: string },
  { alternatives, calibration, background }: EncodedQuestion,
  count: number,
): Promise<Answer> {
  const { frameIndexes, timestampsMs, vectors } = await services.database.getVectors(
    clip.eventId,
    clip.modelVersion,
  );
  const { scores, likelihoods } = combineScores(
    alternatives.map((terms) =>
      terms.map(({ weight, vector, isPicture }) => ({
        weight,
        cosines: scoreFrames(vectors, vector),
        likelihoods:
          calibration && background && !isPicture
            ? Float32Array.from(timestampsMs, (_, row) =>
                matchLikelihood(calibration, background, vectors, row * EMBEDDING_DIMENSION, vector),
              )
            : null,
        isPicture,
      })),
    ),
  );
  const selected = topDistinct.select({
    vectors,
    dimension: EMBEDDING_DIMENSION,
    scores,
    timestampsMs,
    count: Math.min(count, MAX_ANSWER_FRAMES),
  });
  return {
    framesSearched: frameIndexes.length,
    frames: selected.map(({ row, score, rank, similar }) => {
      const likelihood = likelihoods?.[row] ?? null;
      return {
        frameIndex: frameIndexes[row]!,
        timestampMs: timestampsMs[row]!,
        score,
        rank,
        likelihood,
        strength: strengthOf(likelihood, calibration ?? undefined),
        similarCount: similar.length,
      };
    }),
  };
}
