/** What a model's training data says of a word. */
export interface WordFacts {
  /** As it was asked for. */
  word: string;
  isKnown: boolean;
  /** False for words such as “the”, which name nothing that can be seen. */
  hasMeaning: boolean;
  /** Known words that it may be a misspelling of, the likeliest first; empty for a known word. */
  near: string[];
}
