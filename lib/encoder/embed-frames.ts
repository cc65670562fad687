import type { EmbedProgress } from '@/lib/ports/encoder';
import { costsWorker } from './run-errors';
import { throwIfCancelled } from '@/lib/shared/async';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import type { EmbeddedFrame, FrameBatch, FrameFailure, PreparedFrame } from '@/lib/shared/frames';

/** Turns pictures into unit-length embeddings, row-major. */
export interface ImageEncoder {
  encodeImages(pictures: readonly Uint8Array[]): Promise<Float32Array<ArrayBuffer>>;
}

/** Keeps frames and embeddings. Resolves when they are durably stored. */
export interface FrameStore {
  storeFrameBatch(frames: EmbeddedFrame[]): Promise<void>;
}

export interface EmbedOptions {
  /** The clip's frames, decoded and resized, in order. */
  batches: AsyncIterable<FrameBatch>;
  encoder: ImageEncoder;
  store: FrameStore;
  /** Most frames in one run of the model. */
  batchSize: number;
  onProgress?: (progress: EmbedProgress) => void;
  signal?: AbortSignal;
}

/**
 * Takes frames, embeds them and stores them, one batch after another: while one is being embedded the one before is
 * being written, and whoever makes the batches may be ahead. Nothing else is held, so memory stays at a few batches
 * however long the clip is.
 *
 * A batch that fails is tried again one frame at a time, so that one bad frame does not sink its
 * neighbours. One that does not fit into memory is halved, and so are those after it. A model that can
 * do no more (a lost device, a hung run, too little memory for a single frame) makes the whole call fail
 * with no frame given up: they are read again with a new worker. Stops cleanly between batches when cancelled; what is stored stays.
 *
 * @throws FramesiftError `cancelled`, or what made the source, encoder or store fail as a whole
 */
export async function embedFrames(options: EmbedOptions): Promise<EmbedProgress> {
  const { batches, batchSize, onProgress, signal } = options;
  const progress: EmbedProgress = { framesStored: 0, failures: [] };
  const runs: RunState = { limit: batchSize, last: null };
  let writing: Promise<void> = Promise.resolve();
  try {
    throwIfCancelled(signal);
    for await (const batch of batches) {
      throwIfCancelled(signal);
      progress.failures.push(...batch.failures);
      if (batch.frames.length === 0) continue;
      const embedded = await embedBatch(options, batch.frames, progress.failures, runs);
      throwIfCancelled(signal);
      await writing;
      writing = settleLater(
        storeBatch(options, embedded, progress.failures).then((stored) => {
          progress.framesStored += stored;
          onProgress?.({ ...progress, failures: [...progress.failures] });
        }),
      );
    }
    await writing;
    onProgress?.({ ...progress, failures: [...progress.failures] });
    return progress;
  } catch (error) {
    // The batch in flight is either stored whole or not at all; the caller must not go on before that.
    await Promise.allSettled([writing]);
    throw toFramesiftError(error);
  }
}

/** A promise awaited later must not count as unhandled meanwhile. */
function settleLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** What is carried from batch to batch. */
interface RunState {
  /** How many pictures the model is given at once: fewer once that many did not fit into memory. */
  limit: number;
  /** The picture that was embedded last; frames that show it too are given its embedding. */
  last: { picture: number | undefined; embedding: Float32Array<ArrayBuffer> } | null;
}

async function embedBatch(
  { encoder, signal }: EmbedOptions,
  frames: PreparedFrame[],
  failures: FrameFailure[],
  runs: RunState,
): Promise<EmbeddedFrame[]> {
  try {
    return await embedInRuns(encoder, frames, runs, signal);
  } catch (error) {
    if (isCancelled(error) || costsWorker(error)) throw error;
  }
  const embedded: EmbeddedFrame[] = [];
  let lastError: unknown;
  for (const frame of frames) {
    throwIfCancelled(signal);
    try {
      embedded.push(embeddedFrame(frame, await encoder.encodeImages([frame.pixels])));
    } catch (error) {
      if (isCancelled(error) || costsWorker(error)) throw error;
      lastError = error;
      failures.push(failureOf(frame, error));
    }
  }
  // When not one frame of a batch works it is the model that is broken, not the frames.
  if (embedded.length === 0) throw toFramesiftError(lastError, 'The model failed on every frame of a batch.');
  return embedded;
}

async function embedInRuns(
  encoder: ImageEncoder,
  frames: PreparedFrame[],
  runs: RunState,
  signal: AbortSignal | undefined,
): Promise<EmbeddedFrame[]> {
  const isRepeated = (frame: PreparedFrame, before: number | undefined) =>
    frame.picture !== undefined && frame.picture === before;
  const distinct = frames.filter((frame, i) =>
    i === 0 ? !isRepeated(frame, runs.last?.picture) : !isRepeated(frame, frames[i - 1]!.picture),
  );
  const embeddings: Float32Array<ArrayBuffer>[] = [];
  while (embeddings.length < distinct.length) {
    throwIfCancelled(signal);
    const some = distinct.slice(embeddings.length, embeddings.length + runs.limit);
    try {
      embeddings.push(...rowsOf(await encoder.encodeImages(some.map(({ pixels }) => pixels)), some.length));
    } catch (error) {
      const isTooMuch = error instanceof FramesiftError && error.code === 'out-of-memory';
      if (!isTooMuch || some.length === 1) throw error;
      runs.limit = Math.ceil(some.length / 2);
    }
  }
  const embeddingOf = new Map(distinct.map((frame, i) => [frame, embeddings[i]!]));
  return frames.map((frame) => {
    const embedding = embeddingOf.get(frame) ?? runs.last!.embedding;
    runs.last = { picture: frame.picture, embedding };
    return embeddedFrame(frame, embedding.slice());
  });
}

async function storeBatch(
  { store, signal }: EmbedOptions,
  frames: EmbeddedFrame[],
  failures: FrameFailure[],
): Promise<number> {
  try {
    await store.storeFrameBatch(frames);
    return frames.length;
  } catch (error) {
    // A full disk, a vanished clip or a database that hangs does not get better one frame at a time.
    if (!(error instanceof FramesiftError) || error.code !== 'bad-input') throw error;
  }
  let stored = 0;
  for (const frame of frames) {
    throwIfCancelled(signal);
    try {
      await store.storeFrameBatch([frame]);
      stored += 1;
    } catch (error) {
      failures.push(failureOf(frame, error));
    }
  }
  return stored;
}

/** The rows of a matrix of embeddings. */
function rowsOf(embeddings: Float32Array<ArrayBuffer>, count: number): Float32Array<ArrayBuffer>[] {
  const dimension = embeddings.length / count;
  return Array.from({ length: count }, (_, row) => embeddings.slice(row * dimension, (row + 1) * dimension));
}

function embeddedFrame(
  { frameIndex, timestampMs, span, width, height, thumbnail }: PreparedFrame,
  embedding: Float32Array<ArrayBuffer>,
): EmbeddedFrame {
  return { frameIndex, timestampMs, span: span ?? null, width, height, thumbnail, embedding };
}

function failureOf(
  { frameIndex, timestampMs }: { frameIndex: number; timestampMs: number },
  error: unknown,
): FrameFailure {
  return {
    frameIndex,
    timestampMs,
    reason: toFramesiftError(error, 'The model failed on this frame.').message,
  };
}
