import type {
  EmbedJob,
  EmbedProgress,
  LoadOptions,
  LoadProgress,
  LoadedModel,
  SkippedProvider,
  SpeedMeasurement,
  ThreadLimit,
} from '@/lib/ports/encoder';
import type { DownloadProgress, ModelDtype, ModelFileSource } from '@/lib/ports/models';
import { DEFAULT_BATCH_SIZE, type EmbeddedFrame } from '@/lib/shared/frames';
import { ImageTextEncoder } from './image-text-encoder';
import { bundledFiles } from '@/lib/models/bundled-files';
import { findModel } from '@/lib/models/catalog';
import { borrowWorkers } from '@/lib/shared/lent-workers';
import { connectRemote, transfer, type Remote } from '@/lib/rpc/remote';
import { Interruption, withTimeout } from '@/lib/shared/async';
import type { WordFacts } from '@/lib/shared/word-facts';
import { FramesiftError } from '@/lib/shared/errors';
import { embedFrames } from './embed-frames';
import type { ModelService } from '@/lib/models/model-service';
import { receiveFrames } from './receive-frames';

/** What the encoder worker needs of the database worker. */
interface FrameWriter {
  storeFrameBatch(
    clipId: string,
    frames: EmbeddedFrame[],
    modelVersion: string,
    options: { asDraft: boolean },
  ): Promise<unknown>;
}

/** What the encoder worker needs of the models worker. */
type ModelFiles = Pick<ModelService, 'openFiles' | 'readFile'>;

/** What the page serves to the encoder worker. */
export interface ModelsOpener {
  /** A new port to the models worker, transferred. */
  openModels(): MessagePort;
}

/** Storing a batch takes seconds at worst; longer means that the library is stuck. */
const STORE_TIMEOUT_MS = 90_000;

/** Half a gigabyte from a slow disk. */
const READ_TIMEOUT_MS = 120_000;

/**
 * What the encoder worker does, exposed over Comlink: encodes texts and pictures for the page, and embeds
 * a clip's frames, which come straight from the video worker and go straight to the database worker.
 */
export class EncoderService {
  readonly #encoder: ImageTextEncoder;
  #writer: Remote<FrameWriter> | undefined;
  #writerEnd = new Interruption();
  #page: Remote<ModelsOpener> | undefined;
  #models: Promise<Remote<ModelFiles>> | undefined;

  /** @param encoder what encodes; the worker's own unless a test brings one that fails */
  constructor(encoder?: ImageTextEncoder) {
    this.#encoder =
      encoder ??
      new ImageTextEncoder((modelId, dtype, onProgress) => this.#openFiles(modelId, dtype, onProgress));
  }

  /** Leaves out ways of running a model that have failed in an earlier worker. Before anything is loaded. */
  demote(demoted: SkippedProvider[], threadLimit?: ThreadLimit): void {
    this.#encoder.demote(demoted, threadLimit);
  }

  /** Wires this worker to the library worker, or to another one; calls that wait for the one before are rejected. */
  connectRows(libraryPort: MessagePort): void {
    this.#writerEnd.interrupt(
      new FramesiftError('worker-lost', 'The library has moved to another worker.', { transient: true }),
    );
    this.#writerEnd = new Interruption();
    this.#writer = connectRemote<FrameWriter>(libraryPort, this.#writerEnd);
  }

  /** Tells whom to ask for a way to the models worker, which the bundled model does not need. */
  connectModels(pagePort: MessagePort): void {
    this.#page = connectRemote<ModelsOpener>(pagePort);
  }

  /** From here on the threads of this worker's runtime are made by the page, see lib/shared/lent-workers.ts. */
  connectThreads(pagePort: MessagePort): void {
    globalThis.Worker = borrowWorkers(pagePort) as unknown as typeof Worker;
  }

  load(options: LoadOptions, onProgress?: (progress: LoadProgress) => void): Promise<LoadedModel> {
    return this.#encoder.load(options, onProgress);
  }

  /** @returns row-major [texts.length, 512], rows of unit length */
  async encodeTexts(texts: string[]): Promise<Float32Array<ArrayBuffer>> {
    const embeddings = await this.#encoder.encodeTexts(texts);
    return transfer(embeddings, [embeddings.buffer]);
  }

  /** @returns row-major [pictures.length, 512], rows of unit length */
  async encodeImages(pictures: Uint8Array[]): Promise<Float32Array<ArrayBuffer>> {
    const embeddings = await this.#encoder.encodeImages(pictures);
    return transfer(embeddings, [embeddings.buffer]);
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
   * Embeds and stores every frame that comes over `frames`, see [Note: A job is one port] in lib/rpc/job-port.ts. Once
   * the signal is aborted it stops after the batch in hand; what is stored stays.
   *
   * @throws FramesiftError `cancelled`, or what made the whole job fail
   */
  async embedClip(
    options: LoadOptions,
    job: EmbedJob,
    frames: MessagePort,
    onProgress: (progress: EmbedProgress) => void,
    signal?: AbortSignal,
  ): Promise<EmbedProgress> {
    try {
      const writer = this.#writer;
      if (!writer) throw new FramesiftError('internal', 'The workers are not connected.');
      const { modelVersion } = await this.#encoder.load(options);
      return await embedFrames({
        batches: receiveFrames(frames, signal),
        encoder: this.#encoder,
        store: {
          storeFrameBatch: async (batch) => {
            // Copied, not transferred: a refused batch is stored again frame by frame.
            const storing = writer.storeFrameBatch(job.clipId, batch, modelVersion, {
              asDraft: job.asDraft,
            });
            await withTimeout(storing, STORE_TIMEOUT_MS, 'The library');
          },
        },
        batchSize: job.batchSize,
        onProgress,
        ...(signal && { signal }),
      });
    } finally {
      frames.close();
    }
  }

  async #openFiles(
    modelId: string,
    dtype: ModelDtype,
    onProgress: (progress: DownloadProgress) => void,
  ): Promise<ModelFileSource> {
    const entry = findModel(modelId);
    if (entry?.origin.kind === 'bundled') return bundledFiles(entry, dtype, onProgress);
    const page = this.#page;
    if (!page) throw new FramesiftError('internal', 'The workers are not connected.');
    this.#models ??= page.openModels().then((port) => connectRemote<ModelFiles>(port));
    const models = await withTimeout(this.#models, READ_TIMEOUT_MS, 'The model store');
    const facts = await withTimeout(models.openFiles(modelId, dtype), READ_TIMEOUT_MS, 'The model store');
    return {
      ...facts,
      read: (path) => withTimeout(models.readFile(modelId, path), READ_TIMEOUT_MS, 'The model store'),
    };
  }
}
