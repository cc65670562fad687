import { answerQuestion, type AnswerServices } from '@/lib/ask/answer';
import { encodeQuestion, type QuestionServices } from '@/lib/ask/question';
import type { Remote } from '@/lib/rpc/remote';
import { withTimeout } from '@/lib/shared/async';
import type { SyncService } from '@/lib/sync/sync-service';
import { AnswerStore } from './answer-store';
import { browserClock } from './surroundings';

/** Two requests of ten seconds; what takes longer is a worker that hangs. */
const LIBRARY_TIMEOUT_MS = 30_000;

/** The answers to one place where questions are asked. Apart, so that the page's first script is without it. */
export function openAnswers(
  services: QuestionServices & AnswerServices & { sync: Pick<Remote<SyncService>, 'search'> },
): AnswerStore {
  return new AnswerStore({
    encode: (model, question) => encodeQuestion(services, model, question),
    answer: (question, request, revisions, onProgress, candidates) =>
      answerQuestion(services, question, request, { revisions, candidates }, onProgress),
    askLibrary: (libraryId, question, clips, signal) =>
      withTimeout(
        services.sync.search(libraryId, question, clips, signal),
        LIBRARY_TIMEOUT_MS,
        'The library’s server',
      ),
    now: () => browserClock.now(),
  });
}
