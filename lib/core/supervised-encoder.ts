import type {
  EmbedJob,
  EmbedProgress,
  EncoderLimits,
  LoadOptions,
  LoadProgress,
  LoadedModel,
  ProviderRung,
  SkippedProvider,
  ThreadLimit,
} from '@/lib/ports/encoder';
import { costsWorker } from '@/lib/encoder/run-errors';
import type { Remote } from '@/lib/rpc/remote';
import { untilCancelled, Watchdog, withTimeout } from '@/lib/shared/async';
import type { WordFacts } from '@/lib/shared/word-facts';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import type { EncoderService } from '@/lib/encoder/encoder-service';

/** The encoder worker of the moment, and the means to replace it. */
export interface EncoderWorkers {
  /** Rises whenever a worker is ended. */
  readonly generation: number;
  /** What the worker at work offers; a new one's when there is none. */
  open(): Remote<EncoderService>;
  /** Ends the worker, whatever it is doing. All of its calls that wait are answered with `reason`. */
  discard(reason: FramesiftError): void;
}

/** onnxruntime-web gives no error when it hangs, so time is all there is to go by. */
export const ENCODER_LIMITS: EncoderLimits = {
  startMs: 120_000,
  runtimeMs: 10_000,
  queryMs: 90_000,
  batchMs: 180_000,
};

/** So often may a model be started anew, in a new worker each time, before that is given up. */
const MAX_STARTS = 6;

/** A download that stands still twice will do so again. */
const MAX_STUCK_DOWNLOADS = 2;

/** A question that has cost so many workers is given up. */
const MAX_QUERY_ATTEMPTS = 3;

/** A graphics device can be lost once by bad luck (a sleep, a driver's update); after that WASM is used. */
const MAX_GPU_FAILURES = 2;

type StartStep = Extract<LoadProgress, { stage: 'start' }>;
type RuntimeStep = Extract<LoadProgress, { stage: 'runtime' }>;

/** One start of a model, and what became of it. */
interface Loading {
  id: symbol;
  options: LoadOptions;
  key: string;
  result: Promise<LoadedModel>;
  /** Of the worker that has the model; undefined while it is being started. */
  generation: number | undefined;
}

/**
 * [Note: The model outlives its workers]
 *
 * The page's one model, whatever worker it is in. A worker whose graphics device is lost, which hangs
 * or whose heap is full can do nothing more (see lib/encoder/run-errors.ts), so it is replaced, the model
 * started again in the new one and the call repeated; the caller notices the time it takes. What hung
 * while it was started is not tried again on this page, nor is a graphics device that keeps being lost:
 * the next rung of the ladder is taken, and `LoadedModel.skipped` says why. A runtime that does not start with
 * its threads is started with half as many, down to one: what browsers say of processors is not always so.
 */
export class SupervisedEncoder {
  readonly #workers: EncoderWorkers;
  readonly limits: EncoderLimits;
  readonly #demoted = new Map<ProviderRung, SkippedProvider>();
  #threadLimit: ThreadLimit | undefined;
  #gpuFailures = 0;
  #loading: Loading | undefined;
  #model: LoadedModel | undefined;
  /** For each job that embeds frames the model that it does so with, as `Loading.key`. */
  readonly #jobs = new Set<{ key: string }>();
  readonly #progressListeners = new Set<(progress: LoadProgress) => void>();
  readonly #modelListeners = new Set<(model: LoadedModel) => void>();
  /** Which worker an error came from, so that one loss that shows twice does not cost two workers. */
  readonly #generationOfError = new WeakMap<Error, number>();

  constructor(workers: EncoderWorkers, limits = ENCODER_LIMITS) {
    this.#workers = workers;
    this.limits = limits;
  }

  /** Calls `listener` whenever a model has been started, also when it is the same one somewhere else. */
  subscribe(listener: (model: LoadedModel) => void): () => void {
    this.#modelListeners.add(listener);
    return () => this.#modelListeners.delete(listener);
  }

