/** Where the model runs. */
export type ExecutionProvider = 'webgpu' | 'wasm';

/** What the machine and browser offer, asked for in the worker that will run the model. */
export interface ProviderCapabilities {
  /** An adapter was really handed out; `navigator.gpu` alone promises nothing. */
  gpuAdapter: boolean;
  /** JavaScript Promise Integration, which the WebGPU build of the runtime is made for. */
  promiseIntegration: boolean;
  /** SharedArrayBuffer may be used: the page is cross-origin isolated. */
  sharedMemory: boolean;
  /** Logical processors. */
  processors: number;
}

/** One rung of the ladder. */
export interface ProviderChoice {
  provider: ExecutionProvider;
  /** WASM threads; on WebGPU the threads of what stays on the CPU. */
  threads: number;
}

/** A provider that is not at work, and why. */
export interface SkippedProvider {
  provider: ExecutionProvider;
  reason: string;
}

/** More threads than this gain nothing on a model of this size and cost memory each. */
const MAX_THREADS = 16;

/**
 * The providers to try, best first, and those that cannot be tried.
 *
 * @param preferred `auto` tries all; naming one tries it alone, but WASM is always left to fall back on
 */
export function rankProviders(
  capabilities: ProviderCapabilities,
  preferred: ExecutionProvider | 'auto',
): { choices: ProviderChoice[]; skipped: SkippedProvider[] } {
  const threads = capabilities.sharedMemory ? Math.max(1, Math.min(MAX_THREADS, capabilities.processors)) : 1;
  const choices: ProviderChoice[] = [];
  const skipped: SkippedProvider[] = [];
  if (preferred === 'wasm') skipped.push({ provider: 'webgpu', reason: 'WASM was asked for' });
  else if (!capabilities.gpuAdapter)
    skipped.push({ provider: 'webgpu', reason: 'this browser offers no graphics adapter' });
  else if (!capabilities.promiseIntegration)
    skipped.push({ provider: 'webgpu', reason: 'this browser lacks WebAssembly promise integration (JSPI)' });
  else choices.push({ provider: 'webgpu', threads });
  choices.push({ provider: 'wasm', threads });
  if (threads > 1) choices.push({ provider: 'wasm', threads: 1 });
  return { choices, skipped };
}

/** Asking for an adapter can take long on a cold graphics driver, but not for ever. */
const ADAPTER_TIMEOUT_MS = 10_000;

/** Asks this worker's browser what it offers. */
export async function detectCapabilities(): Promise<ProviderCapabilities> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  const adapter = await Promise.race([
    gpu?.requestAdapter().catch(() => null) ?? null,
    new Promise<null>((resolve) => setTimeout(() => resolve(null), ADAPTER_TIMEOUT_MS)),
  ]);
  return {
    gpuAdapter: adapter !== null,
    promiseIntegration: 'Suspending' in WebAssembly,
    sharedMemory: globalThis.crossOriginIsolated,
    processors: navigator.hardwareConcurrency,
  };
}

/** A provider as a person reads it, e.g. "WASM, 2 threads". */
export function describeProvider({ provider, threads }: ProviderChoice): string {
  if (provider === 'webgpu') return 'WebGPU';
  return threads === 1 ? 'WASM, 1 thread' : `WASM, ${threads} threads`;
}
