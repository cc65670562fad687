import type { FrameJob, GrabFrame, GrabbedFrame } from '@/lib/ports/media';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { resizeFrameAndThumbnail } from '@/lib/pixels/resize';
import { PictureNumbers } from '@/lib/pixels/small-picture';
import { produceBatches } from '@/lib/rpc/job-port';
import { throwIfCancelled, withTimeout } from '@/lib/shared/async';
import { isSamePicture, type PictureSpan } from '@/lib/shared/clip-clock';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import type { FrameBatch, FrameFailure, FrameRequest, PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import { batchSizes } from './batch-sizes';
import { measureBrowserColours } from './browser-colours';
import { FramePixelReader } from './frame-pixels';
import { openSample } from './stills';
import type { OpenClip } from './opened-clip';
import { thumbnailSize, ThumbnailWriter, uprightSize, type FrameOrientation } from './thumbnail';
import { decodeFrames } from './webcodecs-frames';

/** A page in the background answers late, a closed one never. */
const GRAB_TIMEOUT_MS = 60_000;

/** Longer than a batch may take to be embedded (`ENCODER_LIMITS.batchMs`): nobody will take the next one. */
const CREDIT_TIMEOUT_MS = 300_000;

/** Sends batches over the port of a job, see [Note: A job is one port] in lib/rpc/job-port.ts. */
export function sendFrames(
  port: MessagePort,
  signal: AbortSignal | undefined,
  batches: (ended: AbortSignal) => AsyncGenerator<FrameBatch, void, undefined>,
): Promise<void> {
  return produceBatches(port, batches, {
    signal,
    creditMs: CREDIT_TIMEOUT_MS,
    consumer: 'The model',
    transfersOf: ({ frames }) => frames.flatMap(({ pixels, thumbnail }) => [pixels.buffer, thumbnail.buffer]),
  });
}

/** A stored picture and how it is shown; `picture` is closed by whoever takes it from the source. */
interface SourceFrame {
  request: FrameRequest;
  timestampMs: number;
  /** How long the picture is on screen; left out where nobody knows. */
  span?: PictureSpan;
  picture: VideoFrame | ImageBitmap;
  orientation: FrameOrientation;
}

/** Where a job's pictures come from. */
interface PictureSource {
  frames: AsyncGenerator<SourceFrame | FrameFailure, void, undefined>;
  pixels: FramePixelReader;
}

export function picturesOfClip(clip: OpenClip, { requests }: FrameJob, signal: AbortSignal): PictureSource {
  const { colourCoding, writtenColours } = clip;
  const measureColours = writtenColours && (() => measureBrowserColours(writtenColours));
  return {
    frames: decodedPictures(decodeFrames(clip, requests, signal)),
    pixels: new FramePixelReader(colourCoding, PixelKernel.create(), measureColours),
  };
}

export function picturesOfPlayer(
  grab: GrabFrame,
  { requests }: FrameJob,
  signal: AbortSignal,
): PictureSource {
  return { frames: grabFrames(requests, grab, signal), pixels: new FramePixelReader() };
}

async function* decodedPictures(decoded: ReturnType<typeof decodeFrames>): PictureSource['frames'] {
  for await (const one of decoded) {
    if (one.sample) {
      const { frame, orientation } = openSample(one.sample);
      const { request, timestampMs, span } = one;
      yield { request, timestampMs, span, picture: frame, orientation };
    } else {
      yield { ...one.request, reason: one.reason, span: one.span };
    }
  }
}

async function* grabFrames(
  requests: FrameRequest[],
  grab: GrabFrame,
  signal: AbortSignal,
): PictureSource['frames'] {
  for (const request of requests) {
    throwIfCancelled(signal);
    let grabbed: GrabbedFrame;
    try {
      grabbed = await withTimeout(grab(request.timestampMs), GRAB_TIMEOUT_MS, 'The player');
    } catch (error) {
      const failure = toFramesiftError(error, 'The player gave no picture.');
      // A tab in the background or a player that hangs; anything else is this frame's own.
      if (failure.transient) throw failure;
      yield { ...request, reason: failure.message };
      continue;
    }
    const { bitmap, timestampMs } = grabbed;
    // A player's pictures are upright and square.
    const orientation = {
      rotationDegrees: 0,
      flip: false,
      displayWidth: bitmap.width,
      displayHeight: bitmap.height,
    } as const;
    yield { request, timestampMs, picture: bitmap, orientation };
  }
}

/** What of a prepared frame is its picture's, at whatever moment. */
type PreparedPicture = Pick<PreparedFrame, 'width' | 'height' | 'pixels' | 'picture'> & {
  /** Is being encoded beside this thread. */
  thumbnail: Promise<Uint8Array<ArrayBuffer>>;
};

/** A frame whose thumbnail may still be on its way, and the moment that was asked for. */
type FrameUnderWay = Omit<PreparedFrame, 'thumbnail'> &
  Pick<PreparedPicture, 'thumbnail'> & { askedMs: number };

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A job's frames in batches, small ones first. What made the decoder fail is thrown once the frames before it have been given. */
export async function* preparedBatches(
  source: PictureSource,
  job: FrameJob,
  signal: AbortSignal,
): AsyncGenerator<FrameBatch, void, undefined> {
  const preparer = new FramePreparer(source, job);
  let batch: (FrameUnderWay | FrameFailure)[] = [];
  const sizes = batchSizes(job.batchSize);
  let size = sizes.next().value;
  let prepared = 0;
  let failure: FramesiftError | undefined;
  try {
    for await (const step of source.frames) {
      batch.push('picture' in step ? await preparer.prepare(step) : step);
      prepared += 1;
      throwIfCancelled(signal);
      if (batch.length < size) continue;
      yield await finished(batch);
      size = sizes.next().value;
      batch = [];
    }
    if (prepared < job.requests.length) {
      throw new FramesiftError('internal', 'The decoder left out frames.', { transient: true });
    }
  } catch (error) {
    failure = toFramesiftError(error, 'This clip could not be decoded.');
  }
  if (batch.length > 0) yield await finished(batch);
  if (failure) throw failure;
}

/** A batch once its thumbnails are there. */
async function finished(batch: readonly (FrameUnderWay | FrameFailure)[]): Promise<FrameBatch> {
  const frames: PreparedFrame[] = [];
  const failures: FrameFailure[] = [];
  for (const one of batch) {
    if ('reason' in one) {
      failures.push(one);
      continue;
    }
    const { askedMs, thumbnail, ...frame } = one;
    try {
      // What is handed out goes to another thread, with its bytes; frames of one picture share its thumbnail here.
      frames.push({ ...frame, thumbnail: (await thumbnail).slice() });
    } catch (error) {
      failures.push(failureOf(frame.frameIndex, askedMs, error));
    }
  }
  return { frames, failures };
}

/** One frame that cannot be prepared does not sink the others. */
function failureOf(frameIndex: number, timestampMs: number, error: unknown): FrameFailure {
  return {
    frameIndex,
    timestampMs,
    reason: toFramesiftError(error, 'The picture could not be read.').message,
  };
}

/** Makes what a model gets of a source's pictures. */
class FramePreparer {
  readonly #pixels: FramePixelReader;
  readonly #resize: ResizeSpec;
  readonly #thumbnails = new ThumbnailWriter();
  /** The picture that was prepared last. */
  #last: { span: PictureSpan | null; frame: PreparedPicture } | null = null;
  readonly #numbers: PictureNumbers;

  constructor({ pixels }: PictureSource, { resize, embedsEveryFrame = false }: FrameJob) {
    this.#pixels = pixels;
    this.#resize = resize;
    this.#numbers = new PictureNumbers(resize, embedsEveryFrame);
  }

  /** A frame, or why there is none. A picture that stands is converted once. */
  async prepare({
    request: { frameIndex, timestampMs: askedMs },
    timestampMs,
    span,
    picture: shown,
    orientation,
  }: SourceFrame): Promise<FrameUnderWay | FrameFailure> {
    try {
      const times = { frameIndex, timestampMs, span: span ?? null, askedMs };
      if (span && isSamePicture(span, this.#last?.span ?? null)) return { ...times, ...this.#copyOfLast() };
      const stored = await this.#pixels.read(shown);
      const size = uprightSize(orientation);
      const small = thumbnailSize(size.width, size.height);
      const { rotationDegrees } = orientation;
      const resized = resizeFrameAndThumbnail(stored, this.#resize, small, rotationDegrees, orientation);
      const { pixels } = resized;
      const last = this.#last?.frame;
      const hasSameSize = last?.width === size.width && last.height === size.height;
      if (last && hasSameSize && areEqual(pixels, last.pixels)) {
        this.#last = { span: span ?? null, frame: last };
        return { ...times, ...this.#copyOfLast() };
      }
      const thumbnail = resized.thumbnail
        ? this.#thumbnails.writePixels(resized.thumbnail, small.width, small.height)
        : this.#thumbnails.write(shown, orientation);
      // Whoever finishes the batch hears of it; the same picture may be tried again.
      thumbnail.catch(() => {
        if (this.#last?.frame.thumbnail === thumbnail) this.#last = null;
      });
      const picture = this.#numbers.numberOf(pixels, hasSameSize);
      const frame = { ...size, pixels, thumbnail, picture };
      this.#last = { span: span ?? null, frame };
      return { ...times, ...this.#copyOfLast() };
    } catch (error) {
      return failureOf(frameIndex, askedMs, error);
    } finally {
      shown.close();
    }
  }

  /** What is handed out goes to another thread, with its bytes. */
  #copyOfLast(): PreparedPicture {
    const { pixels, ...rest } = this.#last!.frame;
    return { ...rest, pixels: pixels.slice() };
  }
}
