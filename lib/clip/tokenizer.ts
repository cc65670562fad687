import { Tokenizer } from '@huggingface/tokenizers';
import { FramesiftError } from '@/lib/shared/errors';

/** Turns text into the ids that a CLIP text tower reads. */
export class ClipTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #contextLength: number;
  readonly #endOfTextId: number;

  /**
   * @param tokenizerJson the parsed `tokenizer.json`
   * @param contextLength most ids the text tower takes, start and end markers included
   */
  constructor(tokenizerJson: unknown, contextLength: number) {
    if (typeof tokenizerJson !== 'object' || tokenizerJson === null) {
      throw new FramesiftError('model-mismatch', "The model's tokenizer.json is not an object.");
    }
    this.#tokenizer = new Tokenizer(tokenizerJson, {});
    this.#contextLength = contextLength;
    const endOfTextId = this.#tokenizer.token_to_id('<|endoftext|>');
    if (endOfTextId === undefined) {
      throw new FramesiftError('model-mismatch', "The model's tokenizer has no <|endoftext|> token.");
    }
    this.#endOfTextId = endOfTextId;
  }

  /** Ids of one text, start and end markers included, cut to the context length with its end marker kept. */
  encode(text: string): number[] {
    const { ids } = this.#tokenizer.encode(text);
    if (ids.length <= this.#contextLength) return ids;
    return [...ids.slice(0, this.#contextLength - 1), this.#endOfTextId];
  }

  /**
   * Ids of several texts as one row-major [texts, length] block, short rows filled with the end
   * marker: CLIP's text tower is causal and reads its vector at the first one, so what follows is inert.
   */
  encodeBatch(texts: readonly string[]): { ids: BigInt64Array<ArrayBuffer>; length: number } {
    const rows = texts.map((text) => this.encode(text));
    const length = Math.max(1, ...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * length).fill(BigInt(this.#endOfTextId));
    rows.forEach((row, rowIndex) =>
      row.forEach((id, column) => (ids[rowIndex * length + column] = BigInt(id))),
    );
    return { ids, length };
  }
}
