'use client';

import type { LoadedModel } from '@/lib/ports/encoder';
import type { Answer, EncodedQuestion, SearchProgress, SearchRequest } from '@/lib/ports/search';
import { useEffect, useRef, useState } from 'react';
import { answerQuestion } from '@/lib/ask/answer';
import { encodeQuestion, type Question } from '@/lib/ask/question';
import { toFramesiftError } from '@/lib/shared/errors';
import { RateEstimator, type Rate } from '@/lib/shared/rate-estimator';
import { getFramesift } from './framesift';

export type AnswerState =
  | { state: 'idle' }
  /** `progress` is null where an answer is to come in a moment. */
  | { state: 'searching'; progress: RatedProgress | null }
  /** `isStale`: the same question, asked for another number, strategy or edit, whose answer is on its way. */
  | { state: 'ready'; answer: Answer; tookMs: number; isStale: boolean }
  | { state: 'failed'; message: string };

/** How far a search is that takes a while, and how fast it goes. */
export interface RatedProgress extends SearchProgress {
  rate: Rate | null;
}

/** A search that is over sooner shows no progress: a bar that flashes up tells nobody anything. */
const PROGRESS_AFTER_MS = 500;

/** A question with where and how the answer is looked for. */
interface Asked {
  question: Question;
  scope: string;
  request: string;
  /** Later ones are higher: the same may be asked again when more is stored. */
  number: number;
}

/** What was found, and for what. */
interface Found extends Asked {
  outcome: { answer: Answer; tookMs: number } | { message: string };
}

/** A question that is encoded once, however often it is asked meanwhile. */
interface SharedEncoding {
  question: Question;
  modelVersion: string;
  query: Promise<EncodedQuestion>;
}

/**
 * The frames that answer a question, found anew whenever the question, the request or what is stored of the
 * clips changes.
 *
 * @param request compared by what it says, so a new object for each render is fine; null for no question
 * @param revisions of the clips' vectors, by clip; asked anew whenever they say something else
 */
export function useAnswer(
  request: SearchRequest | null,
  model: LoadedModel | null,
  question: Question | null,
  revisions: Readonly<Record<string, number>>,
): AnswerState {
  const [found, setFound] = useState<Found | null>(null);
  const [progress, setProgress] = useState<RatedProgress | null>(null);
  const encoded = useRef<SharedEncoding | null>(null);
  /** What the page wants to know now; null where nothing. */
  const wanted = useRef<Asked | null>(null);
  const timesAsked = useRef(0);
  const requestText = request && JSON.stringify(request);
  const revisionsText = JSON.stringify(revisions);
  const scope =
    request &&
    model &&
    JSON.stringify([model.modelVersion, request.clips.map(({ eventId }) => eventId), request.range]);

  useEffect(() => {
    if (!question || !model || requestText === null || scope === null) {
      wanted.current = null;
      return;
    }
    timesAsked.current += 1;
    const asked: Asked = { question, scope, request: requestText, number: timesAsked.current };
    if (!isSameAsked(wanted.current, asked)) setProgress(null);
    wanted.current = asked;
    const answer = async (): Promise<Found['outcome']> => {
      const startedMs = performance.now();
      try {
        const { services } = getFramesift();
        if (encoded.current?.question !== question || encoded.current.modelVersion !== model.modelVersion) {
          encoded.current = {
            question,
            modelVersion: model.modelVersion,
            query: encodeQuestion(services, model, question),
          };
        }
        const { query } = encoded.current;
        const rated = ratedProgress((next) => {
          if (isSameAsked(wanted.current, asked)) setProgress(next);
        });
        const answer = await answerQuestion(
          services,
          await query,
          JSON.parse(requestText) as SearchRequest,
          { revisions: JSON.parse(revisionsText) as Record<string, number> },
          rated,
        );
        return { answer, tookMs: performance.now() - startedMs };
      } catch (error) {
        // Asked again, it is tried again.
        if (encoded.current?.question === question) encoded.current = null;
        return { message: toFramesiftError(error).message };
      }
    };
    void answer().then((outcome) => {
      const now = wanted.current;
      if (!now || !isSameAsked(now, asked)) return;
      // While a clip is being read it changes faster than a slow machine answers. What was there a moment ago still
      // answers, and what has come since follows; of a failure that the next attempt may not share nothing is said.
      const isLast = now.number === asked.number;
      if (!isLast && !('answer' in outcome)) return;
      setFound((shown) =>
        shown && isSameAsked(shown, asked) && shown.number > asked.number ? shown : { ...asked, outcome },
      );
      setProgress(null);
    });
  }, [requestText, scope, model, question, revisionsText]);

  if (!question || !request || !model) return { state: 'idle' };
  // What was found for another question or other clips must never be shown under this one's words.
  if (found?.question !== question || found.scope !== scope) return { state: 'searching', progress };
  const isStale = found.request !== requestText;
  if ('answer' in found.outcome) return { state: 'ready', ...found.outcome, isStale };
  return isStale ? { state: 'searching', progress } : { state: 'failed', message: found.outcome.message };
}

function isSameAsked(a: Asked | null, b: Asked): boolean {
  return a?.question === b.question && a.scope === b.scope && a.request === b.request;
}

/** Adds the rate of each stage, and leaves out what is over in a moment. */
function ratedProgress(show: (progress: RatedProgress) => void): (progress: SearchProgress) => void {
  const startedMs = performance.now();
  let estimator = new RateEstimator();
  let stage: SearchProgress['stage'] | null = null;
  return (progress) => {
    const nowMs = performance.now();
    if (progress.stage !== stage) estimator = new RateEstimator();
    stage = progress.stage;
    estimator.add(nowMs, progress.done);
    if (nowMs - startedMs >= PROGRESS_AFTER_MS) {
      show({ ...progress, rate: estimator.rate(progress.total) });
    }
  };
}
