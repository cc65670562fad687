import { librariesToAsk, type LibraryFailure, type LibraryScope } from '@/lib/ask/libraries';
import type { Question } from '@/lib/ask/question';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { Answer, Candidates, EncodedQuestion, SearchProgress, SearchRequest } from '@/lib/ports/search';
import { throwIfCancelled } from '@/lib/shared/async';
import { toFramesiftError } from '@/lib/shared/errors';
import { RateEstimator, type Rate } from '@/lib/shared/rate-estimator';
import { ValueStore, type Store } from './store';

/** What is shown of an answer. */
export type AnswerState =
  | { state: 'idle' }
  /** `progress` is null where an answer is to come in a moment. */
  | { state: 'searching'; progress: RatedProgress | null }
  /** `isStale`: the same question, asked for another number, strategy or edit, whose answer is on its way. */
  | { state: 'ready'; answer: Answer; tookMs: number; libraries: LibraryParts; isStale: boolean }
  | { state: 'failed'; message: string };

/** What libraries that are searched on their servers gave for an answer. */
export interface LibraryParts {
  /** Those that have not answered yet. */
  asking: readonly string[];
  /** Those that did not, and why. */
  failed: readonly LibraryFailure[];
}

/** How far a search is that takes a while, and how fast it goes. */
export interface RatedProgress extends SearchProgress {
  rate: Rate | null;
}

/** A search that is over sooner shows no progress: a bar that flashes up tells nobody anything. */
export const PROGRESS_AFTER_MS = 500;

/** What a person wants to know, of which model, and what the page has seen of the clips' embeddings. */
export interface Asking {
  question: Question;
  model: LoadedModel;
  request: SearchRequest;
  /** By clip; asked anew whenever they say something else. */
  revisions: Readonly<Record<string, number>>;
}

/** What a store of answers stands on. */
export interface AnswerParts {
  encode: (model: LoadedModel, question: Question) => Promise<EncodedQuestion>;
  answer: (
    question: EncodedQuestion,
    request: SearchRequest,
    revisions: Readonly<Record<string, number>>,
    onProgress: (progress: SearchProgress) => void,
    candidates: readonly Candidates[],
    signal: AbortSignal,
  ) => Promise<Answer>;
  /** What a library on a server has for a question. */
  askLibrary: (scope: LibraryScope, question: EncodedQuestion, signal: AbortSignal) => Promise<Candidates>;
  now: () => number;
}

/** A question with where and how the answer is looked for. */
interface Asked {
  question: Question;
  /** Another object when it was started anew: what failed before may not fail again. */
  model: LoadedModel;
  scope: string;
  request: string;
  revisions: string;
  /** Later ones are higher: the same may be asked again when more is stored. */
  number: number;
}

/** What was found, and for what. */
interface Found extends Asked {
  outcome: { answer: Answer; tookMs: number; libraries: LibraryParts } | { message: string };
}

/** What an AnswerStore has found so far; `answerStateOf` says what it means for a question. */
export interface AnswerSnapshot {
  found: Found | null;
  progress: RatedProgress | null;
}

/**
 * The frames that answer a question, found anew whenever the question, the request or what is stored of the clips
 * changes. A question is encoded once, however often it is asked meanwhile, and so are libraries on servers asked once. What
 * is here is answered without them; they are added when they come. What is asked instead ends the searches before it, but
 * not those for the same of an earlier revision, which answer a moment ago.
 */
export class AnswerStore implements Store<AnswerSnapshot> {
  readonly #parts: AnswerParts;
  readonly #shown = new ValueStore<AnswerSnapshot>({ found: null, progress: null });
  #encoded: { question: Question; modelVersion: string; query: Promise<EncodedQuestion> } | null = null;
  #asked: LibraryAnswers | null = null;
  /** Ends the searches for what is wanted now. */
  #ending = new AbortController();
  /** What the page wants to know now; null where nothing. */
  #wanted: Asked | null = null;
  #timesAsked = 0;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** What has been found so far. */
  readonly get = (): AnswerSnapshot => this.#shown.get();

  /** Calls `listener` after every change. */
  readonly subscribe = (listener: () => void): (() => void) => this.#shown.subscribe(listener);

  /** Looks for an answer, unless this very thing is being asked; null when nothing is to be known any more. */
  ask(asking: Asking | null): void {
    if (!asking) {
      this.#wanted = null;
      this.#ending.abort();
      this.#asked?.end();
      this.#asked = null;
      return;
    }
    const asked: Asked = { ...keyOf(asking), number: this.#timesAsked + 1 };
    const before = this.#wanted;
    const isAsked =
      before?.model === asked.model && isSameAsked(before, asked) && before.revisions === asked.revisions;
    if (isAsked) return;
    this.#timesAsked += 1;
    if (!before || !isSameAsked(before, asked)) {
      this.#ending.abort();
      this.#ending = new AbortController();
      this.#show({ progress: null });
    }
    this.#wanted = asked;
    void this.#find(asking, asked).then((outcome) => this.#take(asked, outcome));
  }

  async #find({ question, model, request, revisions }: Asking, asked: Asked): Promise<Found['outcome']> {
    const { answer, now } = this.#parts;
    const startedMs = now();
    const { signal } = this.#ending;
    try {
      const query = await this.#encode(model, question);
      throwIfCancelled(signal);
      const rated = ratedProgress(now, (progress) => {
        if (!signal.aborted) this.#show({ progress });
      });
      const look = async (libraries: LibraryParts, candidates: readonly Candidates[]) => ({
        answer: await answer(query, request, revisions, rated, candidates, signal),
        tookMs: now() - startedMs,
        libraries,
      });
      const others = this.#askLibraries(query, asked.scope, request);
      while (others && !others.isOver) {
        const { settled } = others;
        const sofar = await look(others.parts, [...others.candidates]);
        // Of nothing at all there is nothing to show.
        if (sofar.answer.framesSearched > 0) this.#take(asked, sofar);
        if (others.settled === settled) await others.next();
        throwIfCancelled(signal);
      }
      return await look(others?.parts ?? NO_LIBRARIES, others?.candidates ?? []);
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // Asked again, what failed is tried again.
      if (error.code !== 'cancelled' && this.#encoded?.question === question) this.#encoded = null;
      return { message: error.message };
    }
  }

  /** Null where no library is to be asked. */
  #askLibraries(query: EncodedQuestion, scope: string, request: SearchRequest): LibraryAnswers | null {
    const before = this.#asked;
    if (before?.query === query && before.scope === scope) return before;
    before?.end();
    const libraries = librariesToAsk(request);
    this.#asked =
      libraries.length === 0
        ? null
        : new LibraryAnswers(query, scope, libraries, (library, signal) =>
            this.#parts.askLibrary(library, query, signal),
          );
    return this.#asked;
  }