  /**
   * Starts a model, or returns the one that is at work. Another model than before gets a new worker: the
   * heap of the old one would not shrink.
   *
   * @throws FramesiftError as `ImageTextEncoder.load`, once no way of running it is left; `bad-input` while a
   *   clip is read with another one
   */
  async load(
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<LoadedModel> {
    this.#progressListeners.add(onProgress);
    try {
      return await this.#started(options);
    } finally {
      this.#progressListeners.delete(onProgress);
    }
  }

  /** @returns row-major [texts.length, 512], rows of unit length */
  encodeTexts(texts: string[]): Promise<Float32Array<ArrayBuffer>> {
    return this.#ask((service) => service.encodeTexts(texts));
  }

  /** @returns row-major [pictures.length, 512], rows of unit length */
  encodeImages(pictures: Uint8Array[]): Promise<Float32Array<ArrayBuffer>> {
    return this.#ask((service) => service.encodeImages(pictures));
  }

  /** What the training data of the model says of words; null for a model that does not tell. */
  lookUpWords(words: string[]): Promise<WordFacts[] | null> {
    return this.#ask((service) => service.lookUpWords(words));
  }

  /**
   * Embeds and stores a clip's frames; see EncoderService. Not repeated from here: who calls it knows which
   * frames are left, and calls `recover` first.
   */
  async embedClip(
    options: LoadOptions,
    job: EmbedJob,
    frames: MessagePort,
    onProgress: (progress: EmbedProgress) => void,
    signal: AbortSignal,
  ): Promise<EmbedProgress> {
    await untilCancelled(this.#started(options), signal);
    const { generation } = this.#workers;
    const running = { key: keyOf(options) };
    this.#jobs.add(running);
    try {
      return await this.#workers.open().embedClip(options, job, frames, onProgress, signal);
    } catch (error) {
      throw this.#noted(error, generation);
    } finally {
      this.#jobs.delete(running);
    }
  }

  /** Ends the worker that an error came from, unless that has been done already; the next call makes a new one. */
  recover(error: FramesiftError): void {
    const generation = this.#generationOfError.get(error);
    if (generation !== undefined && generation !== this.#workers.generation) return;
    if (error.code !== 'timed-out') this.#noteGpuFailure(this.#model?.provider.provider, error);
    this.#workers.discard(error);
  }

  async #started(options: LoadOptions): Promise<LoadedModel> {
    const key = keyOf(options);
    const before = this.#loading;
    const isCurrent =
      before && (before.generation === undefined || before.generation === this.#workers.generation);
    if (isCurrent && before.key === key) return before.result;
    if ([...this.#jobs].some((job) => job.key !== key)) {
      // Its worker would be taken away from it.
      throw new FramesiftError(
        'bad-input',
        'A clip is being read with another model. Wait until it is done, or stop it, then change the model.',
      );
    }
    if (isCurrent) {
      this.#workers.discard(
        new FramesiftError('worker-lost', 'Another model was chosen.', { transient: true }),
      );
    }
    const id = Symbol(options.modelId);
    const loading: Loading = { id, options, key, generation: undefined, result: this.#start(id, options) };
    this.#loading = loading;
    loading.result.then(
      () => (loading.generation = this.#workers.generation),
      () => {
        if (this.#loading === loading) this.#loading = undefined;
      },
    );
    return loading.result;
  }

  async #start(id: symbol, options: LoadOptions): Promise<LoadedModel> {
    let stuckDownloads = 0;
    for (let attempt = 1; ; attempt += 1) {
      let start: StartStep | undefined;
      let runtime: RuntimeStep | undefined;
      const seconds = Math.round(this.limits.startMs / 1000);
      const watchdog = new Watchdog(
        this.limits.startMs,
        () =>
          new FramesiftError('timed-out', `The model did not start within ${seconds} seconds.`, {
            transient: true,
          }),
      );
      const runtimeWatchdog = new Watchdog(
        this.limits.runtimeMs,
        () => new FramesiftError('timed-out', 'The model’s runtime did not start.', { transient: true }),
      );
      runtimeWatchdog.stop();
      try {
        const progress = (step: LoadProgress) => {
          watchdog.feed();
          if (step.stage === 'runtime') {
            runtime = step;
            // On one thread it may take its time: there is nothing left to try.
            if (step.isReady || step.threads === 1) runtimeWatchdog.stop();
            else runtimeWatchdog.feed();
            return;
          }
          start = step.stage === 'start' ? step : undefined;
          for (const listener of this.#progressListeners) listener(step);
        };
        const service = this.#workers.open();
        // Messages keep their order: it knows by the time that it is to load.
        void service.demote([...this.#demoted.values()], this.#threadLimit).catch(() => undefined);
        const model = await watchdog.race(runtimeWatchdog.race(service.load(options, progress)));
        this.#model = model;
        for (const listener of this.#modelListeners) listener(model);
        return model;
      } catch (thrown) {
        const error = toFramesiftError(thrown);
        if (this.#loading?.id !== id) throw new FramesiftError('cancelled', 'Another model was chosen.');
        const isRuntimeStuck =
          error.code === 'timed-out' && runtime && !runtime.isReady && runtime.threads > 1;
        if (isRuntimeStuck) this.#lowerThreads(runtime!);
        else if (!start && error.code === 'timed-out') stuckDownloads += 1;
        if (!costsWorker(error) || attempt >= MAX_STARTS || stuckDownloads >= MAX_STUCK_DOWNLOADS)
          throw error;
        this.#noteFailedStart(start, error);
        this.#workers.discard(error);
      } finally {
        watchdog.stop();
        runtimeWatchdog.stop();
      }
    }
  }

  #lowerThreads({ threads }: RuntimeStep): void {
    const seconds = Math.round(this.limits.runtimeMs / 1000);
    const reason = `it did not start with ${threads} threads within ${seconds} seconds`;
    this.#threadLimit = { most: Math.floor(threads / 2), reason };
  }

  #noteFailedStart(start: StartStep | undefined, error: FramesiftError): void {
    if (!start) return;
    for (const skipped of start.skipped) if (skipped.failed) this.#demote(skipped);
    const provider = start.rung === 'webgpu' ? 'webgpu' : 'wasm';
    if (error.code === 'timed-out') {
      const reason = `it did not start within ${Math.round(this.limits.startMs / 1000)} seconds`;
      this.#demote({ provider, rung: start.rung, reason, failed: true });
    } else this.#noteGpuFailure(provider, error);
  }

  #noteGpuFailure(provider: 'webgpu' | 'wasm' | undefined, error: FramesiftError): void {
    if (provider !== 'webgpu') return;
    this.#gpuFailures += 1;
    if (this.#gpuFailures < MAX_GPU_FAILURES) return;
    const reason = `it failed ${this.#gpuFailures} times (${error.message})`;
    this.#demote({ provider, rung: 'webgpu', reason, failed: true });
  }

  #demote(skipped: SkippedProvider): void {
    this.#demoted.set(skipped.rung, skipped);
  }

  async #ask<T>(question: (service: Remote<EncoderService>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (!this.#loading) throw new FramesiftError('internal', 'No model is loaded.');
      await this.#started(this.#loading.options);
      const { generation } = this.#workers;
      try {
        return await this.#withinLimit(question(this.#workers.open()));
      } catch (thrown) {
        const error = this.#noted(thrown, generation);
        if (!costsWorker(error) || attempt >= MAX_QUERY_ATTEMPTS) throw error;
        this.recover(error);
      }
    }
  }

  async #withinLimit<T>(answer: Promise<T>): Promise<T> {
    try {
      return await withTimeout(answer, this.limits.queryMs, 'The model');
    } catch (error) {
      if (!(error instanceof FramesiftError) || error.code !== 'timed-out') throw error;
      // The worker's own time limits are of other things; this one is of the model, which hangs.
      throw new FramesiftError('worker-lost', error.message, { transient: true, cause: error });
    }
  }

  #noted(thrown: unknown, generation: number): FramesiftError {
    const error = toFramesiftError(thrown);
    this.#generationOfError.set(error, generation);
    return error;
  }
}

function keyOf({ modelId, dtype = 'fp32', provider = 'auto', only, allProcessors }: LoadOptions): string {
  return JSON.stringify([modelId, dtype, provider, only, allProcessors]);
}
