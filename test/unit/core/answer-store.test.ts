import { describe, expect, it } from 'vitest';
import { composeRequest } from '@/lib/ask/compose-request';
import type { Question } from '@/lib/ask/question';
import { AnswerStore, answerStateOf, PROGRESS_AFTER_MS, type Asking } from '@/lib/core/answer-store';
import type { Answer, Candidates, EncodedQuestion, SearchProgress } from '@/lib/ports/search';
import { FramesiftError } from '@/lib/shared/errors';
import { deferred, FakeClock, modelNamed, settle } from '../../support/core-fakes';

interface Search {
  count: number;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
  onProgress: (progress: SearchProgress) => void;
  /** Libraries whose candidates it has. */
  libraries: string[];
  signal: AbortSignal;
}

/** A library that is asked. */
interface LibraryQuestion {
  libraryId: string;
  clips: string[] | null;
  signal: AbortSignal;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

const MODEL = modelNamed('m1');
const CAT: Question = { text: 'a cat', images: [] };
const DOG: Question = { text: 'a dog', images: [] };

function asking(
  question: Question,
  change: Partial<Asking> & { count?: number; clip?: string } = {},
): Asking {
  const { count = 8, clip = 'c', ...rest } = change;
  const request = composeRequest([{ id: clip, durationMs: 1000 }], { count });
  return { question, model: MODEL, request, revisions: {}, ...rest };
}

function answerOf(framesSearched: number): Answer {
  return { framesSearched } as Answer;
}

function openStore() {
  const clock = new FakeClock();
  const searches: Search[] = [];
  const encoded: string[] = [];
  const libraries: LibraryQuestion[] = [];
  const store = new AnswerStore({
    encode: (_, { text }) => {
      encoded.push(text);
      return Promise.resolve({} as EncodedQuestion);
    },
    answer: (_, { count }, __, onProgress, candidates, signal) => {
      const { promise, resolve, reject } = deferred<Answer>();
      const given = candidates.map(({ libraryId }) => libraryId);
      searches.push({ count, resolve, reject, onProgress, libraries: given, signal });
      return promise;
    },
    askLibrary: ({ libraryId, clips }, _, signal) => {
      const { promise, resolve, reject } = deferred<Candidates>();
      const answer = () => resolve({ libraryId } as Candidates);
      libraries.push({ libraryId, clips, signal, resolve: answer, reject });
      return promise;
    },
    now: clock.now,
  });
  const shown = (of: Asking) => answerStateOf(store.get(), of);
  const ask = async (of: Asking | null) => {
    store.ask(of);
    await settle();
  };
  return { store, clock, searches, encoded, libraries, shown, ask };
}

describe('AnswerStore', () => {
  it('never shows an answer under another question, model, range or other clips', async () => {
    const { ask, searches, shown } = openStore();
    await ask(asking(CAT));
    searches[0]!.resolve(answerOf(1));
    await settle();
    expect(shown(asking(CAT))).toMatchObject({ state: 'ready', isStale: false });
    expect(shown(asking(DOG)).state).toBe('searching');
    expect(shown(asking(CAT, { clip: 'other' })).state).toBe('searching');
    expect(shown(asking(CAT, { model: modelNamed('m2') })).state).toBe('searching');
    const { request } = asking(CAT);
    const ranged = { ...request, range: { startMs: 0, endMs: 9 } };
    expect(shown(asking(CAT, { request: ranged })).state).toBe('searching');
  });

  it('shows the answer before as stale while another number of frames is looked for', async () => {
    const { ask, searches, shown } = openStore();
    await ask(asking(CAT));
    searches[0]!.resolve(answerOf(1));
    await settle();
    await ask(asking(CAT, { count: 4 }));
    expect(shown(asking(CAT, { count: 4 }))).toMatchObject({ state: 'ready', isStale: true });
    searches[1]!.resolve(answerOf(2));
    await settle();
    expect(shown(asking(CAT, { count: 4 }))).toMatchObject({ answer: { framesSearched: 2 }, isStale: false });
  });

  it('drops an answer that comes when another question is asked', async () => {
    const { ask, searches, store } = openStore();
    await ask(asking(CAT));
    await ask(asking(DOG));
    searches[0]!.resolve(answerOf(1));
    await settle();
    expect(store.get().found).toBeNull();
  });

  it('keeps the answer that was asked for last when an earlier one comes after it', async () => {
    const { ask, searches, shown } = openStore();
    await ask(asking(CAT, { revisions: { c: 1 } }));
    await ask(asking(CAT, { revisions: { c: 2 } }));
    searches[1]!.resolve(answerOf(2));
    await settle();
    searches[0]!.resolve(answerOf(1));
    await settle();
    expect(shown(asking(CAT))).toMatchObject({ answer: { framesSearched: 2 } });
  });

  it('shows what was there a moment ago while a clip grows faster than it is searched', async () => {
    const { ask, searches, shown } = openStore();
    await ask(asking(CAT, { revisions: { c: 1 } }));
    await ask(asking(CAT, { revisions: { c: 2 } }));
    searches[0]!.resolve(answerOf(1));
    await settle();
    expect(shown(asking(CAT))).toMatchObject({ answer: { framesSearched: 1 }, isStale: false });
  });

  it('says nothing of a failure that a later attempt may not share', async () => {
    const { ask, searches, shown } = openStore();
    await ask(asking(CAT, { revisions: { c: 1 } }));
    await ask(asking(CAT, { revisions: { c: 2 } }));
    searches[0]!.reject(new Error('Lost.'));
    await settle();
    expect(shown(asking(CAT)).state).toBe('searching');
    searches[1]!.reject(new FramesiftError('internal', 'Lost again.'));
    await settle();
    expect(shown(asking(CAT))).toEqual({ state: 'failed', message: 'Lost again.' });
  });

  it('asks once for what is the same, and encodes a question once until it fails', async () => {
    const { ask, searches, encoded } = openStore();
    await ask(asking(CAT));
    await ask(asking(CAT));
    await ask(asking(CAT, { count: 4 }));
    expect(searches.map(({ count }) => count)).toEqual([8, 4]);
    expect(encoded).toEqual(['a cat']);
    searches[1]!.reject(new Error('Lost.'));
    await settle();
    await ask(asking(CAT, { count: 5 }));
    expect(encoded).toEqual(['a cat', 'a cat']);
  });

  it.each<[string, Asking | null]>([
    ['another question', asking(DOG)],
    ['another number of frames', asking(CAT, { count: 4 })],
    ['other clips', asking(CAT, { clip: 'other' })],
    ['nothing', null],
  ])('ends the search when %s is asked', async (_, next) => {
    const { ask, searches } = openStore();
    await ask(asking(CAT));
    await ask(asking(CAT, { revisions: { c: 2 } }));
    expect(searches.map(({ signal }) => signal.aborted)).toEqual([false, false]);
    await ask(next);
    expect(searches.map(({ signal }) => signal.aborted)).toEqual([true, true, ...(next ? [false] : [])]);
  });

  it('looks again for what was asked before, and says nothing of the search that was ended', async () => {
    const { ask, searches, shown, encoded } = openStore();
    await ask(asking(CAT));
    await ask(asking(CAT, { count: 4 }));
    searches[0]!.reject(new FramesiftError('cancelled', 'Cancelled.'));
    await settle();
    await ask(asking(CAT));
    expect(shown(asking(CAT)).state).toBe('searching');
    searches[2]!.resolve(answerOf(3));
    await settle();
    expect(shown(asking(CAT))).toMatchObject({ answer: { framesSearched: 3 } });
    expect(encoded).toEqual(['a cat']);
  });

  it('does not search for a question that was given up while it was encoded', async () => {
    const { store, searches } = openStore();
    store.ask(asking(CAT));
    store.ask(asking(DOG));
    await settle();
    expect(searches).toHaveLength(1);
    expect(searches[0]!.signal.aborted).toBe(false);
  });

  it('shows progress of a search that takes a while', async () => {
    const { ask, searches, shown, clock } = openStore();
    await ask(asking(CAT));
    searches[0]!.onProgress({ stage: 'reading', done: 1, total: 9 });
    expect(shown(asking(CAT))).toEqual({ state: 'searching', progress: null });
    await clock.pass(PROGRESS_AFTER_MS);
    searches[0]!.onProgress({ stage: 'reading', done: 2, total: 9 });
    expect(shown(asking(CAT))).toMatchObject({ progress: { done: 2, total: 9 } });
  });
});

describe('AnswerStore with libraries on servers', () => {
  const place = (libraryId: string, frames: number | null) => ({ libraryId, name: libraryId, frames });
  const clips = [
    { id: 'here', durationMs: 1000, sharedIn: null },
    { id: 'copied', durationMs: 1000, sharedIn: place('attic', null) },
    { id: 'a', durationMs: 1000, sharedIn: place('yard', 480) },
    { id: 'b', durationMs: 1000, sharedIn: place('yard', 20) },
    { id: 'c', durationMs: 1000, sharedIn: place('lab', 3) },
  ];
  const askingAll = (change: Partial<Asking> & { count?: number; isOfAll?: boolean } = {}): Asking => {
    const { count = 8, isOfAll = true, ...rest } = change;
    return asking(CAT, { request: composeRequest(clips, { count, isOfAll }), ...rest });
  };

  it('shows what is here at once, and each library when it comes', async () => {
    const { ask, searches, libraries, shown } = openStore();
    await ask(askingAll());
    expect(libraries.map(({ libraryId, clips: asked }) => [libraryId, asked])).toEqual([
      ['yard', null],
      ['lab', null],
    ]);
    searches[0]!.resolve(answerOf(5));
    await settle();
    expect(shown(askingAll())).toMatchObject({
      answer: { framesSearched: 5 },
      libraries: { asking: ['yard', 'lab'], failed: [] },
    });
    libraries[1]!.resolve();
    await settle();
    expect(searches[1]!.libraries).toEqual(['lab']);
    searches[1]!.resolve(answerOf(8));
    await settle();
    expect(shown(askingAll())).toMatchObject({
      answer: { framesSearched: 8 },
      libraries: { asking: ['yard'] },
    });
    libraries[0]!.resolve();
    await settle();
    expect(searches[2]!.libraries).toEqual(['lab', 'yard']);
    searches[2]!.resolve(answerOf(508));
    await settle();
    expect(shown(askingAll())).toMatchObject({
      answer: { framesSearched: 508 },
      libraries: { asking: [], failed: [] },
    });
  });

  it('says why a library is not in the answer', async () => {
    const { ask, searches, libraries, shown } = openStore();
    await ask(askingAll());
    searches[0]!.resolve(answerOf(5));
    libraries[0]!.reject(new FramesiftError('file-unavailable', 'yard.example does not answer.'));
    libraries[1]!.resolve();
    await settle();
    searches[1]!.resolve(answerOf(8));
    await settle();
    expect(shown(askingAll())).toMatchObject({
      state: 'ready',
      answer: { framesSearched: 8 },
      libraries: { asking: [], failed: [{ libraryId: 'yard', message: 'yard.example does not answer.' }] },
    });
  });

  it('shows nothing of nothing while libraries are asked', async () => {
    const { ask, searches, shown } = openStore();
    await ask(askingAll());
    searches[0]!.resolve(answerOf(0));
    await settle();
    expect(shown(askingAll()).state).toBe('searching');
  });

  it('asks libraries once for a question, whatever else of it changes', async () => {
    const { ask, searches, libraries } = openStore();
    await ask(askingAll());
    searches[0]!.resolve(answerOf(5));
    libraries.forEach(({ resolve }) => resolve());
    await settle();
    searches[1]!.resolve(answerOf(508));
    await settle();
    await ask(askingAll({ count: 4 }));
    await ask(askingAll({ count: 4, revisions: { here: 2 } }));
    expect(libraries).toHaveLength(2);
    // Nothing is shown without them any more.
    expect(searches.slice(2).map((search) => search.libraries)).toEqual([
      ['yard', 'lab'],
      ['yard', 'lab'],
    ]);
  });

  it('names the clips where not all are asked about', async () => {
    const { ask, libraries } = openStore();
    await ask(askingAll({ isOfAll: false }));
    expect(libraries.map(({ clips: asked }) => asked)).toEqual([['a', 'b'], ['c']]);
  });

  it('ends requests when another question is asked, or none', async () => {
    const { ask, searches, libraries } = openStore();
    await ask(askingAll());
    searches[0]!.resolve(answerOf(5));
    await ask(askingAll({ question: DOG }));
    expect(libraries.map(({ signal }) => signal.aborted)).toEqual([true, true, false, false]);
    await ask(null);
    expect(libraries.every(({ signal }) => signal.aborted)).toBe(true);
  });
});
