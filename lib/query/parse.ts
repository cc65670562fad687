import { FramesiftError } from '@/lib/shared/errors';
import { blankListMarks } from './list';
import { EMPTY_QUERY, MAX_QUERY_LENGTH } from './prompts';
import type { Alternative, Query, Term, TermContent } from './query';

/** Terms of all alternatives together; each costs a pass over every frame. */
export const MAX_TERMS = 16;

/** Weights outside these are slips: one term would be the whole question, or none of it. */
export const MIN_WEIGHT = 0.01;
export const MAX_WEIGHT = 100;

/** A question that cannot be read, and the place in it, [start, end), that is in the way. */
export class QuerySyntaxError extends FramesiftError {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super('bad-input', message);
    this.name = 'QuerySyntaxError';
    this.start = start;
    this.end = end;
  }
}

/** Opening quotation marks with those that close them, in the order in which `formatQuery` tries them. */
const QUOTES = [
  ['"', '"'],
  ['“', '”'],
  ['«', '»'],
  ['„', '“”'],
] as const;
const OPENERS = QUOTES.map(([open]) => open).join('');
const CLOSERS: ReadonlyMap<string, string> = new Map(QUOTES);

const SPACE = /\s/u;
const LINE_BREAK = /[\n\r\u2028\u2029]/u;
/** Plus, and minus as it is typed or as word processors make it. */
const PLUS = '+';
const MINUS = '-\u2212\u2013';
/** What a sign stands before: "->" and "--" are plain text. */
const TERM_START = new RegExp(`[\\p{L}\\p{M}\\p{N}\\p{So}#'’‘(\\[${OPENERS}]|\\.\\d`, 'uy');
/** A number, a colon, and then something that is no digit: 10:30 is a time. */
const WEIGHT = new RegExp(`(\\d+(?:\\.\\d+)?|\\.\\d+):(?=[\\p{L}#${OPENERS}])`, 'uy');
/** `#1`, alone or with words after it. */
const PICTURE = /^#(\d+)(?:$|\s+(?=\S))/u;
/** After one of these a quotation mark means inches or closes something. */
const WORD = /[\p{L}\p{M}\p{N}]/u;

/**
 * A typed question as terms:
 *
 * - `dog + beach - person`: terms with signs. A sign counts at the start or after white space, and before a term;
 *   "black-and-white" and "a well-lit room" are plain text.
 * - `2:red car`, `-0.5:snow`: weights.
 * - `"salt + pepper"`: taken letter for letter.
 * - `#1`: an attached picture.
 * - `dog | cat`, or a line each, with or without a list's marks before all of them: any of them.
 *
 * @param imageNumbers what `#1` may refer to
 * @throws QuerySyntaxError with a sentence and the place
 */
export function parseQuery(source: string, imageNumbers: readonly number[]): Query {
  return new Parser(source, imageNumbers).parse();
}

class Parser {
  readonly #source: string;
  readonly #imageNumbers: readonly number[];
  #termCount = 0;

  constructor(source: string, imageNumbers: readonly number[]) {
    this.#source = blankListMarks(source);
    this.#imageNumbers = imageNumbers;
  }

  parse(): Query {
    const source = this.#source;
    this.#checkLength();
    const alternatives: Alternative[] = [];
    /** A `|` that still waits for what is to stand after it. */
    let openBar: number | undefined;
    for (let position = 0; position < source.length;) {
      const char = source[position]!;
      if (char === '|') {
        if (openBar !== undefined || alternatives.length === 0) failAtBar(position);
        openBar = position;
        position += 1;
      } else if (SPACE.test(char)) {
        position += 1;
      } else {
        const end = this.#endOfAlternative(position);
        alternatives.push(this.#parseAlternative(position, end));
        openBar = undefined;
        position = end;
      }
    }
    if (openBar !== undefined) failAtBar(openBar);
    return { alternatives };
  }

  #checkLength(): void {
    const { length } = this.#source.trim().replace(/\s+/gu, ' ');
    if (length === 0) throw new QuerySyntaxError(EMPTY_QUERY, 0, this.#source.length);
    if (length <= MAX_QUERY_LENGTH) return;
    const start = this.#source.length - this.#source.trimStart().length + MAX_QUERY_LENGTH;
    throw new QuerySyntaxError(
      `That question has ${length} characters. Ask in ${MAX_QUERY_LENGTH} or fewer; a short description works best.`,
      start,
      this.#source.length,
    );
  }

  /** Where the `|` or the line break after an alternative is, or the end of the text. */
  #endOfAlternative(start: number): number {
    let position = start;
    while (position < this.#source.length) {
      const char = this.#source[position]!;
      if (char === '|' || LINE_BREAK.test(char)) break;
      position = this.#afterCharOrQuote(position, start);
    }
    return position;
  }

