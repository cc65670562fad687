import type { FramesiftError } from '@/lib/shared/errors';
import type { FrameFailure, ResizeSpec } from '@/lib/shared/frames';
import type { WordFacts } from '@/lib/shared/word-facts';
import type { DownloadProgress, ModelDtype } from './models';

/** Where the model runs. */
export type ExecutionProvider = 'webgpu' | 'wasm';

/** A way of running a model, a rung of the ladder: best first `webgpu`, `wasm-threads`, `wasm-single`. */
export type ProviderRung = 'webgpu' | 'wasm-threads' | 'wasm-single';

/** One rung of the ladder, as it is on this machine. */
export interface ProviderChoice {
  provider: ExecutionProvider;
  /** WASM threads; on WebGPU the threads of what stays on the CPU. */
  threads: number;
  /** So many were measured to be quickest here. */
  isMeasured?: true;
}

/** A way of running the model that is not at work, and why. */
export interface SkippedProvider {
  provider: ExecutionProvider;
  rung: ProviderRung;
  /** The end of a sentence that begins “because …”. */
  reason: string;
  /** It was tried and failed, and would again; else it could not, or was not to, be tried. */
  failed: boolean;
}

/** Fewer threads than this machine has, because more of them did not start. */
export interface ThreadLimit {
  most: number;
  /** The end of a sentence that begins “because …”. */
  reason: string;
}

/** What the page must know of a model, read from its `config.json` and `preprocessor_config.json`. */
export interface ModelConfig {
  embeddingDimension: number;
  contextLength: number;
  /** Ids that the text tower knows are below this. */
  vocabularySize: number;
  resize: ResizeSpec;
  /** Per channel, of pixel values in 0…1. */
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
  /** Which weights these are. */
  revision: string;
  /** Where convolutions may be computed in integers; null where that was not measured. */
  activationRanges: ActivationRanges | null;
}

/** Least and greatest value that tensors of a vision graph take, by their names in it. */
export type ActivationRanges = Readonly<Record<string, readonly [least: number, greatest: number]>>;

/**
 * A logistic of the cosine, less what the query has in common with any picture:
 * likelihood = 1 / (1 + exp(−(slope · (cosine − common · query) + intercept))).
 */
export interface KindCalibration {
  slope: number;
  intercept: number;
  /** A share of the mean embedding of many pictures, 512 long; nothing without it. */
  common?: number[] | undefined;
}

/** What turns a cosine into how likely a frame shows a thing, for each kind of query that was measured. */
export interface Calibration {
  version: 2;
  text: KindCalibration;
  /** Of queries that are pictures. */
  image?: KindCalibration | undefined;
  /** Share of frames that show what is asked for, to which the likelihoods refer. */
  prior: number;
  /** Likelihood that nearly every picture reaches that shows the thing. */
  unlikely: number;
  /** Likelihoods from which a match counts as possible and as strong. */
  possible: number;
  strong: number;
  /** Log-odds by which a clip of n shots must exceed `possible`, divided by ln n. */
  perScenes?: number | undefined;
}

/** Likelihoods that separate what is said of a match. */
export type MatchLevels = Pick<Calibration, 'unlikely' | 'possible' | 'strong' | 'perScenes'>;

/** How much a frame can be relied on; `unrated` where nobody has measured the model for such a question. */
export type MatchStrength = 'strong' | 'possible' | 'weak' | 'unrated';

/** Which model to start, and how. */
export interface LoadOptions {
  modelId: string;
  dtype?: ModelDtype;
  /** `auto` takes the best that works. */
  provider?: ExecutionProvider | 'auto';
  /** This way of running it and no other, to measure it. */
  only?: ProviderRung;
  /** Threads on every processor, also where decoding would be left some. */
  allProcessors?: boolean;
}

/** Which model is at work, where, and why not elsewhere. */
export interface LoadedModel {
  modelId: string;
  modelName: string;
  modelVersion: string;
  dtype: ModelDtype;
  config: ModelConfig;
  /** Absent for models nobody has measured. */
  calibration: Calibration | undefined;
  provider: ProviderChoice;
  /** The provider as a person reads it. */
  providerLabel: string;
  skipped: SkippedProvider[];
}

/** How far the start of a model is. */
export type LoadProgress =
  | ({ stage: 'download' } & DownloadProgress)
  /** The runtime itself is fetched and started, while the model's files arrive. Told again while it is being fetched. */
  | { stage: 'runtime'; rung: ProviderRung; threads: number; isReady: boolean }
  /** `skipped` are the ways that have been tried or ruled out by then. */
  | { stage: 'start'; provider: string; rung: ProviderRung; skipped: SkippedProvider[] };

/** How many pictures a second a started model reads. */
export interface SpeedMeasurement {
  framesPerSecond: number;
  frames: number;
  elapsedMs: number;
}

/** What has happened since embedding began. */
export interface EmbedProgress {
  /** Frames whose embeddings are stored. */
  framesStored: number;
  /** Frames that could not be decoded, embedded or stored, each once. */
  failures: FrameFailure[];
}

/** A clip whose frames are embedded and stored. */
export interface EmbedJob {
  clipId: string;
  batchSize: number;
  /** The clip has embeddings of another model, which stay until these are complete. */
  asDraft: boolean;
}

/** After how long without a sign of life something counts as hung, in milliseconds. */
export interface EncoderLimits {
  /**
   * A model that has shown no progress for so long hangs. Software WebGPU compiles shaders slowly, and a
   * large model takes its time from the disk to the device.
   */
  startMs: number;
  /** The same for the runtime itself, without any model, from when its file is here: it takes half a second on two cores. */
  runtimeMs: number;
  /** A question waits for at most one batch of frames; software WebGPU needs seconds for each. */
  queryMs: number;
  /** The same for a batch of frames while a clip is read, from one stored batch to the next. */
  batchMs: number;
}

/** The page's one model, whatever worker it is in. Throws FramesiftError once no way of running it is left. */
export interface Encoder {
  readonly limits: EncoderLimits;
  /** Starts a model, or returns the one that is at work. */
  load(options: LoadOptions, onProgress?: (progress: LoadProgress) => void): Promise<LoadedModel>;
  /** Calls `listener` whenever a model has been started, also when it is the same one somewhere else. */
  subscribe(listener: (model: LoadedModel) => void): () => void;
  /** Row-major [texts.length, 512], rows of unit length. */
  encodeTexts(texts: string[]): Promise<Float32Array<ArrayBuffer>>;
  /** Row-major [pictures.length, 512], rows of unit length. */
  encodeImages(pictures: Uint8Array[]): Promise<Float32Array<ArrayBuffer>>;
  /** What the training data of the model says of words; null for a model that does not tell. */
  lookUpWords(words: string[]): Promise<WordFacts[] | null>;
  /** Embeds and stores the frames that come over `frames`; not repeated by itself. */
  embedClip(
    options: LoadOptions,
    job: EmbedJob,
    frames: MessagePort,
    onProgress: (progress: EmbedProgress) => void,
    signal: AbortSignal,
  ): Promise<EmbedProgress>;
  /** Ends the worker that an error came from; the next call makes a new one. */
  recover(error: FramesiftError): void;
}
