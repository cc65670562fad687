import type { LoadOptions, ProviderRung } from '@/lib/ports/encoder';
import { PROVIDER_RUNGS } from '@/lib/shared/provider-rungs';
import { readSwitches } from './switches';
import { siteStorage } from './site-storage';

/** How a person wants the model to be run: `auto` is the best way that works. */
export type ProviderPreference = 'auto' | ProviderRung;

export const PROVIDER_PREFERENCES: readonly ProviderPreference[] = ['auto', ...PROVIDER_RUNGS];

const PREFERENCE_KEY = 'framesift-provider';

export function readProviderPreference(): ProviderPreference {
  const kept = siteStorage.read(PREFERENCE_KEY);
  return PROVIDER_PREFERENCES.find((preference) => preference === kept) ?? 'auto';
}

export function saveProviderPreference(preference: ProviderPreference): void {
  siteStorage.write(PREFERENCE_KEY, preference === 'auto' ? null : preference);
}

/** The preference as the model is started with it; the page's address has the last word. */
export function providerOptions(
  preference: ProviderPreference,
): Pick<LoadOptions, 'provider' | 'only' | 'allProcessors'> {
  const { provider } = readSwitches();
  if (provider !== 'auto') return { provider };
  switch (preference) {
    case 'auto':
      return { provider: 'auto' };
    case 'webgpu':
      return { provider: 'webgpu' };
    case 'wasm-threads':
      return { provider: 'wasm', allProcessors: true };
    case 'wasm-single':
      return { provider: 'wasm', only: 'wasm-single' };
  }
}
