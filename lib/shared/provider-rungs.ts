/** The ways of running a model, best first. */
export const PROVIDER_RUNGS = ['webgpu', 'wasm-threads', 'wasm-single'] as const;

/** Which rung of the ladder a provider with so many threads is. */
export function rungOf({
  provider,
  threads,
}: {
  provider: 'webgpu' | 'wasm';
  threads: number;
}): (typeof PROVIDER_RUNGS)[number] {
  if (provider === 'webgpu') return 'webgpu';
  return threads > 1 ? 'wasm-threads' : 'wasm-single';
}
