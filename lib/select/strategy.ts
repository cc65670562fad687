/** What a strategy chooses from. Row i of `vectors`, `scores` and `timestampsMs` is the same frame. */
export interface SelectionInput {
  /** Row-major [frames, dimension], rows of unit length. */
  vectors: Float32Array;
  dimension: number;
  /** Cosine of each frame with the question. */
  scores: Float32Array;
  /** Ascending. */
  timestampsMs: Int32Array;
  /** How many frames are wanted. */
  count: number;
}

export interface SelectedFrame {
  /** Row in the input. */
  row: number;
  score: number;
  /** 1 is the most relevant. */
  rank: number;
  /** Rows that were left out for being nearly the same picture as this one, most relevant first. */
  similar: number[];
}

/** A way to choose the frames that answer a question: pure, and the same for the same input. */
export interface SelectionStrategy {
  id: string;
  name: string;
  /** @returns the chosen frames, most relevant first */
  select(input: SelectionInput): SelectedFrame[];
}
