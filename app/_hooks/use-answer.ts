'use client';

import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Question } from '@/lib/ask/question';
import { answerStateOf, type AnswerState, type Asking } from '@/lib/core/answer-store';
import { openAnswers } from '@/lib/core/open-answers';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { SearchRequest } from '@/lib/ports/search';
import { getFramesift } from './framesift';

/**
 * The frames that answer a question, see AnswerStore.
 *
 * @param request compared by what it says, so a new object for each render is fine; null for no question
 * @param revisions of the clips' embeddings, by clip; asked anew whenever they say something else
 */
export function useAnswer(
  request: SearchRequest | null,
  model: LoadedModel | null,
  question: Question | null,
  revisions: Readonly<Record<string, number>>,
): AnswerState {
  const [answers] = useState(() => openAnswers(getFramesift().services));
  const snapshot = useSyncExternalStore(answers.subscribe, answers.get, answers.get);
  const asking: Asking | null = question && request && model ? { question, request, model, revisions } : null;
  // The store asks once for what is the same.
  useEffect(() => answers.ask(asking));
  useEffect(() => () => answers.ask(null), [answers]);
  return answerStateOf(snapshot, asking);
}