  #encode(model: LoadedModel, question: Question): Promise<EncodedQuestion> {
    const { modelVersion } = model;
    const known = this.#encoded;
    if (known?.question === question && known.modelVersion === modelVersion) return known.query;
    const query = this.#parts.encode(model, question);
    this.#encoded = { question, modelVersion, query };
    return query;
  }

  #take(asked: Asked, outcome: Found['outcome']): void {
    const now = this.#wanted;
    if (!now || !isSameAsked(now, asked)) return;
    // While a clip is being read it changes faster than a slow machine answers. What was there a moment ago still
    // answers, and what has come since follows; of a failure that the next attempt may not share nothing is said.
    if (now.number !== asked.number && !('answer' in outcome)) return;
    const { found } = this.get();
    const isOvertaken = found !== null && isSameAsked(found, asked) && found.number > asked.number;
    this.#show({ found: isOvertaken ? found : { ...asked, outcome }, progress: null });
  }

  #show(change: Partial<AnswerSnapshot>): void {
    this.#shown.update((shown) => ({ ...shown, ...change }));
  }
}

const NO_LIBRARIES: LibraryParts = { asking: [], failed: [] };

/** What libraries answer to one question, each when it comes. */
class LibraryAnswers {
  readonly #controller = new AbortController();
  readonly candidates: Candidates[] = [];
  /** How many have answered or failed. */
  settled = 0;
  #asking: string[];
  #failed: LibraryParts['failed'] = [];
  readonly #open = new Set<Promise<void>>();

  constructor(
    readonly query: EncodedQuestion,
    readonly scope: string,
    libraries: readonly LibraryScope[],
    ask: (library: LibraryScope, signal: AbortSignal) => Promise<Candidates>,
  ) {
    this.#asking = libraries.map(({ libraryId }) => libraryId);
    for (const library of libraries) {
      const { libraryId } = library;
      const open = ask(library, this.#controller.signal)
        .then(
          (candidates) => void this.candidates.push(candidates),
          (error: unknown) => {
            this.#failed = [...this.#failed, { libraryId, message: toFramesiftError(error).message }];
          },
        )
        .then(() => {
          this.#asking = this.#asking.filter((other) => other !== libraryId);
          this.settled += 1;
          this.#open.delete(open);
        });
      this.#open.add(open);
    }
  }

  get isOver(): boolean {
    return this.#open.size === 0;
  }

  /** Resolves when the next library has answered or failed. */
  async next(): Promise<void> {
    if (!this.isOver) await Promise.race(this.#open);
  }

  get parts(): LibraryParts {
    return { asking: this.#asking, failed: this.#failed };
  }

  /** Asks no more. */
  end(): void {
    this.#controller.abort();
  }
}

/** What is to be shown of a question. What was found for another or in other clips is never shown under its words. */
export function answerStateOf({ found, progress }: AnswerSnapshot, asking: Asking | null): AnswerState {
  if (!asking) return { state: 'idle' };
  const { question, scope, request } = keyOf(asking);
  if (found?.question !== question || found.scope !== scope) return { state: 'searching', progress };
  const isStale = found.request !== request;
  if ('answer' in found.outcome) return { state: 'ready', ...found.outcome, isStale };
  return isStale ? { state: 'searching', progress } : { state: 'failed', message: found.outcome.message };
}

function keyOf({ question, model, request, revisions }: Asking): Omit<Asked, 'number'> {
  const clips = request.clips.map(({ clipId }) => clipId);
  return {
    question,
    model,
    scope: JSON.stringify([model.modelVersion, clips, request.range]),
    request: JSON.stringify(request),
    revisions: JSON.stringify(revisions),
  };
}

function isSameAsked(a: Asked, b: Asked): boolean {
  return a.question === b.question && a.scope === b.scope && a.request === b.request;
}

/** Adds the rate of each stage, and leaves out what is over in a moment. */
function ratedProgress(
  now: () => number,
  show: (progress: RatedProgress) => void,
): (progress: SearchProgress) => void {
  const startedMs = now();
  let estimator = new RateEstimator();
  let stage: SearchProgress['stage'] | null = null;
  return (progress) => {
    const nowMs = now();
    if (progress.stage !== stage) estimator = new RateEstimator();
    stage = progress.stage;
    estimator.add(nowMs, progress.done);
    if (nowMs - startedMs >= PROGRESS_AFTER_MS) {
      show({ ...progress, rate: estimator.rate(progress.total) });
    }
  };
}
