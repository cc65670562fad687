import type { WordFacts } from '@/lib/shared/word-facts';
import { parseQuery } from './parse';
import type { Query } from './query';

/** A word of a question, and where it stands in what was typed: [start, end). */
export interface QueryWord {
  word: string;
  start: number;
  end: number;
}

/** A question said in signs instead of words. */
export interface Rewrite {
  /** The words of the question that signs stand for, as typed. */
  words: string[];
  /** The question with signs. Cannot be asked as it is where `lacksSubject`. */
  text: string;
  /** Only what must not be seen is left: what the frames shall show is to be put before it. */
  lacksSubject: boolean;
}

/** Letters with an apostrophe among them; a hyphen parts two words. */
const WORD = /[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu;

/** The words of a question that is asked in words, what stands in quotation marks included; none where it cannot be read. */
export function wordsOf(source: string, imageNumbers: readonly number[]): QueryWord[] {
  return textTerms(source, imageNumbers).flatMap(({ start, end }) =>
    Array.from(source.slice(start, end).matchAll(WORD), ({ 0: word, index }) => ({
      word,
      start: start + index,
      end: start + index + word.length,
    })),
  );
}

/** The question with another word in a word's place, in the case that it was typed in. */
export function replaceWord(source: string, { word, start, end }: QueryWord, other: string): string {
  const isCapital = /^\p{Lu}\p{Ll}/u.test(word);
  const typed = isCapital ? other.charAt(0).toUpperCase() + other.slice(1) : other;
  return source.slice(0, start) + typed + source.slice(end);
}

/** What a person may want to know of the words of a question. */
export interface WordAdvice {
  /** Words that the model hardly knows, each once, in the order of the question. */
  unknown: string[];
  /** Whether no word with a meaning of its own is left that the model knows. */
  isAllUnknown: boolean;
  /** A misspelt word, the word that may be meant, and the question with it. */
  spellings: { word: string; other: string; text: string }[];
}

/** Questions offered with another spelling; more would be a list to read. */
const MAX_SPELLINGS = 3;

/**
 * @param facts of `words`, in their order
 * @returns null where the model knows all of them
 */
export function adviceOnWords(
  source: string,
  words: readonly QueryWord[],
  facts: readonly WordFacts[],
): WordAdvice | null {
  const unknown = new Map<string, { word: QueryWord; near: string[] }>();
  words.forEach((word, i) => {
    const { isKnown, near } = facts[i]!;
    if (!isKnown && !unknown.has(word.word)) unknown.set(word.word, { word, near });
  });
  if (unknown.size === 0) return null;
  const misspelt = Array.from(unknown.values()).filter(({ near }) => near.length > 0);
  // In another language a word may be near to an English one too, and is no misspelling of it.
  const isSlip = misspelt.length * 2 > unknown.size;
  return {
    unknown: [...unknown.keys()],
    isAllUnknown: facts.every(({ isKnown, hasMeaning }) => !isKnown || !hasMeaning),
    spellings: isSlip
      ? misspelt
          .flatMap(({ word, near }) =>
            near.map((other) => ({ word: word.word, other, text: replaceWord(source, word, other) })),
          )
          .slice(0, MAX_SPELLINGS)
      : [],
  };
}

const BOTH = /\s+(AND)\s+(?=\S)/gu;
const ANY = /\s+(OR)\s+(?=\S)/gu;
/** A preposition before “no” belongs to a phrase (“in no time”), “with” alone to what is left out. */
const WITHOUT =
  /(?<before>^|\s+)(?<!\b(?:in|at|on|of|by|for|from|to)\s+)(?:(?:AND|and|BUT|but|WITH|with)\s+)?(?<sign>NOT|not|NO|No|no|WITHOUT|without|Without|Not)\s+(?:any\s+|an?\s+|the\s+)?(?=[\p{L}\p{N}#"“«„])(?!(?:parking|smoking|entry|trespassing|diving|stopping|swimming\s+sign|longer|matter|more|less)\b)/gu;
const NOBODY =
  /(?<before>^|\s+)(?:(?:AND|and|BUT|but|WITH|with)\s+)?(?<sign>no\s+one|nobody|NOBODY|NO\s+ONE)(?=$|\s)/gu;

/**
 * The question with signs where it says AND, OR, NOT, “no” or “without”, which the model reads like any other word: a
 * caption of “no car” is close to pictures of cars.
 *
 * @returns null where the question has none of them, or cannot be read
 */
export function signsForWords(source: string, imageNumbers: readonly number[]): Rewrite | null {
  const words: string[] = [];
  const note = (word: string) => {
    const typed = word.replace(/\s+/gu, ' ');
    if (!words.includes(typed)) words.push(typed);
  };
  let text = '';
  let done = 0;
  for (const { start, end, weight, isQuoted } of textTerms(source, imageNumbers)) {
    if (isQuoted || weight < 0) continue;
    const term = source
      .slice(start, end)
      .replace(NOBODY, (_, before: string, sign: string) => (note(sign), `${before && ' '}- people`))
      .replace(WITHOUT, (_, before: string, sign: string) => (note(sign), `${before && ' '}- `))
      .replace(BOTH, (_, sign: string) => (note(sign), ' + '))
      .replace(ANY, (_, sign: string) => (note(sign), ' | '));
    text += source.slice(done, start) + term;
    done = end;
  }
  text += source.slice(done);
  if (words.length === 0) return null;
  const rewritten = text.trim().replace(/\s+/gu, ' ');
  if (canBeRead(rewritten, imageNumbers)) return { words, text: rewritten, lacksSubject: false };
  const isOnlyWithout = rewritten.startsWith('- ') && canBeRead(`x ${rewritten}`, imageNumbers);
  return isOnlyWithout ? { words, text: rewritten, lacksSubject: true } : null;
}

interface TextTerm {
  /** Of the words, what stands before them left out. */
  start: number;
  end: number;
  weight: number;
  isQuoted: boolean;
}

function textTerms(source: string, imageNumbers: readonly number[]): TextTerm[] {
  let query: Query;
  try {
    query = parseQuery(source, imageNumbers);
  } catch {
    return [];
  }
  return query.alternatives.flatMap(({ terms }) =>
    terms.flatMap(({ content, weight, start, end }) => {
      if (content.kind === 'picture') return [];
      const weightLength = /^[\d.]+:(?=\D)/u.exec(source.slice(start, end))?.[0].length ?? 0;
      return [{ start: start + weightLength, end, weight, isQuoted: content.isQuoted }];
    }),
  );
}

function canBeRead(source: string, imageNumbers: readonly number[]): boolean {
  try {
    parseQuery(source, imageNumbers);
    return true;
  } catch {
    return false;
  }
}
