import { Mutex, withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { normaliseRows } from '@/lib/shared/vectors';
import { readCalibration, type Calibration } from './calibration';
import { DTYPE_FILE_SUFFIX, findModel, type CatalogEntry, type ModelDtype } from './catalog';
import { ClipSession, startEngine, type ClipGraphs } from './clip-session';
import {
  describeProvider,
  detectCapabilities,
  rankProviders,
  type ExecutionProvider,
  type ProviderChoice,
  type SkippedProvider,
} from './execution-provider';
import { goldenMismatch, goldenPicture, readGolden, type Golden } from './golden';
import { modelVersionOf, readModelConfig, type ModelConfig } from './model-config';
import { fetchModelFile, fetchModelJson, type DownloadProgress } from './model-files';
import { normalisePixels } from './normalise-pixels';
import { ClipTokenizer } from './tokenizer';

export interface LoadOptions {
  modelId: string;
  dtype?: ModelDtype;
  /** `auto` takes the best that works. */
  provider?: ExecutionProvider | 'auto';
}

/** Which model is at work, where, and why not elsewhere. */
export interface LoadedModel {
  modelId: string;
  modelName: string;
  modelVersion: string;
  config: ModelConfig;
  /** Absent for models nobody has measured. */
  calibration: Calibration | undefined;
  provider: ProviderChoice;
  /** The provider as a person reads it. */
  providerLabel: string;
  skipped: SkippedProvider[];
}

export type LoadProgress = ({ stage: 'download' } & DownloadProgress) | { stage: 'start'; provider: string };

/** A session that is not made and self-tested by then hangs. Software WebGPU compiles shaders slowly. */
const SESSION_TIMEOUT_MS = 120_000;

interface Loaded {
  model: LoadedModel;
  session: ClipSession;
  tokenizer: ClipTokenizer;
}

/**
 * A CLIP model, loaded once and kept. Encodes pictures and texts into unit-length vectors of one space.
 * Calls may overlap: they run one after another.
 */
export class ClipEncoder {
  /** Rounds every session creation and run; see ClipSession. */
  readonly #oneAtATime = new Mutex();
  #loading: { key: string; result: Promise<Loaded> } | undefined;

  /**
   * Loads a model, or returns the one that is loaded already.
   *
   * @throws FramesiftError `model-unavailable` | `model-mismatch` | `provider-failed`
   */
  async load(
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<LoadedModel> {
    const key = JSON.stringify([options.modelId, options.dtype ?? 'fp32', options.provider ?? 'auto']);
    if (this.#loading?.key !== key) {
      const previous = this.#loading?.result;
      const result = this.#replace(previous, options, onProgress);
      this.#loading = { key, result };
      result.catch(() => {
        // A failed load must not be what the next call is answered with.
        if (this.#loading?.result === result) this.#loading = undefined;
      });
    }
    return (await this.#loading.result).model;
  }

  /**
   * @param pictures RGB bytes of the model's input size each (lib/clip/resize.ts)
   * @returns row-major [pictures.length, dimension], rows of unit length
   * @throws FramesiftError `provider-failed` when a vector is zero or not finite
   */
  async encodeImages(pictures: readonly Uint8Array[]): Promise<Float32Array<ArrayBuffer>> {
    if (pictures.length === 0) return new Float32Array(0);
    const { session, model } = await this.#loaded();
    return this.#encodeImages(session, model.config, pictures);
  }

  /**
   * @returns row-major [texts.length, dimension], rows of unit length
   * @throws FramesiftError `bad-input` when a text is empty
   */
  async encodeTexts(texts: readonly string[]): Promise<Float32Array<ArrayBuffer>> {
    if (texts.length === 0 || texts.some((text) => text.trim() === '')) {
      throw new FramesiftError(
        'bad-input',
        'There is nothing to look for. Type a few words about what you want to see.',
      );
    }
    const { session, model, tokenizer } = await this.#loaded();
    return this.#encodeTexts(session, model.config, tokenizer, texts);
  }

  /** Frees the model. */
  async close(): Promise<void> {
    const loading = this.#loading;
    this.#loading = undefined;
    await loading?.result.then(
      ({ session }) => this.#oneAtATime.run(() => session.close()),
      () => undefined,
    );
  }

  async #loaded(): Promise<Loaded> {
    if (!this.#loading) throw new FramesiftError('internal', 'No model is loaded.');
    return this.#loading.result;
  }

  async #replace(
    previous: Promise<Loaded> | undefined,
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<Loaded> {
    await previous?.then(
      ({ session }) => this.#oneAtATime.run(() => session.close()),
      () => undefined,
    );
    const entry = findModel(options.modelId);
    if (!entry)
      throw new FramesiftError('model-unavailable', `There is no model called “${options.modelId}”.`);
    const dtype = options.dtype ?? 'fp32';
    const ladder = detectCapabilities().then((found) => rankProviders(found, options.provider ?? 'auto'));
    const engine = this.#oneAtATime.run(async () => {
      const [first] = (await ladder).choices;
      // A failure shows again, with its reason, when the model is started.
      if (first) await startEngine(first).catch(() => undefined);
    });
    const files = await fetchModel(entry, dtype, onProgress);
    await engine;
    const started = await this.#start(files, await ladder, onProgress);
    return {
      session: started.session,
      tokenizer: files.tokenizer,
      model: {
        modelId: entry.id,
        modelName: entry.name,
        modelVersion: modelVersionOf(entry.id, files.config.revision, dtype),
        config: files.config,
        calibration: files.calibration,
        provider: started.choice,
        providerLabel: describeProvider(started.choice),
        skipped: started.skipped,
      },
    };
  }

  /** Goes down the ladder until a provider makes a session that passes the self-test. */
  async #start(
    files: ModelFiles,
    { choices, skipped }: ReturnType<typeof rankProviders>,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<{ session: ClipSession; choice: ProviderChoice; skipped: SkippedProvider[] }> {
    for (const choice of choices) {
      onProgress({ stage: 'start', provider: describeProvider(choice) });
      try {
        const session = await withTimeout(
          this.#startOne(files, choice),
          SESSION_TIMEOUT_MS,
          `The model on ${describeProvider(choice)}`,
        );
        return { session, choice, skipped };
      } catch (error) {
        if (error instanceof FramesiftError && error.code === 'timed-out')
          throw hungWhileStarting(choice, error);
        const reason = error instanceof Error ? error.message : String(error);
        skipped.push({ provider: choice.provider, reason });
      }
    }
    throw new FramesiftError(
      'provider-failed',
      `The model could not be started in this browser: ${skipped.map(({ provider, reason }) => `${provider}: ${reason}`).join('; ')}.`,
    );
  }

  async #startOne(files: ModelFiles, choice: ProviderChoice): Promise<ClipSession> {
    const session = await this.#oneAtATime.run(() =>
      ClipSession.create(files.graphs, choice, files.config.embeddingDimension),
    );
    try {
      if (files.golden) {
        const picture = goldenPicture(files.config.resize.size);
        const image = await this.#encodeImages(session, files.config, [picture]);
        const text = await this.#encodeTexts(session, files.config, files.tokenizer, [files.golden.text]);
        const mismatch = goldenMismatch(files.golden, image, text);
        if (mismatch) throw new FramesiftError('provider-failed', mismatch);
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #encodeImages(
    session: ClipSession,
    config: ModelConfig,
    pictures: readonly Uint8Array[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const { size } = config.resize;
    const pixelValues = normalisePixels(pictures, size, config.mean, config.std);
    const vectors = await this.#oneAtATime.run(() => session.runVision(pixelValues, pictures.length, size));
    return unitRows(vectors, config.embeddingDimension, 'picture');
  }

  async #encodeTexts(
    session: ClipSession,
    config: ModelConfig,
    tokenizer: ClipTokenizer,
    texts: readonly string[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const { ids, length } = tokenizer.encodeBatch(texts);
    const vectors = await this.#oneAtATime.run(() => session.runText(ids, texts.length, length));
    return unitRows(vectors, config.embeddingDimension, 'text');
  }
}

/** A call that hangs holds the runtime for good: nothing else can be tried in this worker. */
function hungWhileStarting({ provider }: ProviderChoice, cause: unknown): FramesiftError {
  const message =
    provider === 'webgpu'
      ? 'The model does not start on this machine’s graphics card. Open this page with ?provider=wasm at the end of its address.'
      : 'The model does not start in this browser. Reload the page to try again.';
  return new FramesiftError('worker-lost', message, { cause });
}

function unitRows(
  vectors: Float32Array<ArrayBuffer>,
  dimension: number,
  what: string,
): Float32Array<ArrayBuffer> {
  const bad = normaliseRows(vectors, dimension);
  if (bad.length > 0) {
    throw new FramesiftError(
      'provider-failed',
      `The model gave no usable vector for ${what} ${bad.map((row) => row + 1).join(', ')} of ${vectors.length / dimension}.`,
    );
  }
  return vectors;
}

interface ModelFiles {
  config: ModelConfig;
  tokenizer: ClipTokenizer;
  graphs: ClipGraphs;
  golden: Golden | undefined;
  calibration: Calibration | undefined;
}

async function fetchModel(
  entry: CatalogEntry,
  dtype: ModelDtype,
  onProgress: (progress: LoadProgress) => void,
): Promise<ModelFiles> {
  const suffix = DTYPE_FILE_SUFFIX[dtype];
  const loaded = { vision: 0, text: 0 };
  const totals: { vision: number | null; text: number | null } = { vision: null, text: null };
  const watch = (tower: 'vision' | 'text') => (loadedBytes: number, totalBytes: number | null) => {
    loaded[tower] = loadedBytes;
    totals[tower] = totalBytes;
    onProgress({
      stage: 'download',
      loadedBytes: loaded.vision + loaded.text,
      totalBytes: totals.vision !== null && totals.text !== null ? totals.vision + totals.text : null,
    });
  };
  const [config, preprocessor, tokenizerJson, golden, calibration, vision, text] = await Promise.all([
    fetchModelJson(`${entry.baseUrl}/config.json`),
    fetchModelJson(`${entry.baseUrl}/preprocessor_config.json`),
    fetchModelJson(`${entry.baseUrl}/tokenizer.json`),
    // Not every model has vectors to be compared with, or has been measured.
    fetchModelJson(`${entry.baseUrl}/golden.json`).then(readGolden, () => undefined),
    fetchModelJson(`${entry.baseUrl}/calibration.json`).then(readCalibration, () => undefined),
    fetchModelFile(`${entry.baseUrl}/onnx/vision_model${suffix}.onnx`, watch('vision')),
    fetchModelFile(`${entry.baseUrl}/onnx/text_model${suffix}.onnx`, watch('text')),
  ]);
  const modelConfig = readModelConfig(config, preprocessor);
  return {
    config: modelConfig,
    tokenizer: new ClipTokenizer(tokenizerJson, modelConfig.contextLength),
    graphs: { vision, text },
    golden,
    calibration,
  };
}
