'use client';

import { useEffect, useRef, useState } from 'react';
import { answerQuestion, type Answer, type SearchRequest } from '@/lib/ask/answer';
import { encodeQuestion, type EncodedQuestion, type Question } from '@/lib/ask/question';
import type { LoadedModel } from '@/lib/clip/clip-encoder';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';

export type AnswerState =
  | { state: 'idle' }
  | { state: 'searching' }
  /** `isStale`: the same question, asked for another number, strategy or edit, whose answer is on its way. */
  | { state: 'ready'; answer: Answer; tookMs: number; isStale: boolean }
  | { state: 'failed'; message: string };

/** What was found, and for what. */
interface Found {
  question: Question;
  scope: string;
  request: string;
  outcome: { answer: Answer; tookMs: number } | { message: string };
}

/**
 * The frames that answer a question, found anew whenever the question, the request or what is stored of the
 * clips changes.
 *
 * @param request compared by what it says, so a new object for each render is fine; null for no question
 * @param revision changes whenever something else is stored of the clips
 */
export function useAnswer(
  request: SearchRequest | null,
  model: LoadedModel | null,
  question: Question | null,
  revision: number | string,
): AnswerState {
  const [found, setFound] = useState<Found | null>(null);
  const encoded = useRef<{ question: Question; query: EncodedQuestion } | null>(null);
  const requestText = request && JSON.stringify(request);
  const scope =
    request &&
    model &&
    JSON.stringify([model.modelVersion, request.clips.map(({ eventId }) => eventId), request.range]);

  useEffect(() => {
    if (!question || !model || requestText === null || scope === null) return;
    let current = true;
    const answer = async (): Promise<Found['outcome']> => {
      const startedMs = performance.now();
      try {
        const { services } = getFramesift();
        let known = encoded.current;
        if (known?.question !== question || known.query.modelVersion !== model.modelVersion) {
          known = { question, query: await encodeQuestion(services, model, question) };
          encoded.current = known;
        }
        const asked = JSON.parse(requestText) as SearchRequest;
        const answer = await answerQuestion(services, known.query, asked);
        return { answer, tookMs: performance.now() - startedMs };
      } catch (error) {
        return { message: toFramesiftError(error).message };
      }
    };
    void answer().then((outcome) => {
      if (current) setFound({ question, scope, request: requestText, outcome });
    });
    return () => {
      current = false;
    };
  }, [requestText, scope, model, question, revision]);

  if (!question || !request || !model) return { state: 'idle' };
  // What was found for another question or other clips must never be shown under this one's words.
  if (found?.question !== question || found.scope !== scope) return { state: 'searching' };
  const isStale = found.request !== requestText;
  if ('answer' in found.outcome) return { state: 'ready', ...found.outcome, isStale };
  return isStale ? { state: 'searching' } : { state: 'failed', message: found.outcome.message };
}