  #parseAlternative(start: number, end: number): Alternative {
    const terms: Term[] = [];
    for (let position = start; position < end;) {
      let sign = 1;
      if (this.#isOperator(position, start, end)) {
        const operator = position;
        sign = this.#signAt(operator)!;
        position = this.#skipSpace(operator + 1, end);
        const name = this.#source[operator]!;
        if (position === end) {
          throw new QuerySyntaxError(`Something must follow the “${name}”.`, operator, operator + 1);
        }
        const second = this.#signAt(position);
        if (second !== undefined) {
          const isNegativeWeight = sign > 0 && second < 0 && this.#weightAt(position + 1) !== undefined;
          if (!isNegativeWeight) {
            throw new QuerySyntaxError(`Two signs stand in a row. Keep one of them.`, operator, position + 1);
          }
          sign = second;
          position += 1;
        }
      }
      const term = this.#parseTerm(position, start, end, sign);
      terms.push(term);
      position = this.#skipSpace(term.end, end);
    }
    if (!terms.some(({ weight }) => weight > 0)) {
      throw new QuerySyntaxError(
        'Say also what the frames shall show, as in “street - person”. Words that begin with a minus can stand in quotation marks.',
        start,
        terms.at(-1)!.end,
      );
    }
    return { terms };
  }

  #parseTerm(start: number, alternativeStart: number, alternativeEnd: number, sign: number): Term {
    const weightLength = this.#weightAt(start);
    const contentStart = start + (weightLength ?? 0);
    const end = this.#endOfTerm(contentStart, alternativeStart, alternativeEnd);
    this.#termCount += 1;
    if (this.#termCount > MAX_TERMS) {
      throw new QuerySyntaxError(
        `That question has more than ${MAX_TERMS} terms. Ask with fewer.`,
        start,
        end,
      );
    }
    let weight = sign;
    if (weightLength !== undefined) {
      const size = Number(this.#source.slice(start, contentStart - 1));
      if (size < MIN_WEIGHT || size > MAX_WEIGHT) {
        throw new QuerySyntaxError(
          `A weight is a number from ${MIN_WEIGHT} to ${MAX_WEIGHT}. Words that begin with a number and a colon can stand in quotation marks.`,
          start,
          contentStart,
        );
      }
      weight = sign * size;
    }
    return { weight, content: this.#parseContent(contentStart, end), start, end };
  }

  /** Past the last letter of a term: before white space that an operator follows, or before that at the end. */
  #endOfTerm(contentStart: number, alternativeStart: number, alternativeEnd: number): number {
    let lastLetter = contentStart;
    for (let position = contentStart; position < alternativeEnd;) {
      if (SPACE.test(this.#source[position]!)) {
        position = this.#skipSpace(position, alternativeEnd);
        if (this.#isOperator(position, alternativeStart, alternativeEnd)) break;
      } else {
        position = this.#afterCharOrQuote(position, contentStart);
        lastLetter = position;
      }
    }
    return lastLetter;
  }

  #parseContent(start: number, end: number): TermContent {
    const content = this.#source.slice(start, end);
    const picture = PICTURE.exec(content);
    if (picture) {
      const number = Number(picture[1]);
      const isAttached = this.#imageNumbers.includes(number);
      const isAlone = picture[0].length === content.length;
      if (isAttached && isAlone) return { kind: 'picture', image: number };
      if (isAttached) {
        throw new QuerySyntaxError(
          `After “#${picture[1]}” comes a plus or a minus, as in “#${picture[1]} + snow”.`,
          start + picture[0].length,
          end,
        );
      }
      if (isAlone) {
        throw new QuerySyntaxError(
          `There is no picture ${content} beside the question. Add one, or put ${content} in quotation marks to look for these words.`,
          start,
          end,
        );
      }
    }
    const afterQuote = OPENERS.includes(content[0]!) ? this.#afterCharOrQuote(start, start) : undefined;
    if (afterQuote !== end) return { kind: 'text', text: content.replace(/\s+/gu, ' '), isQuoted: false };
    const text = content.slice(1, -1).trim();
    if (text === '') {
      throw new QuerySyntaxError('Nothing stands between the quotation marks.', start, end);
    }
    return { kind: 'text', text, isQuoted: true };
  }

  /**
   * The position after what is at this one: a quotation, inside which signs and bars are letters, or a letter.
   *
   * @param start of the term or alternative, where a quotation mark always opens
   */
  #afterCharOrQuote(position: number, start: number): number {
    const closers = CLOSERS.get(this.#source[position]!);
    const isOpening = position === start || !WORD.test(charBefore(this.#source, position));
    if (closers === undefined || !isOpening) return position + 1;
    for (let at = position + 1; at < this.#source.length; at += 1) {
      const char = this.#source[at]!;
      if (closers.includes(char)) return at + 1;
      if (LINE_BREAK.test(char)) break;
    }
    throw new QuerySyntaxError(
      'This quotation mark is never closed. Close it, or leave it out.',
      position,
      position + 1,
    );
  }

  /** Whether a sign is one here, in the alternative [start, end), and not part of the text. */
  #isOperator(position: number, start: number, end: number): boolean {
    if (position >= end || this.#signAt(position) === undefined) return false;
    if (position !== start && !SPACE.test(this.#source[position - 1]!)) return false;
    const next = this.#skipSpace(position + 1, end);
    if (next === end) return true;
    TERM_START.lastIndex = next;
    return TERM_START.test(this.#source) || (next > position + 1 && this.#signAt(next) !== undefined);
  }

  #signAt(position: number): 1 | -1 | undefined {
    const char = this.#source[position] ?? ' ';
    if (char === PLUS) return 1;
    return MINUS.includes(char) ? -1 : undefined;
  }

  /** How many letters the weight here takes, its colon included. */
  #weightAt(position: number): number | undefined {
    WEIGHT.lastIndex = position;
    return WEIGHT.exec(this.#source)?.[0].length;
  }

  #skipSpace(position: number, end: number): number {
    let next = position;
    while (next < end && SPACE.test(this.#source[next]!)) next += 1;
    return next;
  }
}

/** The character before a position, both halves of it where it is two UTF-16 units. */
function charBefore(source: string, position: number): string {
  const low = source.codePointAt(position - 2);
  return low !== undefined && low > 0xffff ? String.fromCodePoint(low) : source[position - 1]!;
}

function failAtBar(position: number): never {
  throw new QuerySyntaxError(
    'Something must stand on both sides of “|”, as in “dog | cat”.',
    position,
    position + 1,
  );
}

/** A question as text again: `parseQuery` makes the same terms of it. */
export function formatQuery({ alternatives }: Query): string {
  return alternatives.map(({ terms }) => terms.map(formatTerm).join(' ')).join(' | ');
}

function formatTerm({ weight, content }: Term, index: number): string {
  const size = Math.abs(weight);
  const text = (size === 1 ? '' : `${size}:`) + formatContent(content);
  if (index === 0) return weight < 0 ? `-${text}` : text;
  return `${weight < 0 ? '-' : '+'} ${text}`;
}

function formatContent(content: TermContent): string {
  if (content.kind === 'picture') return `#${content.image}`;
  const { text, isQuoted } = content;
  if (!isQuoted) return text;
  const quote = QUOTES.find(([, closers]) => !Array.from(closers).some((closer) => text.includes(closer)));
  if (!quote) throw new RangeError('A quoted text must leave one kind of quotation mark unused.');
  const [open, closers] = quote;
  return `${open}${text}${closers[0]}`;
}
