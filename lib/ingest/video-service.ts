import { resizeFrame, resizeFrameAndThumbnail } from '@/lib/clip/resize';
import { PictureNumbers } from '@/lib/clip/small-picture';
import { produceBatches } from '@/lib/rpc/job-port';
import { transfer } from '@/lib/rpc/remote';
import { throwIfCancelled, withTimeout } from '@/lib/shared/async';
import { isSamePicture, type PictureSpan } from '@/lib/shared/clip-clock';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { measureContrast, TELLING_CONTRAST } from '@/lib/video/contrast';
import type { FrameBatch, FrameFailure, FrameRequest, PreparedFrame, ResizeSpec } from '@/lib/shared/frames';
import { clipOfAnimation } from '@/lib/video/animation-clip';
import type { ClipFacts } from '@/lib/video/clip-facts';
import { cutClip, type CutClip } from '@/lib/video/cut-clip';
import type { GrabbedFrame } from '@/lib/video/element-frames';
import { FramePixelReader } from '@/lib/video/frame-pixels';
import {
  openSample,
  readFramePictures,
  type FramePicture,
  type PictureOptions,
} from '@/lib/video/frame-pictures';
import { inspectClip, openClip } from '@/lib/video/open-clip';
import { tellPictureKind } from '@/lib/video/picture-kind';
import { thumbnailSize, ThumbnailWriter, uprightSize, type FrameOrientation } from '@/lib/video/thumbnail';
import type { TimeSpan } from '@/lib/video/time-spans';
import { decodeFrames } from '@/lib/video/webcodecs-frames';

/** Frames to decode and prepare. Timestamps rise; a job that goes on after an interruption brings what is left. */
export type FrameJob = {
  requests: FrameRequest[];
  resize: ResizeSpec;
  /** Frames in a batch. */
  batchSize: number;
  /** Gives each frame a picture of its own, however alike they are; see [Note: Pictures that did not change]. */
  embedsEveryFrame?: boolean;
} & ({ decoder: 'webcodecs'; file: Blob } | { decoder: 'element' });

/** A player on the page; see lib/video/element-frames.ts. */
export type GrabFrame = (timestampMs: number) => Promise<GrabbedFrame>;

/** A clip's picture on its card. */
export interface ClipPreview {
  thumbnail: Uint8Array<ArrayBuffer>;
  timestampMs: number;
  /** Upright size of the frame in the clip. */
  width: number;
  height: number;
}

/** A little into the clip, past black frames and titles. */
const PREVIEW_POSITIONS = [0.1, 0.25, 0.5];

/** A page in the background answers late, a closed one never. */
const GRAB_TIMEOUT_MS = 60_000;

/** Longer than a batch may take to be embedded (`CLIP_MODEL_LIMITS.batchMs`): nobody will take the next one. */
const CREDIT_TIMEOUT_MS = 300_000;

/** Clips in, small upright frames out. The worker serves one instance to the page. */
export class VideoService {
  /** What a clip is. Throws FramesiftError `unsupported-video` or `unreadable-video` with a sentence. */
  inspect(file: Blob): Promise<ClipFacts> {
    return inspectClip(file);
  }

  /** An animated picture as a clip, see [Note: Animations become clips] in lib/video/animation-clip.ts. */
  clipOfAnimation(file: Blob, mediaType: string, name: string): Promise<Blob> {
    return clipOfAnimation(file, mediaType, name);
  }

  /**
   * One thumbnail, of `timestampMs`; without it the first of a few moments that shows more than black, white or a fade.
   */
  async preview(file: Blob, timestampMs?: number): Promise<ClipPreview> {
    const clip = await openClip(file);
    try {
      const moments =
        timestampMs === undefined
          ? PREVIEW_POSITIONS.map((position) => clip.facts.durationMs * position)
          : [timestampMs];
      const requests = moments.map((moment, frameIndex) => ({ frameIndex, timestampMs: moment }));
      let best: { preview: ClipPreview; contrast: number } | undefined;
      let reason = 'The decoder gave no answer for the preview.';
      for await (const decoded of decodeFrames(clip, requests)) {
        if (!decoded.sample) {
          reason = decoded.reason;
          continue;
        }
        const { frame, orientation } = openSample(decoded.sample);
        try {
          const contrast = measureContrast(frame);
          if (best && contrast <= best.contrast) continue;
          const thumbnail = await new ThumbnailWriter().write(frame, orientation);
          const preview = { thumbnail, timestampMs: decoded.timestampMs, ...uprightSize(orientation) };
          best = { preview, contrast };
          if (contrast >= TELLING_CONTRAST) break;
        } finally {
          frame.close();
        }
      }
      if (!best) throw new FramesiftError('unreadable-video', reason);
      return transfer(best.preview, [best.preview.thumbnail.buffer]);
    } finally {
      clip.close();
    }
  }

