import type { StrategyId, Verdict } from '@/lib/select/selection';
import type { PictureSpan } from '@/lib/shared/clip-clock';
import type { FrameKey } from '@/lib/shared/frame-key';
import type { Calibration, MatchLevels, MatchStrength } from './encoder';

/** A part of a clip, both ends included. */
export interface TimeRange {
  startMs: number;
  endMs: number;
}

/** A clip that is searched. */
interface SearchedClip {
  clipId: string;
  /** Null where nobody knows it. */
  durationMs: number | null;
  /** Id of a library that has the clip and is searched on its server. */
  libraryId?: string;
  /** The library alone has the clip's rows. */
  isAway?: boolean;
}

/** Where to look for the frames that answer a question, and which of them to take. */
export interface SearchRequest {
  /** In the order shown; several lie end to end. */
  clips: SearchedClip[];
  /** Every clip that there is, so that libraries need not be told which. */
  isOfAll?: boolean;
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
   * By clip, the revision of its embeddings that the asker has seen: what is in memory answers when it is of that one or a
   * later one. The library is asked about clips that are not named.
   */
  revisions?: Readonly<Record<string, number>>;
  /** What libraries that are searched where they are gave for the question. */
  candidates?: readonly Candidates[];
}

/** The frames of a library on a server that may answer a question: all of its best clips. */
export interface Candidates {
  libraryId: string;
  /** No other object has it. */
  number: number;
  /** Frames of the library that were compared. */
  total: number;
  /** Its clips were found by an approximate index, which may miss one. */
  isByIndex: boolean;
  clips: CandidateClip[];
  /** By the terms of the question, cosines of frames spread evenly over the whole library. */
  samples: Float32Array<ArrayBuffer>[];
}

/** A clip of a library on a server, with the cosines of all its frames and the embeddings of some. */
export interface CandidateClip {
  clipId: string;
  frameIndexes: Int32Array<ArrayBuffer>;
  timestampsMs: Int32Array<ArrayBuffer>;
  /** As in PackedEmbeddings. */
  spansMs: Float64Array<ArrayBuffer>;
  /** The cosine of each frame with the one before it; 1 for the first. */
  steps: Float32Array<ArrayBuffer>;
  /** By the terms of the question. */
  cosines: Float32Array<ArrayBuffer>[];
  /** Frames that have an embedding here, as positions, ascending. */
  vectorRows: Int32Array<ArrayBuffer>;
  /** Theirs, row-major. */
  embeddings: Float32Array<ArrayBuffer>;
}

/** A frame of an answer. */
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
  clipId: string;
  timestampsMs: Int32Array<ArrayBuffer>;
  /** Start and end of each frame's picture, two numbers a frame; NaN where nobody knows. */
  spansMs: Float64Array<ArrayBuffer>;
  frameIndexes: Int32Array<ArrayBuffer>;
  scores: Float32Array<ArrayBuffer>;
  likelihoods: Float32Array<ArrayBuffer> | null;
  /** Where a new shot begins. */
  shotChangesMs: number[];
}

/** A stretch of a clip that answers. */
export interface AnswerSpan {
  clipId: string;
  startMs: number;
  endMs: number;
}

/** Where the time of an answer went, in milliseconds. */
export interface SearchTimings {
  /** Finding out what has changed, and reading it. */
  embeddingsMs: number;
  /** Zero when the question had been scored before. */
  scoresMs: number;
  selectionMs: number;
  curvesMs: number;
}

/** How far the work is that only the first question about some frames has. */
export interface SearchProgress {
  /** Embeddings are read from the library. */
  stage: 'reading';
  /** Frames of the stage that are done, of all that were missing. */
  done: number;
  total: number;
}

/** The frames that answer a question. */
export interface Answer {
  /** By rank. */
  frames: AnswerFrame[];
  framesSearched: number;
  /** Clips with at least one frame that was searched; of a library on a server those that were looked at. */
  clipsSearched: number;
  /** Frames were chosen among the best clips of a library, whose other clips were not looked at. */
  isOfBestClips: boolean;
  /** A library found these by an approximate index, which may have missed one. */
  isByIndex: boolean;
  /** Clips that have embeddings of other models alone, which cannot be compared with the question. */
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

interface EncodedTerm {
  /** Not zero; see `Term.weight`. */
  weight: number;
  /** Unit length. */
  embedding: Float32Array<ArrayBuffer>;
  /** Pictures are rated by numbers of their own, where there are any: two pictures lie much closer to each other. */
  isPicture: boolean;
}

/** A question, ready to be compared with frames. */
export interface EncodedQuestion {
  /** Of the model that made the embeddings. */
  modelVersion: string;
  /** A frame answers by the alternative that it fits best; see lib/query/combine.ts. */
  alternatives: EncodedTerm[][];
  /** What tells likely matches from unlikely ones; null where the model has none, or the question no words. */
  calibration: Calibration | null;
}

/** A frame that stands for a stretch of its clip. */
export interface ClipOverviewFrame extends FrameKey {
  timestampMs: number;
  /** Times of the first and the last frame of the stretch. */
  startMs: number;
  endMs: number;
}

/** What is shown of a clip before anybody asks. */
export interface ClipOverview {
  /** In time order; empty for a clip without frames of the model's making. */
  frames: ClipOverviewFrame[];
  /** Where the clip changes most, in time order. */
  changesMs: number[];
}

/** What the search worker answers: how long it took is for the caller to say. */
export type SearchResult = Omit<Answer, 'tookMs'>;

/** Scores and selects, in the search worker. */
export interface Search {
  /**
   * The frames that answer a question, from the embeddings that are in the library now.
   *
   * @param onProgress told how far work is that only a first question has
   * @param signal ends the search before its next step; embeddings that have been read stay in memory
   * @throws FramesiftError `bad-input` when the request does not make sense; `cancelled`
   */
  search(
    question: EncodedQuestion,
    request: SearchRequest,
    options?: SearchOptions,
    onProgress?: (progress: SearchProgress) => void,
    signal?: AbortSignal,
  ): Promise<SearchResult>;
  /** The frames that sum up a clip, from its embeddings alone; throws `cancelled` once `signal` is aborted. */
  overview(modelVersion: string, clipId: string, count: number, signal?: AbortSignal): Promise<ClipOverview>;
}
