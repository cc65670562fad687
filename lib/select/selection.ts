/**
 * What a strategy chooses from: the frames that a question is asked about, in time order. Row i of every array is the
 * same frame.
 */
export interface SelectionInput {
  /** Row-major [frames, dimension], rows of unit length. */
  embeddings: Float32Array;
  dimension: number;
  /** How well each frame fits the question; higher is better, the scale is the question's own. */
  scores: Float32Array;
  /** Ascending. Several clips lie end to end, each after the last frame of the one before. */
  timesMs: Float64Array;
  /** How likely each frame shows what was asked, 0…1; null where nobody has measured the model for such questions. */
  likelihoods: Float32Array | null;
  /** What separates what is said of a match (lib/encoder/calibration.ts); null with `likelihoods`. */
  levels: { unlikely: number; possible: number; strong: number; perScenes?: number | undefined } | null;
  /** Rows at which clips begin, ascending from 0; absent for one clip. */
  clipStarts?: readonly number[] | undefined;
  /** Absent where row i of `embeddings` is frame i. */
  vectors?: FrameVectors | undefined;
  /** Absent where these frames are all that were compared. */
  population?: Population | undefined;
}

/** Which embeddings stand for frames of which some have none at hand. */
export interface FrameVectors {
  /** Row of `embeddings` for each frame: its own, or that of a neighbour. */
  rows: Int32Array;
  /** 1 where it is the frame's own. */
  areOwn: Uint8Array;
  /** The cosine of each frame with the one before it in its clip, of their own embeddings. */
  steps: Float32Array;
}

/** All frames that were compared, of which the best clips were taken. */
export interface Population {
  frames: number;
  /** Scores of frames that are spread evenly over them. */
  scores: Float32Array;
  /** Of the same frames; null with the input's. */
  likelihoods: Float32Array | null;
}

/** A stretch of frames, both ends included. */
export interface RowSpan {
  startRow: number;
  endRow: number;
}

/** What a question turned out to be about: which is what `auto` decides, and the page says in words. */
export interface Verdict {
  /** `perhaps`: something fits best, and it is not known whether it fits. */
  kind: 'moment' | 'several' | 'whole' | 'perhaps' | 'absent';
  /**
   * The stretches that answer, in time order; for `perhaps` those that stand out, which may be none; the whole input for
   * `whole`, none for `absent`.
   */
  spans: RowSpan[];
  /** What it rests on: the log-odds that the best frames show what was asked; null without likelihoods. */
  evidence: number | null;
}

export interface Selection {
  /** Exactly min(count, frames) different rows, ascending, which is in time order. */
  rows: number[];
  /** Only `auto` gives one. */
  verdict: Verdict | null;
}

export type StrategyId = 'auto' | 'uniform' | 'top-k' | 'binned' | 'mmr' | 'aks' | 'bolt' | 'server';

/** A way to choose the frames that answer a question: pure, and the same for the same input. */
export interface SelectionStrategy {
  id: StrategyId;
  /** As the page lists it. */
  name: string;
  /** One sentence for the page: what it is good for. */
  summary: string;
  /** @throws RangeError when `count` is no whole number ≥ 0 or the arrays do not fit together */
  select(input: SelectionInput, count: number): Selection;
}

/** Most frames that a question can ask for. */
export const MAX_ANSWER_FRAMES = 64;
