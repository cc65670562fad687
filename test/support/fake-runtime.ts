import type { ExecutionProvider, ProviderChoice } from '@/lib/ports/encoder';
import type { EncoderRuntime, TowerSession } from '@/lib/encoder/tower-session';
import type { ProviderCapabilities } from '@/lib/encoder/execution-provider';
import type { EncodedTexts } from '@/lib/encoder/tokenizer';

const DIMENSION = 512;

/** What a fake tower does instead of its sums, or undefined to do them. */
export type Mishap = (call: {
  provider: ExecutionProvider;
  threads: number;
  /** Pictures or texts in the run. */
  rows: number;
  /** Runs of this runtime before this one. */
  runs: number;
}) => Promise<Float32Array<ArrayBuffer>> | undefined;

export interface FakeRuntimeOptions {
  capabilities?: Partial<ProviderCapabilities>;
  /** Called before the runtime is started; may never settle. */
  onRuntime?: (choice: ProviderChoice, onProgress: () => void) => Promise<void> | void;
  /** Called before a session is made; may throw or never settle. */
  onStart?: (choice: ProviderChoice) => Promise<void> | void;
  onVision?: Mishap;
  onText?: Mishap;
}

/** Everything of a machine that is good at it. */
export const GOOD_MACHINE: ProviderCapabilities = {
  gpuAdapter: true,
  halfPrecision: true,
  promiseIntegration: true,
  sharedMemory: true,
  processors: 8,
};

/** A promise that is never settled: what a hung run gives. */
export function forever<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * Stands in for onnxruntime-web, where devices cannot be lost on demand: its embeddings tell pictures apart,
 * and each start and run can be made to fail as the real one does.
 */
export class FakeRuntime implements EncoderRuntime {
  /** Every session made, e.g. `webgpu` or `wasm 4`, in order. */
  readonly starts: string[] = [];
  /** Threads of each runtime that was started. */
  readonly started: number[] = [];
  /** Pictures in each run of the vision tower. */
  readonly visionRuns: number[] = [];
  closed = 0;
  readonly #options: FakeRuntimeOptions;

  constructor(options: FakeRuntimeOptions = {}) {
    this.#options = options;
  }

  detectCapabilities(): Promise<ProviderCapabilities> {
    return Promise.resolve({ ...GOOD_MACHINE, ...this.#options.capabilities });
  }

  async startRuntime(choice: ProviderChoice, onProgress: () => void): Promise<void> {
    this.started.push(choice.threads);
    await this.#options.onRuntime?.(choice, onProgress);
  }

  async startTowers(
    _towers: unknown,
    choice: ProviderChoice,
    _dimension: number,
    visionOn: ExecutionProvider,
  ): Promise<TowerSession> {
    const { threads } = choice;
    const provider = visionOn;
    this.starts.push(provider === 'webgpu' ? provider : `${provider} ${threads}`);
    await this.#options.onStart?.({ provider, threads });
    const { onVision, onText } = this.#options;
    return {
      runVision: async (pixels: Float32Array, count: number) => {
        const runs = this.visionRuns.push(count) - 1;
        const mishap = onVision?.({ provider, threads, rows: count, runs });
        return mishap ?? embeddingsOf(pixels, count);
      },
      runText: async ({ ids, lengths }: EncodedTexts) => {
        const mishap = onText?.({ provider, threads, rows: lengths.length, runs: 0 });
        return mishap ?? embeddingsOf(Float32Array.from(ids), lengths.length);
      },
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      },
    };
  }
}

/** An embedding for each row that its contents alone decide. */
export function embeddingsOf(values: Float32Array, rows: number): Float32Array<ArrayBuffer> {
  const embeddings = new Float32Array(rows * DIMENSION);
  const each = values.length / rows;
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < each; at += 1) {
      const place = row * DIMENSION + (at % DIMENSION);
      embeddings[place] = embeddings[place]! + values[row * each + at]! * (1 + Math.floor(at / DIMENSION));
    }
  }
  return embeddings;
}
