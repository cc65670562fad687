/**
 * OpenAI's CLIP tokenizer, written anew from its published description (openai/CLIP,
 * clip/simple_tokenizer.py) and sharing nothing with @huggingface/tokenizers: the reference that the
 * page's tokenizer is held to.
 *
 * Two steps of the original are left out, as they are from every `tokenizer.json`: `ftfy` (which mends
 * text that was decoded wrongly) and the unescaping of HTML entities. In their place stands the Unicode
 * normalisation (NFC) that `tokenizer.json` asks for and that ftfy ends with.
 */
export class SimpleTokenizer {
  readonly #rankOfPair: ReadonlyMap<string, number>;
  readonly #idOfToken: ReadonlyMap<string, number>;
  readonly #contextLength: number;
  /** A symbol for each byte, so that any text can be written in the vocabulary's alphabet. */
  readonly #symbolOfByte = symbolsOfBytes();

  /** @param merges pairs of symbols with a space between, in the order in which they are merged */
  constructor(merges: readonly string[], idOfToken: ReadonlyMap<string, number>, contextLength: number) {
    this.#rankOfPair = new Map(merges.map((pair, rank) => [pair, rank]));
    this.#idOfToken = idOfToken;
    this.#contextLength = contextLength;
  }

  /** Ids with both markers, cut as `clip.tokenize(…, truncate=True)` cuts them, without its padding. */
  encode(text: string): number[] {
    const ids = [this.#id('<|startoftext|>')];
    for (const word of splitWords(text)) {
      const symbols = Array.from(new TextEncoder().encode(word), (byte) => this.#symbolOfByte[byte]!);
      ids.push(...this.#merge(symbols).map((token) => this.#id(token)));
    }
    ids.push(this.#id('<|endoftext|>'));
    if (ids.length <= this.#contextLength) return ids;
    ids.length = this.#contextLength;
    ids[this.#contextLength - 1] = this.#id('<|endoftext|>');
    return ids;
  }

  #merge(symbols: string[]): string[] {
    let word = [...symbols.slice(0, -1), `${symbols.at(-1)!}</w>`];
    for (;;) {
      let best: { pair: string; rank: number } | undefined;
      for (let at = 0; at + 1 < word.length; at += 1) {
        const pair = `${word[at]!} ${word[at + 1]!}`;
        const rank = this.#rankOfPair.get(pair);
        if (rank !== undefined && (!best || rank < best.rank)) best = { pair, rank };
      }
      if (!best) return word;
      // Every occurrence of the pair at once, from the left.
      const merged: string[] = [];
      for (let at = 0; at < word.length; at += 1) {
        if (at + 1 < word.length && `${word[at]!} ${word[at + 1]!}` === best.pair) {
          merged.push(word[at]! + word[at + 1]!);
          at += 1;
        } else merged.push(word[at]!);
      }
      word = merged;
    }
  }

  #id(token: string): number {
    const id = this.#idOfToken.get(token);
    if (id === undefined) throw new Error(`The vocabulary has no token “${token}”.`);
    return id;
  }
}

/** Contractions, runs of letters, single digits, and runs of anything else that is not white space. */
function splitWords(text: string): string[] {
  const clean = text
    .normalize('NFC')
    .replace(/\p{White_Space}+/gu, ' ')
    .toLowerCase();
  return clean.match(/'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu) ?? [];
}

/** Printable bytes stand for themselves; the others get the characters from U+0100 on, in order. */
export function symbolsOfBytes(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

/**
 * The vocabulary that OpenAI's file of merges stands for: bytes, bytes that end a word, merges, markers.
 *
 * @param mergesFile text of `bpe_simple_vocab_16e6.txt`
 */
export function readOpenAiVocabulary(mergesFile: string): {
  merges: string[];
  idOfToken: Map<string, number>;
} {
  const merges = mergesFile.split('\n').slice(1, OPENAI_MERGE_COUNT + 1);
  const symbols = symbolsOfBytes();
  // The file's order: bytes that are printable first, the others after them.
  const bytes = [
    ...symbols.filter((symbol) => symbol < '\u0100'),
    ...symbols.filter((symbol) => symbol >= '\u0100'),
  ];
  const tokens = [
    ...bytes,
    ...bytes.map((symbol) => `${symbol}</w>`),
    ...merges.map((pair) => pair.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  return { merges, idOfToken: new Map(tokens.map((token, id) => [token, id])) };
}

/** 49,408 tokens less 2 × 256 bytes and 2 markers. */
const OPENAI_MERGE_COUNT = 49_408 - 512 - 2;
