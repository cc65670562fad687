import type { WordFacts } from '@/lib/shared/word-facts';
import { z } from '@/lib/shared/zod';

/** Where a model keeps how many captions of its training data hold each word. */
export const WORD_COUNTS_PATH = 'word-counts.json';

const wordCountsSchema = z.object({
  version: z.literal(1),
  /** Captions that were counted. */
  captions: z.number().int().positive(),
  words: z.record(z.string(), z.number().int().positive()),
});

/**
 * Captions that must hold a word for the model to know it. Of the bundled model's 190,000 captions, words below this are
 * misspellings, names, and things of which it has seen next to nothing.
 */
const KNOWN_CAPTIONS = 8;

/** A suggestion must be a word that the model knows well. */
const SUGGESTED_CAPTIONS = 20;

const MAX_SUGGESTIONS = 2;

/** Short words have near misses everywhere (“Hund”, “hand”): only two letters in the wrong order count there. */
const ONE_EDIT_LENGTH = 5;
const TWO_EDITS_LENGTH = 7;

/** Words that carry no picture of their own, so that not knowing them says nothing. */
const FUNCTION_WORDS = new Set(
  `a about above across after against all along also am among an and another any anybody anyone anything are around as
  at away be because been before behind being below beneath beside besides between beyond both but by can could did do
  does doing done during each either else every everybody everyone everything few find for from get go goes had has
  have he her here hers him his how i if in inside instead into is it its just like look looking looks many may me more
  most much my near neither next nor of off on once one onto or other our ours out outside over per please quite s
  same see seen shall she should show shown shows since so some somebody someone something somewhere such t than that
  the their theirs them then there these they this those through till to together too toward towards under until up
  upon us very was we were what when where which while who whom whose why will with within would yes you your yours no
  nobody none not nothing nowhere only without
  clip clips footage frame frames image images moment moments photo photos picture pictures scene scenes video
  videos`.split(/\s+/),
);

/** The words of a model's training data with how many captions hold each. */
export class Vocabulary {
  readonly #counts: ReadonlyMap<string, number>;

  constructor(counts: ReadonlyMap<string, number>) {
    this.#counts = counts;
  }

  /** The parsed `word-counts.json` of a model; undefined when it is not one. */
  static read(json: unknown): Vocabulary | undefined {
    const parsed = wordCountsSchema.safeParse(json);
    return parsed.success ? new Vocabulary(new Map(Object.entries(parsed.data.words))) : undefined;
  }

  /** @param words letters alone, in any case */
  lookUp(words: readonly string[]): WordFacts[] {
    return words.map((word) => {
      const key = plainWord(word);
      const hasMeaning = !/^[a-z]$/.test(key) && !FUNCTION_WORDS.has(key);
      const isKnown = !hasMeaning || this.#captionsOf(key) >= KNOWN_CAPTIONS;
      return { word, isKnown, hasMeaning, near: isKnown ? [] : this.#nearestTo(key) };
    });
  }

  /** Captions with a word in one of its common forms: of “umbrellas”, those with “umbrella” count too. */
  #captionsOf(key: string): number {
    return Math.max(0, ...formsOf(key).map((form) => this.#counts.get(form) ?? 0));
  }

  #nearestTo(key: string): string[] {
    const limit = key.length >= TWO_EDITS_LENGTH ? 2 : 1;
    const found: { word: string; edits: number; captions: number }[] = [];
    for (const [word, captions] of this.#counts) {
      if (captions < SUGGESTED_CAPTIONS || Math.abs(word.length - key.length) > limit) continue;
      if (FUNCTION_WORDS.has(word)) continue;
      const edits = isNear(key, word, limit);
      if (edits !== undefined) found.push({ word, edits, captions });
    }
    found.sort((a, b) => a.edits - b.edits || b.captions - a.captions || (a.word < b.word ? -1 : 1));
    const [best] = found;
    return found
      .filter(({ edits }) => edits === best?.edits)
      .slice(0, MAX_SUGGESTIONS)
      .map(({ word }) => word);
  }
}

/** A word as the counts have it: lower case, without accents and the possessive's end. */
function plainWord(word: string): string {
  return word
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’]s$/u, '')
    .replaceAll(/['’]/gu, '');
}

/** A word with what it may be a plural or a form of; endings that are a verb's too. */
function formsOf(key: string): string[] {
  const forms = [key, `${key}s`, `${key}es`];
  const add = (ending: RegExp, ...others: string[]) => {
    if (!ending.test(key)) return;
    const stem = key.replace(ending, '');
    if (stem.length >= 3) forms.push(...others.map((other) => stem + other));
  };
  add(/s$/, '');
  add(/es$/, '');
  add(/ies$/, 'y');
  add(/ing$/, '', 'e');
  const doubled = /^(.+?([b-df-hj-np-tv-z]))\2(?:ing|ed)$/.exec(key);
  if (doubled) forms.push(doubled[1]!);
  add(/ed$/, '', 'e');
  return forms;
}

/** Edits between two words, letters in the wrong order counted as one; undefined where they are too many to be a slip. */
function isNear(typed: string, word: string, limit: number): number | undefined {
  if (typed.length < ONE_EDIT_LENGTH) {
    return typed.length === word.length && isSwapped(typed, word) ? 1 : undefined;
  }
  const edits = editDistance(typed, word, limit);
  if (edits > limit) return undefined;
  // Two slips rarely fall on the first letter, and without this “strasse” is near to half of the words.
  return edits > 1 && !word.startsWith(typed.charAt(0)) ? undefined : edits;
}

function isSwapped(a: string, b: string): boolean {
  const first = Array.from(a).findIndex((letter, i) => letter !== b[i]);
  return (
    first >= 0 &&
    a[first] === b[first + 1] &&
    a[first + 1] === b[first] &&
    a.slice(first + 2) === b.slice(first + 2)
  );
}

/** Optimal string alignment distance; `limit + 1` stands for anything above `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      let edits = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        edits = Math.min(edits, beforeLast[column - 2]! + 1);
      }
      current.push(edits);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return last[b.length]!;
}
