'use client';

import { useEffect, useRef, useState } from 'react';
import { answerQuestion, type Answer } from '@/lib/ask/answer';
import { encodeQuestion, type EncodedQuestion, type Question } from '@/lib/ask/question';
import type { LoadedModel } from '@/lib/clip/clip-encoder';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';

export type AnswerState =
  | { state: 'idle' }
  | { state: 'searching' }
  | { state: 'ready'; answer: Answer; tookMs: number }
  | { state: 'failed'; message: string };

/**
 * The frames of a clip that answer a question, found anew whenever the question, the number wanted or
 * what is stored of the clip changes.
 *
 * @param revision changes whenever more of the clip is in the database
 */
export function useAnswer(
  clip: { eventId: string; modelVersion: string } | null,
  model: LoadedModel | null,
  question: Question | null,
  count: number,
  revision: number,
): AnswerState {
  const [result, setResult] = useState<{ question: Question; eventId: string; state: AnswerState } | null>(
    null,
  );
  const encoded = useRef<{ question: Question; query: EncodedQuestion } | null>(null);
  const eventId = clip?.eventId;
  const modelVersion = clip?.modelVersion;

  useEffect(() => {
    if (!question || !model || eventId === undefined || modelVersion === undefined) return;
    let current = true;
    const show = (state: AnswerState) => {
      if (current) setResult({ question, eventId, state });
    };
    const answer = async () => {
      const startedMs = performance.now();
      try {
        const { services } = getFramesift();
        if (
          encoded.current?.question !== question ||
          encoded.current.query.modelVersion !== model.modelVersion
        ) {
          show({ state: 'searching' });
          encoded.current = { question, query: await encodeQuestion(services, model, question) };
        }
        const { query } = encoded.current;
        const found = await answerQuestion(services, { eventId, modelVersion }, query, count);
        show({ state: 'ready', answer: found, tookMs: performance.now() - startedMs });
      } catch (error) {
        show({ state: 'failed', message: toFramesiftError(error).message });
      }
    };
    void answer();
    return () => {
      current = false;
    };
  }, [eventId, modelVersion, model, question, count, revision]);

  if (!question || !clip || !model) return { state: 'idle' };
  // What was found for another question or clip must never be shown under this one's words.
  return result?.question === question && result.eventId === clip.eventId
    ? result.state
    : { state: 'searching' };
}
