import type {
  Answer,
  EncodedQuestion,
  Search,
  SearchOptions,
  SearchProgress,
  SearchRequest,
} from '@/lib/ports/search';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';

/** What an answer needs. */
export interface AnswerServices {
  readonly search: Pick<Search, 'search'>;
  /** Ends the search worker; the next question makes a new one. */
  discardSearchWorker(reason: FramesiftError): void;
}

/** The first question about 100,000 frames takes some 20 s on two cores; what takes so long is stuck. */
const SEARCH_TIMEOUT_MS = 300_000;

/**
 * The frames that answer a question, from the embeddings that are in the library now.
 *
 * @param options.revisions by clip, what the asker has seen of it
 * @param onProgress told how far work is that only a first question has
 * @param signal ends the search before its next step
 * @throws FramesiftError `bad-input` when the request does not make sense; `cancelled`
 */
export async function answerQuestion(
  services: AnswerServices,
  question: EncodedQuestion,
  request: SearchRequest,
  options: SearchOptions = {},
  onProgress?: (progress: SearchProgress) => void,
  signal?: AbortSignal,
): Promise<Answer> {
  const startedMs = performance.now();
  try {
    const result = await withTimeout(
      services.search.search(question, request, options, onProgress, signal),
      SEARCH_TIMEOUT_MS,
      'The search',
    );
    return { ...result, tookMs: performance.now() - startedMs };
  } catch (error) {
    if (error instanceof FramesiftError && error.code === 'timed-out') services.discardSearchWorker(error);
    throw error;
  }
}
