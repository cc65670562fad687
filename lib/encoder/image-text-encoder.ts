import type {
  Calibration,
  LoadOptions,
  LoadProgress,
  LoadedModel,
  ModelConfig,
  ProviderChoice,
  SkippedProvider,
  SpeedMeasurement,
  ThreadLimit,
} from '@/lib/ports/encoder';
import type { DownloadProgress, ModelDtype, ModelFileSource } from '@/lib/ports/models';
import { DTYPE_FILE_SUFFIX, parseModelJson } from '@/lib/models/model-files';
import { Mutex } from '@/lib/shared/async';
import { describeThrown, FramesiftError } from '@/lib/shared/errors';
import type { WordFacts } from '@/lib/shared/word-facts';
import { meanDirection, normaliseRows } from '@/lib/shared/vectors';
import { readCalibration } from './calibration';
import { onnxRuntime, type EncoderRuntime, type TowerSession } from './tower-session';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { describeProvider, rankProviders } from './execution-provider';
import { rungOf } from '@/lib/shared/provider-rungs';
import { goldenMismatch, goldenOf, goldenPicture, readGolden, REFERENCE_TEXT, type Golden } from './golden';
import { chooseThreads, readThreadSpeeds } from './measured-threads';
import { modelVersionOf, readModelConfig } from '@/lib/models/model-config';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { cachedReferences, type ReferenceStore } from './reference-embeddings';
import { classifyRunError, costsWorker } from './run-errors';
import { ClipTokenizer } from './tokenizer';
import { readTowers, type ModelGraphs, type Towers } from './towers';
import { Vocabulary, WORD_COUNTS_PATH } from './vocabulary';
import { groupViews, meanRows } from '@/lib/pixels/views';
import { joinBytes } from '@/lib/shared/bytes';

/**
 * Finds the files of a model.
 *
 * @throws FramesiftError `model-unavailable` when there is no such model, or it is not on this machine yet
 */
export type OpenModelFiles = (
  modelId: string,
  dtype: ModelDtype,
  onProgress: (progress: DownloadProgress) => void,
) => Promise<ModelFileSource>;

interface Loaded {
  model: LoadedModel;
  source: ModelFileSource;
  session: TowerSession;
  tokenizer: ClipTokenizer;
  /** Undefined before words are looked up; null for a model that has no counts. */
  vocabulary?: Promise<Vocabulary | null>;
}

/** What the encoder stands on; tests bring their own to make a device fail, a run hang, a heap overflow. */
export interface EncoderSurroundings {
  runtime: EncoderRuntime;
  references: ReferenceStore;
  /** The number of threads that was measured to be best here, of so many processors. */
  measuredThreads: (processors: number) => Promise<number | undefined>;
}

/**
 * A CLIP model, loaded once and kept. Encodes pictures and texts into unit-length embeddings of one space.
 * Calls may overlap: they run one after another.
 *
 * Nothing in here has a time limit: a call that hangs holds its worker, and only the owner of the
 * worker can end that (lib/core/supervised-encoder.ts).
 */
export class ImageTextEncoder {
  /** Rounds every session creation and run: on WebGPU two at once hang the worker without an error. */
  readonly #oneAtATime = new Mutex();
  readonly #openFiles: OpenModelFiles;
  readonly #runtime: EncoderRuntime;
  readonly #references: ReferenceStore;
  readonly #measuredThreads: EncoderSurroundings['measuredThreads'];
  /** Ways of running a model that have failed in an earlier worker of this page. */
  #demoted: readonly SkippedProvider[] = [];
  #threadLimit: ThreadLimit | undefined;
  #loading: { key: string; result: Promise<Loaded> } | undefined;

  constructor(
    openFiles: OpenModelFiles,
    {
      runtime = onnxRuntime,
      references = cachedReferences,
      measuredThreads = readMeasuredThreads,
    }: Partial<EncoderSurroundings> = {},
  ) {
    this.#openFiles = openFiles;
    this.#runtime = runtime;
    this.#references = references;
    this.#measuredThreads = measuredThreads;
  }

  /** Leaves out ways of running a model, with the reason that is given to the person. Before `load`. */
  demote(demoted: readonly SkippedProvider[], threadLimit?: ThreadLimit): void {
    this.#demoted = demoted;
    this.#threadLimit = threadLimit;
  }

