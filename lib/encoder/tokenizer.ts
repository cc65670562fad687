import { Tokenizer } from '@huggingface/tokenizers';
import { z } from '@/lib/shared/zod';
import { FramesiftError } from '@/lib/shared/errors';

/** Ids of several texts, ready for a text tower. */
export interface EncodedTexts {
  /** Row-major [texts, length]. */
  ids: Int32Array<ArrayBuffer>;
  /** Ids of each text, both markers included. */
  lengths: number[];
  /** Ids in a row. */
  length: number;
  /** The id that fills short rows. */
  fill: number;
}

/** Turns text into the ids that a CLIP text tower reads. */
export class ClipTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #contextLength: number;
  readonly #endOfTextId: number;

  /**
   * @param tokenizerJson the parsed `tokenizer.json`
   * @param contextLength most ids the text tower takes, start and end markers included
   * @throws FramesiftError `model-mismatch` for a file that no text can be read with
   */
  constructor(tokenizerJson: unknown, contextLength: number) {
    if (typeof tokenizerJson !== 'object' || tokenizerJson === null) {
      throw new FramesiftError('model-mismatch', "The model's tokenizer.json is not an object.");
    }
    this.#tokenizer = openTokenizer(tokenizerJson);
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
   * A text in parts that fit the context, which together are all of it; the text alone where it fits. It is halved at
   * the end of a sentence or phrase near its middle, else between two words, else within one.
   */
  partsOf(text: string): string[] {
    if (this.#tokenizer.encode(text).ids.length <= this.#contextLength) return [text];
    const halves = halve(text);
    // One letter of many bytes may be more than a small context: there is nothing left to part.
    return halves ? halves.flatMap((half) => this.partsOf(half)) : [text];
  }

  /**
   * Ids of several texts as one block, short rows filled with the end marker: CLIP's text tower is
   * causal and reads its embedding at the first one, so what follows is inert.
   */
  encodeBatch(texts: readonly string[]): EncodedTexts {
    const rows = texts.map((text) => this.encode(text));
    const length = Math.max(1, ...rows.map((row) => row.length));
    const ids = new Int32Array(rows.length * length).fill(this.#endOfTextId);
    rows.forEach((row, rowIndex) => ids.set(row, rowIndex * length));
    return { ids, lengths: rows.map((row) => row.length), length, fill: this.#endOfTextId };
  }

  /** A sentence's end on why the ids do not fit a text tower that knows `vocabularySize` of them; or undefined. */
  misfit(vocabularySize: number): string | undefined {
    if (this.#endOfTextId < vocabularySize) return undefined;
    return `its tokenizer.json has ids up to ${this.#endOfTextId}, while its config.json says ${vocabularySize} tokens`;
  }
}

/** What every tokenizer of a CLIP model has to take. */
const TRIAL_TEXT = 'a photo of 2 cats';

/** The tokenizer of a file, tried once: a part that it lacks may be missed only by the first text. */
function openTokenizer(json: object): Tokenizer {
  try {
    const tokenizer = new Tokenizer(withoutSecondSplit(json), {});
    const { ids } = tokenizer.encode(TRIAL_TEXT);
    if (!ids.every((id) => Number.isSafeInteger(id) && id >= 0)) throw new Error('It gives no ids.');
    return tokenizer;
  } catch (cause) {
    throw new FramesiftError(
      'model-mismatch',
      "The model's tokenizer.json cannot be used: it is damaged, or of a kind that this page does not know. Fetch the model's files again.",
      { cause },
    );
  }
}

/** Where a text is best parted, best first; each match ends where the second half begins. */
const PART_ENDS = [/[.!?;:…]+\s+/gu, /[,–—]\s+|\s+(?=(?:and|or|but|while|with)\s)/gu, /\s+/gu];

/** Share of a text around its middle in which a better place is preferred to a nearer one. */
const MIDDLE_SHARE = 0.5;

/** Two halves of a text, none of them empty; null for a single letter. */
function halve(text: string): [string, string] | null {
  const whole = text.trim();
  const middle = whole.length / 2;
  for (const ends of PART_ENDS) {
    const places = Array.from(whole.matchAll(ends), ({ 0: match, index }) => index + match.length);
    const nearest = places.reduce(
      (best, place) => (Math.abs(place - middle) < Math.abs(best - middle) ? place : best),
      Infinity,
    );
    const isLast = ends === PART_ENDS.at(-1);
    if (
      nearest < whole.length &&
      (isLast || Math.abs(nearest - middle) <= (whole.length * MIDDLE_SHARE) / 2)
    ) {
      return [whole.slice(0, nearest).trim(), whole.slice(nearest).trim()];
    }
  }
  const letters = Array.from(whole);
  if (letters.length < 2) return null;
  const half = letters.length >> 1;
  return [letters.slice(0, half).join(''), letters.slice(half).join('')];
}

/**
 * CLIP's `tokenizer.json` splits words by its own pattern and then lets `ByteLevel` split them again by
 * GPT-2's, which changes nothing but for @huggingface/tokenizers 0.2.0: its second pattern takes U+FEFF
 * (a byte order mark, pasted along with text) for white space and drops it. So the second split is
 * switched off where there is a first one.
 */
function withoutSecondSplit(tokenizerJson: object): object {
  const parsed = splitThenBytes.safeParse(tokenizerJson);
  if (!parsed.success) return tokenizerJson;
  const { pre_tokenizer: preTokenizer } = parsed.data;
  const [split, bytes] = preTokenizer.pretokenizers;
  return {
    ...tokenizerJson,
    pre_tokenizer: { ...preTokenizer, pretokenizers: [split, { ...bytes, use_regex: false }] },
  };
}

const splitThenBytes = z.object({
  pre_tokenizer: z.looseObject({
    type: z.literal('Sequence'),
    pretokenizers: z.tuple([
      z.looseObject({ type: z.literal('Split') }),
      z.looseObject({ type: z.literal('ByteLevel') }),
    ]),
  }),
});
