import { answerQuestion, type AnswerServices } from '@/lib/ask/answer';
import { askLibrary, type LibraryServices } from '@/lib/ask/libraries';
import { encodeQuestion, type QuestionServices } from '@/lib/ask/question';
import { AnswerStore } from './answer-store';
import { browserClock } from './surroundings';

/** The answers to one place where questions are asked. Apart, so that the page's first script is without it. */
export function openAnswers(services: QuestionServices & AnswerServices & LibraryServices): AnswerStore {
  return new AnswerStore({
    encode: (model, question) => encodeQuestion(services, model, question),
    answer: (question, request, revisions, onProgress, candidates, signal) =>
      answerQuestion(services, question, request, { revisions, candidates }, onProgress, signal),
    askLibrary: (scope, question, signal) => askLibrary(services, scope, question, signal),
    now: () => browserClock.now(),
  });
}