  /**
   * Frames as picture files in the order asked for, upright and of the clip's full size unless `maxSide` says
   * otherwise; where one fails, null and the reason. A clip that is being read goes on meanwhile.
   *
   * @param timestampsMs in clip time, in any order; of stored frames what `aimAt` makes of them
   * @param onPicture told how many are done
   * @throws FramesiftError `cancelled` once the signal is aborted
   */
  readPictures(
    file: Blob,
    timestampsMs: readonly number[],
    options: PictureOptions,
    signal?: AbortSignal,
    onPicture?: (done: number) => void,
  ): Promise<FramePicture[]> {
    return readFramePictures(file, timestampsMs, options, signal, onPicture);
  }

  /**
   * A new file with only these spans of a clip, see lib/video/cut-clip.ts. A clip that is being read goes on
   * meanwhile.
   *
   * @throws FramesiftError `cancelled` once the signal is aborted
   */
  cutClip(
    file: Blob,
    spans: readonly TimeSpan[],
    signal?: AbortSignal,
    onProgress?: (share: number) => void,
  ): Promise<CutClip> {
    return cutClip(file, spans, signal, onProgress);
  }

  /** A query picture as the model's input: RGB bytes, `size`² × 3. */
  async prepareImage(image: Blob, resize: ResizeSpec): Promise<Uint8Array<ArrayBuffer>> {
    const bitmap = await openImage(image);
    try {
      const pixels = resizeFrame(await new FramePixelReader().read(bitmap), resize);
      return transfer(pixels, [pixels.buffer]);
    } finally {
      bitmap.close();
    }
  }

