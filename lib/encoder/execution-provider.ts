import type {
  ExecutionProvider,
  ProviderChoice,
  ProviderRung,
  SkippedProvider,
  ThreadLimit,
} from '@/lib/ports/encoder';
import type { ModelDtype } from '@/lib/ports/models';
import { rungOf } from '@/lib/shared/provider-rungs';

/** What the machine and browser offer, asked for in the worker that will run the model. */
export interface ProviderCapabilities {
  /** An adapter was really handed out; `navigator.gpu` alone promises nothing. */
  gpuAdapter: boolean;
  /** The adapter computes with half-precision floats (`shader-f16`). */
  halfPrecision: boolean;
  /** JavaScript Promise Integration, which the WebGPU build of the runtime is made for. */
  promiseIntegration: boolean;
  /** SharedArrayBuffer may be used: the page is cross-origin isolated. */
  sharedMemory: boolean;
  /** Logical processors. */
  processors: number;
}

/** More threads than this gain nothing on a model of this size and cost memory each. */
export const MAX_THREADS = 16;

export interface RankOptions {
  /** `auto` tries all; naming one tries it alone, but WASM is always left to fall back on. */
  preferred: ExecutionProvider | 'auto';
  dtype: ModelDtype;
  /** Ways that have failed in an earlier worker of this page. */
  demoted?: readonly SkippedProvider[];
  threadLimit?: ThreadLimit | undefined;
  /** This way and no other, to measure it or because a person chose it. */
  only?: ProviderRung;
  /**
   * The model is so quick that decoding a clip takes as long. Processors are left to that then: threads of the model
   * that wait for each other in a loop take them from what is waited for (decisions 049 and 054).
   */
  isQuick?: boolean;
  /** How many threads such a model was measured to be quickest with here; half of the processors before that. */
  measuredThreads?: number | undefined;
}

/** The ways to try, best first, and those that cannot be tried. */
export function rankProviders(
  capabilities: ProviderCapabilities,
  { preferred, dtype, demoted = [], threadLimit, only, isQuick = false, measuredThreads }: RankOptions,
): { choices: ProviderChoice[]; skipped: SkippedProvider[] } {
  const { sharedMemory, processors } = capabilities;
  const leavesSome = isQuick && only !== 'wasm-threads';
  const free = leavesSome ? (measuredThreads ?? Math.floor(processors / 2)) : processors;
  const wanted = sharedMemory ? Math.max(1, Math.min(MAX_THREADS, free)) : 1;
  const threads = Math.min(wanted, threadLimit?.most ?? wanted);
  const choices: ProviderChoice[] = [];
  const skipped: SkippedProvider[] = [];
  if (threadLimit && threads < wanted) {
    // Fewer of them may do, so the way itself has not failed.
    skipped.push({ provider: 'wasm', rung: 'wasm-threads', reason: threadLimit.reason, failed: false });
  }
  const consider = (choice: ProviderChoice, obstacle: string | undefined) => {
    const rung = rungOf(choice);
    if (only && only !== rung) return;
    const failed = demoted.find((one) => one.rung === rung);
    if (failed) skipped.push(failed);
    else if (obstacle === undefined) choices.push(choice);
    else skipped.push({ provider: choice.provider, rung, reason: obstacle, failed: false });
  };
  const gpuObstacle =
    preferred === 'wasm'
      ? 'WASM was asked for'
      : !capabilities.gpuAdapter
        ? 'this browser offers no graphics adapter'
        : !capabilities.promiseIntegration
          ? 'this browser lacks WebAssembly promise integration (JSPI)'
          : dtype === 'q8'
            ? '8-bit models give wrong embeddings there'
            : dtype === 'fp16' && !capabilities.halfPrecision
              ? 'this graphics adapter does not compute with half-precision floats (shader-f16)'
              : undefined;
  consider({ provider: 'webgpu', threads }, gpuObstacle);
  const isMeasured = leavesSome && threads === measuredThreads;
  if (threads > 1) consider({ provider: 'wasm', threads, ...(isMeasured && { isMeasured }) }, undefined);
  else if (only === undefined && sharedMemory && processors > 1 && wanted === 1) {
    const reason =
      measuredThreads === undefined
        ? 'decoding clips needs the other processor'
        : `one thread reads clips faster here, as was measured on ${processors} processors`;
    skipped.push({ provider: 'wasm', rung: 'wasm-threads', reason, failed: false });
  } else if (only === 'wasm-threads' && wanted === 1) {
    const reason = sharedMemory
      ? 'this machine has one processor'
      : 'this page may not share memory between threads (it is not cross-origin isolated)';
    skipped.push({ provider: 'wasm', rung: 'wasm-threads', reason, failed: false });
  }
  consider({ provider: 'wasm', threads: 1 }, undefined);
  return { choices, skipped };
}

/** Asking for an adapter can take long on a cold graphics driver, but not for ever. */
const ADAPTER_TIMEOUT_MS = 10_000;

interface GpuAdapter {
  features: ReadonlySet<string>;
}

/** Asks this worker's browser what it offers. */
export async function detectCapabilities(): Promise<ProviderCapabilities> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<GpuAdapter | null> } }).gpu;
  const adapter = await Promise.race([
    gpu?.requestAdapter().catch(() => null) ?? null,
    new Promise<null>((resolve) => setTimeout(() => resolve(null), ADAPTER_TIMEOUT_MS)),
  ]);
  return {
    gpuAdapter: adapter !== null,
    halfPrecision: adapter?.features.has('shader-f16') ?? false,
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
