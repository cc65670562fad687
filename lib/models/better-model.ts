import type { ModelInFormat, SourceSettings } from '@/lib/ports/models';
import { filesOf, findModel, MODEL_CATALOG } from './catalog';
import { HUB_BASE_URL } from './sources';

/** What is offered where the bundled model is at work and in doubt: the best of the catalogue, in its smallest download. */
export const BETTER_MODEL: ModelInFormat = { modelId: 'clip-vit-b32', dtype: 'q8' };

/**
 * The model that a deployment serves itself, for everybody who has chosen none: the first of the catalogue that is there
 * whole, in the format that the catalogue suggests first. Null where only the bundled model is served.
 */
export function servedModel(hosted: SourceSettings['hosted']): ModelInFormat | null {
  for (const entry of MODEL_CATALOG) {
    if (entry.origin.kind === 'bundled') continue;
    const files = hosted.find(({ manifest }) => manifest.id === entry.id)?.manifest.files;
    if (!files) continue;
    for (const dtype of entry.graphs.keys()) {
      const isWhole = filesOf(entry, dtype)!.every(({ path }) => files[path] !== undefined);
      if (isWhole) return { modelId: entry.id, dtype };
    }
  }
  return null;
}

/**
 * Whether this site's policy lets a page fetch the offered model from where it would be fetched.
 *
 * @param sources as in the policy's `connect-src`: schemes, origins, and origins with any port
 */
export function isWithinReach(settings: SourceSettings, sources: readonly string[]): boolean {
  if (servedModel(settings.hosted)?.modelId === BETTER_MODEL.modelId) return true;
  if (findModel(BETTER_MODEL.modelId) === undefined) return false;
  const { origin, protocol, hostname } = new URL(settings.mirrorBaseUrl ?? HUB_BASE_URL);
  return sources.some(
    (source) => source === protocol || source === origin || source === `${protocol}//${hostname}:*`,
  );
}