  /**
   * Loads a model, or returns the one that is loaded already.
   *
   * @throws FramesiftError `model-unavailable` | `model-mismatch` | `provider-failed`, or `worker-lost`
   *   when the next way of running it needs a new worker
   */
  async load(
    options: LoadOptions,
    onProgress: (progress: LoadProgress) => void = () => undefined,
  ): Promise<LoadedModel> {
    const { modelId, dtype = 'fp32', provider = 'auto', only, allProcessors } = options;
    const key = JSON.stringify([modelId, dtype, provider, only, allProcessors]);
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
   * @param pictures what `resizeFrame` makes of each (lib/pixels/resize.ts)
   * @returns row-major [pictures.length, dimension], rows of unit length
   * @throws FramesiftError `provider-failed` when an embedding is zero or not finite, `out-of-memory`, or
   *   `worker-lost` when this worker is of no more use
   */
  async encodeImages(pictures: readonly Uint8Array[]): Promise<Float32Array<ArrayBuffer>> {
    if (pictures.length === 0) return new Float32Array(0);
    const { session, model } = await this.#loaded();
    return this.#encodeImages(session, model.config, pictures);
  }

  /**
   * A text longer than the model's context is read in parts, whose mean stands for it.
   *
   * @returns row-major [texts.length, dimension], rows of unit length
   * @throws FramesiftError `bad-input` when a text is empty; else as `encodeImages`
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

  /**
   * What the model's training data says of words, from a file that is read when it is first asked for.
   *
   * @returns null for a model that keeps no counts of words
   * @throws FramesiftError `model-unavailable` when the file cannot be read
   */
  async lookUpWords(words: readonly string[]): Promise<WordFacts[] | null> {
    const loaded = await this.#loaded();
    loaded.vocabulary ??= readVocabulary(loaded.source);
    try {
      return (await loaded.vocabulary)?.lookUp(words) ?? null;
    } catch (error) {
      // The next question tries again.
      delete loaded.vocabulary;
      throw error;
    }
  }

  /**
   * Reads the golden picture over and over, after one run to warm up.
   *
   * @param batchSize pictures in a run
   * @param budgetMs no run begins after so long
   */
  async measureImages(batchSize: number, budgetMs: number): Promise<SpeedMeasurement> {
    const { model } = await this.#loaded();
    const { size, views } = model.config.resize;
    const view = goldenPicture(views?.size ?? size);
    const picture = joinBytes(Array.from({ length: views?.count ?? 1 }, () => view));
    const pictures = Array.from({ length: batchSize }, () => picture);
    await this.encodeImages(pictures);
    const startedMs = performance.now();
    let frames = 0;
    let elapsedMs = 0;
    while (elapsedMs < budgetMs) {
      await this.encodeImages(pictures);
      frames += batchSize;
      elapsedMs = performance.now() - startedMs;
    }
    return { framesPerSecond: (frames * 1000) / elapsedMs, frames, elapsedMs };
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
    const dtype = options.dtype ?? 'fp32';
    const ladder = this.#rank(options, dtype);
    const starting = this.#startRuntime(ladder, onProgress);
    const source = await this.#openFiles(options.modelId, dtype, (progress) =>
      onProgress({ stage: 'download', ...progress }),
    );
    const files = await readFiles(source);
    await starting;
    const { config, tokenizer } = files;
    const misfit = tokenizer.misfit(config.vocabularySize);
    if (misfit) throw new FramesiftError('model-mismatch', `This model cannot be used: ${misfit}.`);
    const modelVersion = modelVersionOf(source.modelId, config.revision, dtype, config.resize.views);
    const start: Start = {
      towers: readTowers(files.graphs, { ...config, imageSize: config.resize.size }),
      config,
      tokenizer,
      golden: goldenOf(files.golden, dtype),
      modelVersion,
    };
    const { session, choice, skipped } = await this.#start(start, await ladder, onProgress);
    return {
      source,
      session,
      tokenizer,
      model: {
        modelId: source.modelId,
        modelName: source.name,
        modelVersion,
        dtype,
        config,
        calibration: files.calibration,
        provider: choice,
        providerLabel: describeProvider(choice),
        skipped,
      },
    };
  }

