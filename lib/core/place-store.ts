import type { Question } from '@/lib/ask/question';
import type { TimeRange } from '@/lib/ports/search';
import { ValueStore, type Store } from './store';

/** Where a page is: which clip is shown, what is asked of it, and in which part of it. */
export interface Place {
  /** Null for the newest clip. */
  clipId: string | null;
  question: Question | null;
  /** Null for the whole clip. */
  range: TimeRange | null;
}

/** What is at hand, and what was asked of every clip on this visit. */
export interface PlaceState {
  /** Id of a clip, or key of an opened file; null for the newest clip. */
  selectedKey: string | null;
  /** The clip that an address named, for as long as that is where the page is. */
  addressedClipId: string | null;
  /** By clip. */
  questions: ReadonlyMap<string, Question>;
  /** By clip; a clip without one is searched as a whole. */
  ranges: ReadonlyMap<string, TimeRange>;
}

/** What the page shows and asks. Going to another clip keeps what was asked of the one before. */
export class PlaceStore implements Store<PlaceState> {
  readonly #state = new ValueStore<PlaceState>({
    selectedKey: null,
    addressedClipId: null,
    questions: new Map(),
    ranges: new Map(),
  });

  constructor(opening: Place) {
    this.go(opening);
  }

  /** What is the case now. */
  readonly get = (): PlaceState => this.#state.get();

  /** Calls `listener` after every change, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  /** Goes where an address says. */
  go({ clipId, question, range }: Place): void {
    this.#state.update((state) => ({ ...state, selectedKey: clipId, addressedClipId: clipId }));
    if (clipId === null) return;
    this.ask(clipId, question);
    this.limit(clipId, range);
  }

  /** Shows a clip or an opened file; null for the newest clip. */
  select(key: string | null): void {
    this.#state.update((state) => ({ ...state, selectedKey: key }));
  }

  /** Forgets which clip the address named: it is deleted, and nobody is to be told that it is gone. */
  leaveAddress(): void {
    this.#state.update((state) => ({ ...state, addressedClipId: null }));
  }

  /** Asks something of a clip; null takes the question back. */
  ask(clipId: string, question: Question | null): void {
    this.#state.update((state) => ({ ...state, questions: withEntry(state.questions, clipId, question) }));
  }

  /** Limits what is asked of a clip to a part of it; null for all of it. */
  limit(clipId: string, range: TimeRange | null): void {
    this.#state.update((state) => ({ ...state, ranges: withEntry(state.ranges, clipId, range) }));
  }
}

/** A map with another value of a key; without the key for null. */
function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | null): ReadonlyMap<string, T> {
  const next = new Map(map);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}
