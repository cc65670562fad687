import type { RelevanceLevels } from '@/lib/clip/model-config';
import type { FramesiftServices } from '@/lib/ingest/services';
import { scoreFrames } from '@/lib/select/score-frames';
import { topDistinct } from '@/lib/select/top-distinct';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';

/** How much a frame's score can be relied on; `unrated` where nobody has measured the model. */
export type MatchStrength = 'strong' | 'possible' | 'weak' | 'unrated';

export interface AnswerFrame {
  frameIndex: number;
  timestampMs: number;
  /** Cosine with the question. */
  score: number;
  /** 1 is the most relevant. */
  rank: number;
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

/** What a cosine with a question means for the model that made it. */
export function strengthOf(score: number, levels: RelevanceLevels | undefined): MatchStrength {
  if (!levels) return 'unrated';
  if (score >= levels.strong) return 'strong';
  return score >= levels.possible ? 'possible' : 'weak';
}

/**
 * The frames of one clip that answer a question, from the vectors that are in the database now.
 *
 * @param query unit vector of the same model version as the frames are compared in
 */
export async function answerQuestion(
  services: FramesiftServices,
  clip: { eventId: string; modelVersion: string },
  query: Float32Array,
  count: number,
  levels: RelevanceLevels | undefined,
): Promise<Answer> {
  const { frameIndexes, timestampsMs, vectors } = await services.database.getVectors(
    clip.eventId,
    clip.modelVersion,
  );
  const scores = scoreFrames(vectors, query);
  const selected = topDistinct.select({
    vectors,
    dimension: EMBEDDING_DIMENSION,
    scores,
    timestampsMs,
    count: Math.min(count, MAX_ANSWER_FRAMES),
  });
  return {
    framesSearched: frameIndexes.length,
    frames: selected.map(({ row, score, rank, similar }) => ({
      frameIndex: frameIndexes[row]!,
      timestampMs: timestampsMs[row]!,
      score,
      rank,
      strength: strengthOf(score, levels),
      similarCount: similar.length,
    })),
  };
}
