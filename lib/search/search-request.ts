import type { MatchLevels, MatchStrength } from '@/lib/encoder/match-strength';
import type { StrategyId, Verdict } from '@/lib/select/selection';
import type { PictureSpan } from '@/lib/shared/clip-clock';
import type { FrameKey } from '@/lib/shared/frame-key';

/** A part of a clip, both ends included. */
export interface TimeRange {
  startMs: number;
  endMs: number;
}

/** Where to look for the frames that answer a question, and which of them to take. */
export interface SearchRequest {
  /** In the order shown; several lie end to end. `durationMs` is null where nobody knows it. */
  clips: { eventId: string; durationMs: number | null }[];
  /** Of one clip; null for all of it. */
  range: TimeRange | null;
  strategy: StrategyId;
  /** 1…MAX_ANSWER_FRAMES. */
  count: number;
  /** Always in the answer, as far as they are among the frames that are searched. */
  pinned: FrameKey[];
  /** Never in the answer. */
  dropped: FrameKey[];
}

/** What may be said of a request that changes no answer. */
export interface SearchOptions {
  /**
   * By clip, the revision of its vectors that the asker has seen: what is in memory answers when it is of that one or a
   * later one. The library is asked about clips that are not named.
   */
  revisions?: Readonly<Record<string, number>>;
}

export interface AnswerFrame extends FrameKey {
  /** From the start of its clip; UNKNOWN_TIME (−1) for a frame without one. */
  timestampMs: number;
  /** How long its picture stays, over all frames that show it; null where nobody knows. */
  span: PictureSpan | null;
  /** How well the frame fits: higher is better, the scale is the question's own. */
  score: number;
  /** 1 is the most relevant of the answer. */
  rank: number;
  /** How likely the frame shows what was asked for, 0…1; null where the model is not calibrated for the question. */
  likelihood: number | null;
  strength: MatchStrength;
  isPinned: boolean;
}

/**
 * How well the frames of a clip fit, in time order, whatever the range. Of a long clip as many points as a screen can
 * show, each the best frame of its stretch.
 */
export interface ClipCurve {
  eventId: string;
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Start and end of each frame's picture, two numbers a frame; NaN where nobody knows. */
  spansMs: Float64Array<ArrayBuffer>;
  frameIndexes: Int32Array<ArrayBuffer>;
  scores: Float32Array<ArrayBuffer>;
  likelihoods: Float32Array<ArrayBuffer> | null;
  /** Where a new scene begins. */
  sceneChangesMs: number[];
}

export interface AnswerSpan {
  eventId: string;
  startMs: number;
  endMs: number;
}

/** Where the time of an answer went, in milliseconds. */
export interface SearchTimings {
  /** Finding out what has changed, and reading it. */
  vectorsMs: number;
  /** Zero when the question had been scored before. */
  scoresMs: number;
  selectionMs: number;
  curvesMs: number;
}

/** How far the work is that only the first question about some frames has. */
export interface SearchProgress {
  /** Vectors are read from the library. */
  stage: 'reading';
  /** Frames of the stage that are done, of all that were missing. */
  done: number;
  total: number;
}

export interface Answer {
  /** By rank. */
  frames: AnswerFrame[];
  framesSearched: number;
  /** Clips with at least one frame that was searched. */
  clipsSearched: number;
  /** Clips that have vectors of other models alone, which cannot be compared with the question. */
  clipsSkipped: number;
  /** Null where the strategy gives none. */
  verdict: (Pick<Verdict, 'kind' | 'evidence'> & { spans: AnswerSpan[] }) | null;
  /** Of the first CURVES_ALWAYS clips, and of every other that a frame of the answer is of. */
  curves: ClipCurve[];
  /** Likelihoods that separate what is said of a match; null where nobody has measured the model for the question. */
  levels: MatchLevels | null;
  /** From the request to the answer. */
  tookMs: number;
  timings: SearchTimings;
}

/** Most frames that a question can ask for. */
export const MAX_ANSWER_FRAMES = 64;
