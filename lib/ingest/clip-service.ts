import * as Comlink from 'comlink';
import {
  ClipEncoder,
  type LoadedModel,
  type LoadOptions,
  type LoadProgress,
  type SpeedMeasurement,
} from '@/lib/clip/clip-encoder';
import type { SkippedProvider } from '@/lib/clip/execution-provider';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame } from '@/lib/shared/frames';
import { DEFAULT_BATCH_SIZE, embedFrames, type EmbedProgress, type FrameSource } from './embed-frames';

/** What the CLIP worker needs of the database worker. */
interface FrameWriter {
  storeFrameBatch(eventId: string, frames: EmbeddedFrame[], modelVersion: string): Promise<unknown>;
}

export interface EmbedJob {
  eventId: string;
  batchSize: number;
}

/** Decoding so many frames, or storing them, takes seconds at worst; longer means a worker is stuck. */
const BATCH_TIMEOUT_MS = 90_000;

/**
 * What the CLIP worker does, exposed over Comlink: encodes texts and pictures for the page, and embeds
 * a clip's frames, which come straight from the video worker and go straight to the database worker.
 */
export class ClipService {
  readonly #encoder: ClipEncoder;
  #frames: Comlink.Remote<FrameSource> | undefined;
  #writer: Comlink.Remote<FrameWriter> | undefined;
  #job: AbortController | undefined;

  /** @param encoder what encodes; the worker's own unless a test brings one that fails */
  constructor(encoder = new ClipEncoder()) {
    this.#encoder = encoder;
  }

  /** Leaves out ways of running a model that have failed in an earlier worker. Before anything is loaded. */
  demote(demoted: SkippedProvider[]): void {
    this.#encoder.demote(demoted);
  }

  /** Wires this worker to the video and database workers. */
  connect(framesPort: MessagePort, databasePort: MessagePort): void {
    this.#frames = Comlink.wrap<FrameSource>(framesPort);
    this.#writer = Comlink.wrap<FrameWriter>(databasePort);
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
            await withTimeout(
              writer.storeFrameBatch(job.eventId, batch, modelVersion),
              BATCH_TIMEOUT_MS,
              'The database',
            );
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
}
