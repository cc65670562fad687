import { z } from '@/lib/shared/zod';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { MODEL_DTYPES, type ModelDtype } from '@/lib/models/model-files';
import { readManifest } from '@/lib/models/model-store';
import { selfHostedModel } from '@/lib/models/self-hosted';
import type { SourceSettings } from '@/lib/models/sources';
import { siteStorage } from './site-storage';

/** A model in the number format that it is to run in. */
export interface ModelChoice {
  modelId: string;
  dtype: ModelDtype;
}

export const BUNDLED_CHOICE: ModelChoice = { modelId: BUNDLED_MODEL_ID, dtype: 'fp32' };

const CHOICE_KEY = 'framesift-model';
const MIRROR_KEY = 'framesift-model-mirror';

const choiceSchema = z.object({ modelId: z.string(), dtype: z.enum(MODEL_DTYPES) });

/** The model that a person chose in this browser; the bundled one until they do. */
export function readModelChoice(): ModelChoice {
  try {
    return choiceSchema.parse(JSON.parse(siteStorage.read(CHOICE_KEY) ?? ''));
  } catch {
    return BUNDLED_CHOICE;
  }
}

export function saveModelChoice(choice: ModelChoice): void {
  // The bundled model is not kept by its name, which changes with its version.
  siteStorage.write(CHOICE_KEY, choice.modelId === BUNDLED_MODEL_ID ? null : JSON.stringify(choice));
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
  // Built into the page by next.config.ts.
  const manifests = z.array(z.string()).parse(JSON.parse(process.env.FRAMESIFT_HOSTED_MODELS ?? '[]'));
  return {
    mirrorBaseUrl: readMirror(),
    hosted: manifests
      .map(readManifest)
      .filter((manifest) => manifest !== null)
      .map((manifest) => ({ manifest, baseUrl: selfHostedModel(manifest.id) })),
  };
}
