import { describe, expect, it } from 'vitest';
import { composeRequest } from '@/lib/ask/compose-request';
import type { Question } from '@/lib/ask/question';
import { AnswerStore, answerStateOf, PROGRESS_AFTER_MS, type Asking } from '@/lib/core/answer-store';
import type { Answer, EncodedQuestion, SearchProgress } from '@/lib/ports/search';
import { FramesiftError } from '@/lib/shared/errors';
import { deferred, FakeClock, modelNamed, settle } from '../../support/core-fakes';

interface Search {
  count: number;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
  onProgress: (progress: SearchProgress) => void;
}

const MODEL = modelNamed('m1');
const CAT: Question = { text: 'a cat', attachments: [] };
const DOG: Question = { text: 'a dog', attachments: [] };

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
  const store = new AnswerStore({
    encode: (_, { text }) => {
      encoded.push(text);
      return Promise.resolve({} as EncodedQuestion);
    },
    answer: (_, { count }, __, onProgress) => {
      const { promise, resolve, reject } = deferred<Answer>();
      searches.push({ count, resolve, reject, onProgress });
      return promise;
    },
    now: clock.now,
  });
  const shown = (of: Asking) => answerStateOf(store.get(), of);
  const ask = async (of: Asking | null) => {
    store.ask(of);
    await settle();
  };
  return { store, clock, searches, encoded, shown, ask };
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
