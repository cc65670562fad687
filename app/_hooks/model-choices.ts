import type { ModelChoices } from '@/lib/core/model-store';
import type { LoadOptions, LoadProgress } from '@/lib/ports/encoder';
import type { Models } from '@/lib/ports/models';
import {
  doWithoutServedModel,
  readModelChoice,
  saveModelChoice,
  servedChoice,
  sourceSettings,
} from './model-settings';
import {
  providerOptions,
  readProviderPreference,
  saveProviderPreference,
  type ProviderPreference,
} from './provider-preference';

/** What this browser keeps of a person's choice of model. */
export const modelChoices: ModelChoices<ProviderPreference> = {
  optionsFor: (choice = readModelChoice(), preference = readProviderPreference()) => ({
    ...choice,
    ...providerOptions(preference),
  }),
  saveModel: saveModelChoice,
  readPreference: readProviderPreference,
  savePreference: saveProviderPreference,
};

/** The model that this page is set to use. */
export function modelOptions(): LoadOptions {
  return modelChoices.optionsFor();
}

/** Fetches what is missing of the model that this site serves to everybody; on a visit without it the bundled one does. */
export async function fetchServedModel(
  models: () => Models,
  onProgress: (progress: LoadProgress) => void,
): Promise<void> {
  const served = servedChoice();
  if (!served) return;
  try {
    await models().download(served.modelId, served.dtype, sourceSettings(), ({ loadedBytes, totalBytes }) =>
      onProgress({ stage: 'download', loadedBytes, totalBytes }),
    );
  } catch {
    doWithoutServedModel();
  }
}
