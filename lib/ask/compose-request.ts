import type { ClipSummary } from '@/lib/ports/library';
import type { SearchRequest } from '@/lib/ports/search';

/** Frames that a question asks for unless told otherwise. */
const DEFAULT_COUNT = 8;

/** What a question may say besides its words and clips. */
export type AskOptions = Partial<Omit<SearchRequest, 'clips'>>;

/** What is asked of clips, in the order given; a range goes with one clip. The page and the console ask by this. */
export function composeRequest(
  clips: readonly (Pick<ClipSummary, 'id' | 'durationMs'> & Partial<Pick<ClipSummary, 'sharedIn'>>)[],
  options: AskOptions,
): SearchRequest {
  return {
    clips: clips.map(({ id, durationMs, sharedIn }) => ({
      clipId: id,
      durationMs,
      ...(sharedIn && { libraryId: sharedIn.libraryId, isAway: sharedIn.frames !== null }),
    })),
    range: null,
    strategy: 'auto',
    count: DEFAULT_COUNT,
    pinned: [],
    dropped: [],
    ...options,
  };
}