  async #rank(
    { modelId, provider = 'auto', only, allProcessors = false }: LoadOptions,
    dtype: ModelDtype,
  ): Promise<RankedProviders> {
    const capabilities = await this.#runtime.detectCapabilities();
    const isQuick = modelId === BUNDLED_MODEL_ID && !allProcessors;
    return rankProviders(capabilities, {
      preferred: provider,
      dtype,
      demoted: this.#demoted,
      threadLimit: this.#threadLimit,
      isQuick,
      measuredThreads: isQuick ? await this.#measuredThreads(capabilities.processors) : undefined,
      ...(only && { only }),
    });
  }

  /** Compiles the runtime of the best rung while the model's files arrive. */
  async #startRuntime(
    ladder: Promise<RankedProviders>,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<void> {
    const [first] = (await ladder).choices;
    if (!first) return;
    const tell = (isReady: boolean) =>
      onProgress({ stage: 'runtime', rung: rungOf(first), threads: first.threads, isReady });
    tell(false);
    // A failure shows again, with its reason, when the model is started.
    await this.#oneAtATime
      .run(() => this.#runtime.startRuntime(first, () => tell(false)))
      .catch(() => undefined);
    tell(true);
  }

  /** Goes down the ladder until a provider makes a session that passes the self-test. */
  async #start(
    start: Start,
    { choices, skipped }: RankedProviders,
    onProgress: (progress: LoadProgress) => void,
  ): Promise<{ session: TowerSession; choice: ProviderChoice; skipped: SkippedProvider[] }> {
    for (const choice of choices) {
      const rung = rungOf(choice);
      onProgress({ stage: 'start', provider: describeProvider(choice), rung, skipped: [...skipped] });
      try {
        return { session: await this.#startOne(start, choice), choice, skipped };
      } catch (error) {
        if (costsWorker(error) && error.code === 'worker-lost') throw error;
        const reason = describeThrown(error) ?? 'it did not say why';
        skipped.push({ provider: choice.provider, rung, reason, failed: true });
      }
    }
    throw new FramesiftError(
      'provider-failed',
      `The model could not be started in this browser: ${skipped.map(({ provider: name, reason }) => `${name}: ${reason}`).join('; ')}.`,
    );
  }

  async #startOne(start: Start, choice: ProviderChoice): Promise<TowerSession> {
    const { towers, config, tokenizer } = start;
    const session = await this.#alone(() =>
      this.#runtime.startTowers(towers, choice, config.embeddingDimension, choice.provider),
    );
    try {
      const golden = start.golden ?? (await this.#reference(start, choice));
      const text = golden?.text ?? REFERENCE_TEXT;
      // Run also where there is nothing to compare with: a graph that cannot be run is found out here.
      const embeddings = await this.#encodeGolden(session, config, tokenizer, text);
      const mismatch = golden && goldenMismatch(golden, embeddings.imageEmbedding, embeddings.textEmbedding);
      if (mismatch) throw new FramesiftError('provider-failed', mismatch);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /**
   * What a model without stored embeddings makes on WASM, which is what it must make on WebGPU; undefined
   * where WASM itself is about to run.
   */
  async #reference(start: Start, choice: ProviderChoice): Promise<Golden | undefined> {
    if (choice.provider === 'wasm') return undefined;
    const { towers, config, tokenizer, modelVersion } = start;
    const known = await this.#references.read(modelVersion);
    if (known) return known;
    const session = await this.#alone(() =>
      this.#runtime.startTowers(towers, choice, config.embeddingDimension, 'wasm'),
    );
    try {
      const golden = await this.#encodeGolden(session, config, tokenizer, REFERENCE_TEXT);
      await this.#references.save(modelVersion, golden);
      return golden;
    } finally {
      await this.#oneAtATime.run(() => session.close());
    }
  }

  /** One call of the runtime, when no other is under way; its errors told apart by what they cost. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#oneAtATime.run(call);
    } catch (error) {
      throw classifyRunError(error);
    }
  }

  async #encodeGolden(
    session: TowerSession,
    config: ModelConfig,
    tokenizer: ClipTokenizer,
    text: string,
  ): Promise<Golden> {
    const imageEmbedding = await this.#encodeImages(session, config, [goldenPicture(config.resize.size)]);
    const textEmbedding = await this.#encodeTexts(session, config, tokenizer, [text]);
    return { imageEmbedding, text, textEmbedding };
  }

  async #encodeImages(
    session: TowerSession,
    config: ModelConfig,
    pictures: readonly Uint8Array[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const { embeddingDimension: dimension, resize, mean, std } = config;
    const embeddings = new Float32Array(pictures.length * dimension);
    for (const { side, views, counts, places } of groupViews(pictures, resize)) {
      const made = await this.#alone(async () =>
        session.runVision(normalisePixels(views, side, mean, std), views.length),
      );
      const rows = unitRows(made, dimension, 'picture');
      const means =
        views.length === counts.length
          ? rows
          : unitRows(meanRows(rows, counts, dimension), dimension, 'picture');
      for (const [row, place] of places.entries()) {
        embeddings.set(means.subarray(row * dimension, (row + 1) * dimension), place * dimension);
      }
    }
    return embeddings;
  }

  async #encodeTexts(
    session: TowerSession,
    config: ModelConfig,
    tokenizer: ClipTokenizer,
    texts: readonly string[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const dimension = config.embeddingDimension;
    const parts = texts.map((text) => tokenizer.partsOf(text));
    const encoded = tokenizer.encodeBatch(parts.flat());
    const rows = unitRows(await this.#alone(() => session.runText(encoded)), dimension, 'text');
    if (parts.every(({ length }) => length === 1)) return rows;
    const embeddings = new Float32Array(texts.length * dimension);
    let first = 0;
    parts.forEach(({ length }, text) => {
      const own = rows.subarray(first * dimension, (first + length) * dimension);
      embeddings.set(length === 1 ? own : meanDirection(own, dimension), text * dimension);
      first += length;
    });
    return unitRows(embeddings, dimension, 'text');
  }
}

async function readMeasuredThreads(processors: number): Promise<number | undefined> {
  return chooseThreads((await readThreadSpeeds(processors)) ?? []);
}

type RankedProviders = ReturnType<typeof rankProviders>;

/** What is needed to start a model on any provider. */
interface Start {
  towers: Towers;
  config: ModelConfig;
  tokenizer: ClipTokenizer;
  golden: Golden | undefined;
  modelVersion: string;
}

