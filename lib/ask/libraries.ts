import type { Candidates, EncodedQuestion, SearchRequest } from '@/lib/ports/search';
import { toFramesiftError } from '@/lib/shared/errors';
import { withTimeout } from '@/lib/shared/async';

/** What asks libraries on servers. */
export interface LibraryServices {
  readonly sync: {
    /** See `SyncService`. */
    search(
      libraryId: string,
      question: EncodedQuestion,
      clips: string[] | null,
      signal: AbortSignal,
    ): Promise<Candidates>;
  };
}

/** A library that is asked, and about which of its clips; null for all. */
export interface LibraryScope {
  libraryId: string;
  clips: string[] | null;
}

/** Why a library gave nothing for an answer. */
export interface LibraryFailure {
  libraryId: string;
  message: string;
}

/** Two requests of ten seconds; what takes longer is a worker that hangs. */
const LIBRARY_TIMEOUT_MS = 30_000;

/** The libraries that alone have rows of clips that are asked about. */
export function librariesToAsk({ clips, isOfAll }: Pick<SearchRequest, 'clips' | 'isOfAll'>): LibraryScope[] {
  const away = new Map<string, string[]>();
  for (const { clipId, libraryId, isAway } of clips)
    if (libraryId !== undefined && isAway) away.set(libraryId, [...(away.get(libraryId) ?? []), clipId]);
  return Array.from(away, ([libraryId, own]) => ({ libraryId, clips: isOfAll ? null : own }));
}

/**
 * What a library on a server has for a question.
 *
 * @throws FramesiftError with a sentence that says why there is nothing
 */
export function askLibrary(
  { sync }: LibraryServices,
  { libraryId, clips }: LibraryScope,
  question: EncodedQuestion,
  signal: AbortSignal,
): Promise<Candidates> {
  return withTimeout(
    sync.search(libraryId, question, clips, signal),
    LIBRARY_TIMEOUT_MS,
    'The library’s server',
  );
}

/** What all libraries of a request have for a question, and why some gave nothing. */
export async function askLibraries(
  services: LibraryServices,
  request: SearchRequest,
  question: EncodedQuestion,
): Promise<{ candidates: Candidates[]; failed: LibraryFailure[] }> {
  const { signal } = new AbortController();
  const candidates: Candidates[] = [];
  const failed: LibraryFailure[] = [];
  await Promise.all(
    librariesToAsk(request).map(async (scope) => {
      try {
        candidates.push(await askLibrary(services, scope, question, signal));
      } catch (error) {
        failed.push({ libraryId: scope.libraryId, message: toFramesiftError(error).message });
      }
    }),
  );
  return { candidates, failed };
}
