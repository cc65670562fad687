import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipOverview, Search } from '@/lib/ports/search';
import { withTimeout } from '@/lib/shared/async';

/** Frames that sum up a clip. */
const OVERVIEW_FRAMES = 8;

/** Reading the embeddings of a clip of 20,000 frames takes seconds; what takes so long is stuck. */
const OVERVIEW_TIMEOUT_MS = 120_000;

/** The overview of a clip in the library, made in the search worker; throws `cancelled` once `signal` is aborted. */
export function clipOverview(
  { search }: { readonly search: Pick<Search, 'overview'> },
  { modelVersion }: Pick<LoadedModel, 'modelVersion'>,
  clipId: string,
  signal?: AbortSignal,
): Promise<ClipOverview> {
  return withTimeout(
    search.overview(modelVersion, clipId, OVERVIEW_FRAMES, signal),
    OVERVIEW_TIMEOUT_MS,
    'The search',
  );
}
