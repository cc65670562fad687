import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';

/** Whether a clip's embeddings are of another model, revision, number format or preprocessing than the one at work. */
export function isReadWithAnother(clip: ClipSummary, model: Pick<LoadedModel, 'modelVersion'>): boolean {
  return clip.modelVersion !== null && clip.modelVersion !== model.modelVersion;
}
