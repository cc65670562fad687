import type { ModelDtype, ModelInFormat, SourceSettings } from '@/lib/ports/models';
import { isWithinReach, servedModel } from '@/lib/models/better-model';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { MODEL_DTYPES } from '@/lib/models/model-files';
import { readManifest } from '@/lib/models/manifest';
import { selfHostedModel } from '@/lib/models/self-hosted';
import { isRecord } from '@/lib/shared/guards';
import { siteStorage } from './site-storage';

export type ModelChoice = ModelInFormat;

export const BUNDLED_CHOICE: ModelChoice = { modelId: BUNDLED_MODEL_ID, dtype: 'fp32' };

const CHOICE_KEY = 'framesift-model';
const MIRROR_KEY = 'framesift-model-mirror';

function isChoice(value: unknown): value is ModelChoice {
  return (
    isRecord(value) && typeof value.modelId === 'string' && MODEL_DTYPES.includes(value.dtype as ModelDtype)
  );
}

/** What is kept where a person chose the bundled model, whose name changes with its version. */
const BUNDLED_NAME = 'bundled';

/** The model that a person chose in this browser; until they do, the one that this site serves, else the bundled one. */
export function readModelChoice(): ModelChoice {
  const chosen = readChosen();
  if (chosen) return chosen.modelId === BUNDLED_NAME ? BUNDLED_CHOICE : chosen;
  return servedChoice() ?? BUNDLED_CHOICE;
}

function readChosen(): ModelChoice | null {
  try {
    const choice: unknown = JSON.parse(siteStorage.read(CHOICE_KEY) ?? '');
    return isChoice(choice) ? choice : null;
  } catch {
    return null;
  }
}

/** Set where this site's own model could not be fetched: the bundled one does for this visit. */
let isServedModelMissing = false;

/** The model that this site serves to everybody who has chosen none; null where it serves none, or did not. */
export function servedChoice(): ModelChoice | null {
  if (isServedModelMissing || readChosen()) return null;
  return servedModel(sourceSettings().hosted);
}

export function doWithoutServedModel(): void {
  isServedModelMissing = true;
}

export function saveModelChoice(choice: ModelChoice): void {
  const isBundled = choice.modelId === BUNDLED_MODEL_ID;
  siteStorage.write(CHOICE_KEY, JSON.stringify(isBundled ? { ...choice, modelId: BUNDLED_NAME } : choice));
}

/** The address that stands in for the Hub, or null. */
export function readMirror(): string | null {
  return siteStorage.read(MIRROR_KEY);
}

export function saveMirror(baseUrl: string | null): void {
  siteStorage.write(MIRROR_KEY, baseUrl);
}

/** Where models are fetched from in this page. */
export function sourceSettings(): SourceSettings {
  // Built into the page by next.config.js.
  const manifests = JSON.parse(process.env.FRAMESIFT_HOSTED_MODELS ?? '[]') as string[];
  return {
    mirrorBaseUrl: readMirror(),
    hosted: manifests
      .map(readManifest)
      .filter((manifest) => manifest !== null)
      .map((manifest) => ({ manifest, baseUrl: selfHostedModel(manifest.id) })),
  };
}

const NOT_NOW_KEY = 'framesift-better-model-not-now';

/** Whether this page may offer the better model: it can be fetched, and nobody has said “not now”. */
export function mayOfferBetterModel(): boolean {
  const sources = JSON.parse(process.env.FRAMESIFT_MODEL_SOURCES ?? '[]') as string[];
  return siteStorage.read(NOT_NOW_KEY) === null && isWithinReach(sourceSettings(), sources);
}

export function declineBetterModel(): void {
  siteStorage.write(NOT_NOW_KEY, 'yes');
}
