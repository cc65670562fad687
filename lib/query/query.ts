/**
 * A parsed question. A frame answers it when it answers any of the alternatives; it answers an alternative the better,
 * the more it shows the terms of positive weight and the less those of negative weight.
 */
export interface Query {
  /** At least one. */
  alternatives: Alternative[];
}

export interface Alternative {
  /** At least one, and at least one of positive weight. */
  terms: Term[];
}

export interface Term {
  /** Not zero; negative for what a frame must not show. 1 and −1 where nothing else is said. */
  weight: number;
  content: TermContent;
  /** Where the term stands in the text that was typed: [start, end). */
  start: number;
  end: number;
}

export type TermContent =
  /** `isQuoted`: to be taken letter for letter. */
  | { kind: 'text'; text: string; isQuoted: boolean }
  /** `#1` in the text: the image of that number. */
  | { kind: 'picture'; image: number };
