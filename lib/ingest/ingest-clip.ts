import type { EmbedProgress, Encoder, LoadOptions, LoadedModel } from '@/lib/ports/encoder';
import type { FrameJob, GrabFrame, OpenedClip, Video } from '@/lib/ports/media';
import type { Library } from '@/lib/ports/library';
import type { Decoder } from '@/lib/ports/media';
import { DEFAULT_BATCH_SIZE, type FrameFailure, type FrameRequest } from '@/lib/shared/frames';
import { runJob } from '@/lib/rpc/job-port';
import { transfer } from '@/lib/rpc/remote';
import { untilCancelled, Watchdog } from '@/lib/shared/async';
import { formatGaps } from '@/lib/shared/clip-gaps';
import { FramesiftError, isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { openVideoElement, type ElementFrames } from '@/lib/media/element-frames';
import { assertUnchanged, readingFailure } from '@/lib/shared/file-changed';
import { RateEstimator } from '@/lib/shared/rate-estimator';
import { gapsOfFailures } from './gaps-of-failures';
import type { IngestStatus } from './ingest-status';

export interface IngestJob {
  clipId: string;
  file: Blob;
  /** Every frame that the clip shall have, those stored already included. */
  requests: FrameRequest[];
  decoder: Decoder;
  model: LoadOptions;
  /** The clip has just been made: nobody needs to ask the library what is stored of it. */
  isNew?: boolean;
  /** Runs the model for frames, too, that look like the one before. */
  embedsEveryFrame?: boolean;
}

/** What reading a clip needs. */
export interface IngestServices {
  readonly database: Pick<Library, 'getClip' | 'updateClip' | 'storedFrameIndexes' | 'finishReembedding'>;
  readonly encoder: Pick<Encoder, 'limits' | 'load' | 'embedClip' | 'recover'>;
  readonly video: Pick<Video, 'prepareFramesOfPlayer'>;
  openClip(file: Blob): Pick<OpenedClip, 'prepareFrames'>;
}

/** A lost device or a decoder that the browser took back is survived; so many times in a row without one stored frame is final. */
const MAX_FRUITLESS_ATTEMPTS = 3;

/**
 * Reads a clip into the database from wherever an earlier run stopped: loads the model, decodes and
 * embeds the frames that have no embedding of this model version yet, and counts the rows in the end. Embeddings of
 * another model stay until all of the new ones are there, and the clip is as it was when that is given up.
 *
 * @returns the moments that gave no frame
 * @throws FramesiftError `cancelled`, or a sentence on what made it fail; what is stored stays
 */
export async function ingestClip(
  services: IngestServices,
  job: IngestJob,
  onStatus: (change: Partial<IngestStatus>) => void,
  signal: AbortSignal,
): Promise<FrameFailure[]> {
  const { clipId, requests } = job;
  const { database } = services;
  onStatus({ stage: 'loading-model', framesTotal: requests.length });
  let asDraft = false;
  try {
    const model = await loadModel(services, job.model, onStatus, signal);
    asDraft = !job.isNew && (await hasOtherEmbeddings(database, clipId, model.modelVersion));
    // The decoder need not wait for it; the library does first what it was told first.
    const marked = asDraft
      ? Promise.resolve(null)
      : database.updateClip(clipId, {
          ingestState: 'running',
          ingestError: null,
          modelVersion: model.modelVersion,
        });
    marked.catch(() => undefined);

    const startedMs = performance.now();
    const failures = await readInAttempts(services, { ...job, asDraft }, model, onStatus, startedMs, signal);
    await marked;
    onStatus({ elapsedMs: performance.now() - startedMs });
    // Moments without a picture may be moments that were overwritten.
    if (failures.length > 0) await assertUnchanged(job.file);
    const stored = await database.storedFrameIndexes(clipId, model.modelVersion);
    if (stored.length + failures.length < requests.length) {
      throw new FramesiftError(
        'write-incomplete',
        `Only ${stored.length} of ${requests.length} frames are in the database. Read the clip again to fill the gaps.`,
        { transient: true },
      );
    }
    const [firstFailure] = failures;
    if (stored.length === 0 && firstFailure) {
      throw new FramesiftError(
        'unreadable-video',
        `No frame of this clip could be read. ${firstFailure.reason}`,
      );
    }
    const durationMs = (await database.getClip(clipId))?.durationMs ?? 0;
    const gaps = formatGaps(gapsOfFailures(failures, requests, durationMs));
    if (asDraft) {
      await database.finishReembedding(clipId, model.modelVersion);
      await database.updateClip(clipId, { gaps });
    } else await database.updateClip(clipId, { ingestState: 'done', gaps });
    return failures;
  } catch (thrown) {
    const error = await readingFailure(thrown, job.file);
    // What a clip already had stays as it was.
    if (asDraft) throw error;
    await database
      .updateClip(
        clipId,
        isCancelled(error)
          ? { ingestState: 'cancelled' }
          : { ingestState: 'failed', ingestError: error.message },
      )
      // The clip may have been deleted meanwhile, and the first error is the one to tell.
      .catch(() => undefined);
    throw error;
  }
}

async function hasOtherEmbeddings(
  database: IngestServices['database'],
  clipId: string,
  modelVersion: string,
): Promise<boolean> {
  const clip = await database.getClip(clipId);
  return Object.keys(clip?.embeddingCounts ?? {}).some((version) => version !== modelVersion);
}

async function loadModel(
  services: IngestServices,
  options: LoadOptions,
  onStatus: (change: Partial<IngestStatus>) => void,
  signal: AbortSignal,
): Promise<LoadedModel> {
  const loading = services.encoder.load(options, (progress) => {
    if (progress.stage === 'download' && !signal.aborted) {
      onStatus({ download: { loadedBytes: progress.loadedBytes, totalBytes: progress.totalBytes } });
    }
  });
  // Questions wait for the model as well, so it is started to its end.
  return untilCancelled(loading, signal);
}

/** A job, once it is known whether the clip has embeddings of another model. */
type ReadingJob = IngestJob & { asDraft: boolean };

async function readInAttempts(
  services: IngestServices,
  job: ReadingJob,
  model: LoadedModel,
  onStatus: (change: Partial<IngestStatus>) => void,
  startedMs: number,
  signal: AbortSignal,
): Promise<FrameFailure[]> {
  let fruitlessAttempts = 0;
  let batchSize = DEFAULT_BATCH_SIZE;
  let lastStored = 0;
  for (let isFirst = true; ; isFirst = false) {
    const stored = new Set(
      isFirst && job.isNew ? [] : await services.database.storedFrameIndexes(job.clipId, model.modelVersion),
    );
    fruitlessAttempts = stored.size > lastStored ? 0 : fruitlessAttempts + 1;
    lastStored = stored.size;
    const remaining = job.requests.filter(({ frameIndex }) => !stored.has(frameIndex));
    onStatus({
      stage: 'reading',
      framesStored: stored.size,
      rate: null,
      elapsedMs: performance.now() - startedMs,
    });
    if (remaining.length === 0) return [];
    try {
      return await readOnce(
        services,
        { ...job, requests: remaining },
        batchSize,
        model,
        stored.size,
        onStatus,
        startedMs,
        signal,
      );
    } catch (thrown) {
      const error = toFramesiftError(thrown);
      // A provider that gives no usable embeddings any more may be another one in the next worker.
      const isCurable = error.transient || error.code === 'provider-failed';
      if (isCancelled(error) || !isCurable || fruitlessAttempts >= MAX_FRUITLESS_ATTEMPTS) throw error;
      if (error.code === 'out-of-memory') batchSize = Math.ceil(batchSize / 2);
      // Nothing less cures a lost device, a hung run or a full heap than new workers (see docs/decisions/004).
      services.encoder.recover(error);
      await loadModel(services, job.model, onStatus, signal);
    }
  }
}

async function readOnce(
  services: IngestServices,
  job: ReadingJob,
  batchSize: number,
  model: LoadedModel,
  alreadyStored: number,
  onStatus: (change: Partial<IngestStatus>) => void,
  startedMs: number,
  signal: AbortSignal,
): Promise<FrameFailure[]> {
  const { encoder } = services;
  const estimator = new RateEstimator();
  const total = alreadyStored + job.requests.length;
  const watchdog = new Watchdog(
    encoder.limits.batchMs,
    () =>
      new FramesiftError('worker-lost', 'Reading the clip has come to a standstill.', { transient: true }),
  );
  const ending = new AbortController();
  let element: ElementFrames | undefined;
  try {
    const { clipId, file, asDraft, requests, embedsEveryFrame = false } = job;
    const { resize } = model.config;
    if (job.decoder === 'element') element = await openVideoElement(file);
    const grab = element && grabFrom(element);
    const frameJob: FrameJob = { requests, resize, embedsEveryFrame, batchSize };
    estimator.add(performance.now(), alreadyStored);
    const onProgress = ({ framesStored, failures }: EmbedProgress) => {
      watchdog.feed();
      const stored = alreadyStored + framesStored;
      const nowMs = performance.now();
      estimator.add(nowMs, stored);
      onStatus({ framesStored: stored, rate: estimator.rate(total), failures, elapsedMs: nowMs - startedMs });
    };
    const reading = runJob(
      {
        produce: (port, ended) =>
          grab
            ? services.video.prepareFramesOfPlayer(frameJob, port, grab, ended)
            : services.openClip(file).prepareFrames(frameJob, port, ended),
        consume: (port, ended) =>
          encoder.embedClip(job.model, { clipId, batchSize, asDraft }, port, onProgress, ended),
      },
      AbortSignal.any([signal, ending.signal]),
    );
    const { failures } = await watchdog.race(reading);
    return failures;
  } finally {
    watchdog.stop();
    ending.abort();
    element?.close();
  }
}

/** The pictures of a player on this page, for the video worker. */
function grabFrom(element: ElementFrames): GrabFrame {
  return async (timestampMs) => {
    const grabbed = await element.grab(timestampMs);
    return transfer(grabbed, [grabbed.bitmap]);
  };
}