function unitRows(
  embeddings: Float32Array<ArrayBuffer>,
  dimension: number,
  what: string,
): Float32Array<ArrayBuffer> {
  const bad = normaliseRows(embeddings, dimension);
  if (bad.length > 0) {
    throw new FramesiftError(
      'provider-failed',
      `The model gave no usable embedding for ${what} ${bad.map((row) => row + 1).join(', ')} of ${embeddings.length / dimension}.`,
    );
  }
  return embeddings;
}

/** A model's files, read. */
interface ModelFiles {
  config: ModelConfig;
  tokenizer: ClipTokenizer;
  graphs: ModelGraphs;
  golden: Golden | undefined;
  calibration: Calibration | undefined;
}

async function readFiles(source: ModelFileSource): Promise<ModelFiles> {
  const suffix = DTYPE_FILE_SUFFIX[source.dtype];
  const readJson = async (path: string): Promise<unknown> => {
    const bytes = await source.read(path);
    try {
      return parseModelJson(bytes);
    } catch (cause) {
      throw new FramesiftError('model-mismatch', `The model's ${path} is not valid JSON.`, { cause });
    }
  };
  const readGraphs = async (): Promise<ModelGraphs> => {
    const combined = `onnx/model${suffix}.onnx`;
    if (source.paths.includes(combined)) return { both: await source.read(combined) };
    const [vision, text] = await Promise.all([
      source.read(`onnx/vision_model${suffix}.onnx`),
      source.read(`onnx/text_model${suffix}.onnx`),
    ]);
    return { vision, text };
  };
  const [config, preprocessor, tokenizerJson, golden, calibration, graphs] = await Promise.all([
    readJson('config.json'),
    readJson('preprocessor_config.json'),
    readJson('tokenizer.json'),
    // Not every model has embeddings to be compared with, or has been measured.
    readJson('golden.json').then(readGolden, () => undefined),
    readJson('calibration.json').then(readCalibration, () => undefined),
    readGraphs(),
  ]);
  const modelConfig = readModelConfig(config, preprocessor, source.revision);
  return {
    config: modelConfig,
    tokenizer: new ClipTokenizer(tokenizerJson, modelConfig.contextLength),
    graphs,
    golden,
    calibration,
  };
}

async function readVocabulary(source: ModelFileSource): Promise<Vocabulary | null> {
  if (!source.paths.includes(WORD_COUNTS_PATH)) return null;
  const bytes = await source.read(WORD_COUNTS_PATH);
  try {
    return Vocabulary.read(parseModelJson(bytes)) ?? null;
  } catch {
    // A person's own model may have another file of that name.
    return null;
  }
}
