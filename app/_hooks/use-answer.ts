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
  | { state: 'ready'; answer: Answer; isStale: boolean }
  | { state: 'failed'; message: string };

export function useAnswer(
  request: SearchRequest | null,
  model: LoadedModel | null,
  question: Question | null,
  revision: number,
): AnswerState {
  const [result, setResult] = useState<{ question: Question; state: AnswerState } | null>(null);
  const encoded = useRef<{ question: Question; query: EncodedQuestion } | null>(null);
  const key = JSON.stringify(request);
  useEffect(() => {
    const parsed = JSON.parse(key) as SearchRequest | null;
    if (!question || !model || !parsed) return;
    let current = true;
    const show = (state: AnswerState) => {
      if (current) setResult({ question, state });
    };
    const answer = async () => {
      try {
        const { services } = getFramesift();
        if (encoded.current?.question !== question) {
          show({ state: 'searching' });
          encoded.current = { question, query: await encodeQuestion(services, model, question) };
        }
        const { query } = encoded.current;
        show({ state: 'ready', answer: await answerQuestion(services, query, parsed), isStale: false });
      } catch (error) {
        show({ state: 'failed', message: toFramesiftError(error).message });
      }
    };
    void answer();
    return () => {
      current = false;
    };
  }, [key, model, question, revision]);
  if (!question || !request || !model) return { state: 'idle' };
  return result?.question === question ? result.state : { state: 'searching' };
}
