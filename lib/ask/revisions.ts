import type { ClipSummary } from '@/lib/ports/library';
import { searchedSet } from '@/lib/shared/searched-set';

/** The revision of each clip's embeddings of a model, as a list of clips has it; clips without any are left out. */
export function revisionsOf(
  clips: readonly Pick<ClipSummary, 'id' | 'embeddingSets'>[],
  modelVersion: string,
): Record<string, number> {
  return Object.fromEntries(
    clips.flatMap(({ id, embeddingSets }) => {
      const set = searchedSet(embeddingSets, modelVersion);
      return set ? [[id, set.revision]] : [];
    }),
  );
}