  /**
   * Decodes and prepares frames and sends them over `port` in batches; see [Note: A job is one port] in
   * lib/rpc/job-port.ts. Any number of jobs at once. Settles when the job is over; its consumer is told of errors, once
   * the frames before them have been sent. A transient one is answered by a new job with the requests that are left.
   *
   * @param grab needed where `job.decoder` is `element`
   */
  prepareFrames(job: FrameJob, port: MessagePort, signal?: AbortSignal, grab?: GrabFrame): Promise<void> {
    return produceBatches<FrameBatch>(port, (ended) => preparedBatches(job, grab, ended), {
      signal,
      creditMs: CREDIT_TIMEOUT_MS,
      consumer: 'The model',
      transfersOf: ({ frames }) =>
        frames.flatMap(({ pixels, thumbnail }) => [pixels.buffer, thumbnail.buffer]),
    });
  }
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

interface PictureSource {
  frames: AsyncGenerator<SourceFrame | FrameFailure, void, undefined>;
  pixels: FramePixelReader;
  resize: ResizeSpec;
  close: () => void;
}

async function openSource(
  job: FrameJob,
  grab: GrabFrame | undefined,
  signal: AbortSignal,
): Promise<PictureSource> {
  if (job.decoder === 'element') {
    if (!grab) throw new FramesiftError('internal', 'The player’s grab function is missing.');
    return {
      frames: grabFrames(job.requests, grab, signal),
      pixels: new FramePixelReader(),
      resize: job.resize,
      close: () => undefined,
    };
  }
  const clip = await openClip(job.file);
  if (!clip.facts.decodable) {
    clip.close();
    throw new FramesiftError(
      'unsupported-video',
      clip.facts.problem ?? 'This browser cannot decode this clip.',
    );
  }
  return {
    frames: decodedPictures(decodeFrames(clip, job.requests, signal)),
    pixels: new FramePixelReader(clip.colourCoding),
    resize: job.resize,
    close: clip.close,
  };
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
type PreparedPicture = Pick<PreparedFrame, 'width' | 'height' | 'pixels' | 'thumbnail' | 'picture'>;

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A job's frames in batches. What made the decoder fail is thrown once the frames before it have been given. */
async function* preparedBatches(
  job: FrameJob,
  grab: GrabFrame | undefined,
  signal: AbortSignal,
): AsyncGenerator<FrameBatch, void, undefined> {
  const source = await openSource(job, grab, signal);
  try {
    const preparer = new FramePreparer(source, job.embedsEveryFrame ?? false);
    let batch: FrameBatch = { frames: [], failures: [] };
    let prepared = 0;
    let failure: FramesiftError | undefined;
    try {
      for await (const step of source.frames) {
        if ('picture' in step) await preparer.prepareInto(batch, step);
        else batch.failures.push(step);
        prepared += 1;
        throwIfCancelled(signal);
        if (batch.frames.length + batch.failures.length < job.batchSize) continue;
        yield batch;
        batch = { frames: [], failures: [] };
      }
      if (prepared < job.requests.length) {
        throw new FramesiftError('internal', 'The decoder left out frames.', { transient: true });
      }
    } catch (error) {
      failure = toFramesiftError(error, 'This clip could not be decoded.');
    }
    if (batch.frames.length + batch.failures.length > 0) yield batch;
    if (failure) throw failure;
  } finally {
    source.close();
  }
}

/** Makes what a model gets of a source's pictures. */
class FramePreparer {
  readonly #source: PictureSource;
  readonly #thumbnails = new ThumbnailWriter();
  /** The picture that was prepared last. */
  #last: { span: PictureSpan | null; frame: PreparedPicture } | null = null;
  readonly #numbers: PictureNumbers;

  constructor(source: PictureSource, embedsEveryFrame: boolean) {
    this.#source = source;
    this.#numbers = new PictureNumbers(source.resize, embedsEveryFrame);
  }

  /** Adds a frame to a batch, or why there is none. */
  async prepareInto({ frames, failures }: FrameBatch, picture: SourceFrame): Promise<void> {
    const result = await this.#prepare(picture);
    if ('pixels' in result) frames.push(result);
    else failures.push(result);
  }

  /** One frame that cannot be prepared does not sink the others. A picture that stands is converted once. */
  async #prepare({
    request: { frameIndex, timestampMs: askedMs },
    timestampMs,
    span,
    picture: shown,
    orientation,
  }: SourceFrame): Promise<PreparedFrame | FrameFailure> {
    try {
      const times = { frameIndex, timestampMs, span: span ?? null };
      const { pixels: reader, resize } = this.#source;
      if (span && isSamePicture(span, this.#last?.span ?? null)) return { ...times, ...this.#copyOfLast() };
      const stored = await reader.read(shown);
      const size = uprightSize(orientation);
      const small = thumbnailSize(size.width, size.height);
      const { rotationDegrees } = orientation;
      const resized = resizeFrameAndThumbnail(stored, resize, small, rotationDegrees, orientation);
      const { pixels } = resized;
      const last = this.#last?.frame;
      const hasSameSize = last?.width === size.width && last.height === size.height;
      if (last && hasSameSize && areEqual(pixels, last.pixels)) {
        this.#last = { span: span ?? null, frame: last };
        return { ...times, ...this.#copyOfLast() };
      }
      const thumbnail = resized.thumbnail
        ? await this.#thumbnails.writePixels(resized.thumbnail, small.width, small.height)
        : await this.#thumbnails.write(shown, orientation);
      const picture = this.#numbers.numberOf(pixels, hasSameSize);
      const frame = { ...size, pixels, thumbnail, picture };
      this.#last = { span: span ?? null, frame };
      return { ...times, ...this.#copyOfLast() };
    } catch (error) {
      const reason = toFramesiftError(error, 'The picture could not be read.').message;
      return { frameIndex, timestampMs: askedMs, reason };
    } finally {
      shown.close();
    }
  }

  /** What is handed out goes to another thread, with its bytes. */
  #copyOfLast(): PreparedPicture {
    const { pixels, thumbnail, ...rest } = this.#last!.frame;
    return { ...rest, pixels: pixels.slice(), thumbnail: thumbnail.slice() };
  }
}

/**
 * A query picture is converted and resized on this thread, 25 ms a megapixel; the browser scales one that is larger
 * down beside it. No phone's picture is touched.
 */
const MOST_IMAGE_PIXELS = 12_500_000;

/** Decodes a picture upright; a very large one is scaled down on the way. */
async function openImage(image: Blob): Promise<ImageBitmap> {
  const told = await tellPictureKind(image);
  if (told?.kind === 'animation') {
    throw new FramesiftError(
      'bad-input',
      `This is an animation (${told.name}), not one picture. Drop it on the page outside of a question to read it as a clip, or search with one of its pictures saved as PNG.`,
    );
  }
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(image, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new FramesiftError(
      'bad-input',
      told?.kind === 'picture'
        ? `This picture (${told.name}) cannot be read by this browser. Use a JPEG, PNG or WebP file.`
        : 'This file is no picture that this browser can read. Use a JPEG, PNG or WebP file.',
      { cause: error },
    );
  }
  const excess = Math.sqrt((bitmap.width * bitmap.height) / MOST_IMAGE_PIXELS);
  if (excess <= 1) return bitmap;
  try {
    const resizeWidth = Math.floor(bitmap.width / excess);
    return await createImageBitmap(bitmap, { resizeWidth, resizeQuality: 'high' });
  } finally {
    bitmap.close();
  }
}
