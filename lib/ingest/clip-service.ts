import * as Comlink from 'comlink';
import {
  ClipEncoder,
  type LoadedModel,
  type LoadOptions,
  type LoadProgress,
  type SpeedMeasurement,
} from '@/lib/clip/clip-encoder';
import type { SkippedProvider } from '@/lib/clip/execution-provider';
import { bundledFiles } from '@/lib/models/bundled-files';
import { findModel } from '@/lib/models/catalog';
import type { DownloadProgress, ModelDtype, ModelFileSource } from '@/lib/models/model-files';
import { Interruption, withTimeout } from '@/lib/shared/async';
import type { WordFacts } from '@/lib/shared/word-facts';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { DEFAULT_BATCH_SIZE, embedFrames, type EmbedProgress, type FrameSource } from './embed-frames';
import type { ModelService } from './model-service';

/** What the CLIP worker needs of the database worker. */
interface FrameWriter {
  storeFrameBatch(
    eventId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    options: { asDraft: boolean },
  ): Promise<unknown>;
}

/** What the CLIP worker needs of the models worker. */
type ModelFiles = Pick<ModelService, 'openFiles' | 'readFile'>;

export interface EmbedJob {
  eventId: string;
  batchSize: number;
  /** The clip has vectors of another model, which stay until these are complete. */
  asDraft: boolean;
}

/** Decoding so many frames, or storing them, takes seconds at worst; longer means a worker is stuck. */
const BATCH_TIMEOUT_MS = 90_000;

/** Half a gigabyte from a slow disk. */
const READ_TIMEOUT_MS = 120_000;

/**
 * What the CLIP worker does, exposed over Comlink: encodes texts and pictures for the page, and embeds
 * a clip's frames, which come straight from the video worker and go straight to the database worker.
 */
export class ClipService {
  readonly #encoder: ClipEncoder;
  #frames: Comlink.Remote<FrameSource> | undefined;
  #writer: Comlink.Remote<FrameWriter> | undefined;
  #writerEnd = new Interruption();
  #openModelsPort: (() => Promise<MessagePort>) | undefined;
  #models: Promise<Comlink.Remote<ModelFiles>> | undefined;
  #job: AbortController | undefined;

  /** @param encoder what encodes; the worker's own unless a test brings one that fails */
  constructor(encoder?: ClipEncoder) {
    this.#encoder =
      encoder ?? new ClipEncoder((modelId, dtype, onProgress) => this.#openFiles(modelId, dtype, onProgress));
  }

  /** Leaves out ways of running a model that have failed in an earlier worker. Before anything is loaded. */
  demote(demoted: SkippedProvider[]): void {
    this.#encoder.demote(demoted);
  }

  /** Wires this worker to the video worker. */
  connect(framesPort: MessagePort): void {
    this.#frames = Comlink.wrap<FrameSource>(framesPort);
  }

  /** Wires this worker to the library worker, or to another one; calls that wait for the one before are rejected. */
  connectRows(libraryPort: MessagePort): void {
    this.#writerEnd.interrupt(
      new FramesiftError('worker-lost', 'The library has moved to another worker.', { transient: true }),
    );
    this.#writerEnd = new Interruption();
    this.#writer = Comlink.wrap<FrameWriter>(libraryPort);
  }

  /** Tells how to reach the models worker, for models that do not come with the page. */
  connectModels(openPort: () => Promise<MessagePort>): void {
    this.#openModelsPort = openPort;
  }

  load(options: LoadOptions, onProgress?: (progress: LoadProgress) => void): Promise<LoadedModel> {
    return this.#encoder.load(options, onProgress);
  }

  /** @returns row-major [texts.length, 512], rows of unit length */
  async encodeTexts(texts: string[]): Promise<Float32Array<ArrayBuffer>> {
    const vectors = await this.#encoder.encodeTexts(texts);
    return Comlink.transfer(vectors, [vectors.buffer]);
  }

  /** @returns row-major [pictures.length, 512], rows of unit length */
  async encodeImages(pictures: Uint8Array[]): Promise<Float32Array<ArrayBuffer>> {
    const vectors = await this.#encoder.encodeImages(pictures);
    return Comlink.transfer(vectors, [vectors.buffer]);
  }

  /** What the training data of the loaded model says of words; null for a model that does not tell. */
  lookUpWords(words: string[]): Promise<WordFacts[] | null> {
    return this.#encoder.lookUpWords(words);
  }

  /** How fast the loaded model reads pictures here, measured for about `budgetMs`. */
  measure(budgetMs: number): Promise<SpeedMeasurement> {
    return this.#encoder.measureImages(DEFAULT_BATCH_SIZE, budgetMs);
  }

  /**
   * Embeds and stores every frame that the video worker has been told to give. One job at a time.
   *
   * @throws FramesiftError `cancelled` after `cancelEmbedding`, or what made the whole job fail
   */
  async embedClip(
    options: LoadOptions,
    job: EmbedJob,
    onProgress: (progress: EmbedProgress) => void,
  ): Promise<EmbedProgress> {
    const frames = this.#frames;
    const writer = this.#writer;
    const writerEnd = this.#writerEnd;
    if (!frames || !writer) throw new FramesiftError('internal', 'The workers are not connected.');
    if (this.#job)
      throw new FramesiftError('internal', 'A clip is being embedded already.', { transient: true });
    const controller = new AbortController();
    this.#job = controller;
    try {
      const { modelVersion } = await this.#encoder.load(options);
      return await embedFrames({
        source: {
          nextFrames: (count) => withTimeout(frames.nextFrames(count), BATCH_TIMEOUT_MS, 'The video decoder'),
        },
        encoder: this.#encoder,
        store: {
          storeFrameBatch: async (batch) => {
            // Copied, not transferred: a refused batch is stored again frame by frame.
            const storing = writer.storeFrameBatch(job.eventId, batch, modelVersion, {
              asDraft: job.asDraft,
            });
            await withTimeout(writerEnd.race(storing), BATCH_TIMEOUT_MS, 'The library');
          },
        },
        batchSize: job.batchSize,
        onProgress,
        signal: controller.signal,
      });
    } finally {
      this.#job = undefined;
    }
  }

  /** Stops the running job after the batch in hand; what is stored stays. */
  cancelEmbedding(): void {
    this.#job?.abort();
  }

  async #openFiles(
    modelId: string,
    dtype: ModelDtype,
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<ModelFileSource> {
    const entry = findModel(modelId);
    if (entry?.origin.kind === 'bundled') return bundledFiles(entry, dtype, onProgress);
    const open = this.#openModelsPort;
    if (!open) throw new FramesiftError('internal', 'The workers are not connected.');
    this.#models ??= open().then((port) => Comlink.wrap<ModelFiles>(port));
    const models = await this.#models;
    const facts = await withTimeout(models.openFiles(modelId, dtype), READ_TIMEOUT_MS, 'The model store');
    return {
      ...facts,
      read: (path) => withTimeout(models.readFile(modelId, path), READ_TIMEOUT_MS, 'The model store'),
    };
  }
}
