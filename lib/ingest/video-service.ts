import * as Comlink from 'comlink';
import { resizeFrame, resizeFrameAndThumbnail } from '@/lib/clip/resize';
import { PictureNumbers } from '@/lib/clip/small-picture';
import { withTimeout } from '@/lib/shared/async';
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
  /** Gives each frame a picture of its own, however alike they are; see [Note: Pictures that did not change]. */
  embedsEveryFrame?: boolean;
} & ({ decoder: 'webcodecs'; file: Blob } | { decoder: 'element' });

/** A player on the page, called through Comlink.proxy; see lib/video/element-frames.ts. */
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

/** How many batches are prepared ahead of the one that is asked for. */
const BATCHES_AHEAD = 2;

/**
 * Clips in, small upright frames out. The worker exposes one instance to the page, and through
 * `connect` to the CLIP worker, which pulls frames without the page in between.
 */
export class VideoService {
  #job: PreparationJob | null = null;
  #jobCount = 0;
  /** Exports under way, by the id that their caller gave them. */
  readonly #tasks = new Map<string, AbortController>();

  /** Exposes this service on another thread's port as well. */
  connect(port: MessagePort): void {
    Comlink.expose(this, port);
  }

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
      return Comlink.transfer(best.preview, [best.preview.thumbnail.buffer]);
    } finally {
      clip.close();
    }
  }

  /**
   * Frames as picture files in the order asked for, upright and of the clip's full size unless `maxSide` says
   * otherwise; where one fails, null and the reason. A clip that is being read goes on meanwhile.
   *
   * @param timestampsMs in clip time, in any order; of stored frames what `aimAt` makes of them
   * @param taskId what `cancelTask` is called with
   * @param onPicture told how many are done; to be wrapped in Comlink.proxy
   * @throws FramesiftError `cancelled` after `cancelTask`
   */
  readPictures(
    file: Blob,
    timestampsMs: readonly number[],
    options: PictureOptions,
    taskId?: string,
    onPicture?: (done: number) => void,
  ): Promise<FramePicture[]> {
    return this.#runTask(taskId, (signal) =>
      readFramePictures(file, timestampsMs, options, signal, onPicture),
    );
  }

  /**
   * A new file with only these spans of a clip, see lib/video/cut-clip.ts. A clip that is being read goes on
   * meanwhile.
   */
  cutClip(
    file: Blob,
    spans: readonly TimeSpan[],
    taskId?: string,
    onProgress?: (share: number) => void,
  ): Promise<CutClip> {
    return this.#runTask(taskId, (signal) => cutClip(file, spans, signal, onProgress));
  }

  /** Ends `readPictures` or `cutClip` of this id, which is answered with `cancelled`. */
  cancelTask(taskId: string): void {
    this.#tasks.get(taskId)?.abort();
  }

  async #runTask<T>(
    taskId: string = crypto.randomUUID(),
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    this.#tasks.set(taskId, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#tasks.delete(taskId);
    }
  }

  /** A query picture as the model's input: RGB bytes, `size`² × 3. */
  async prepareImage(image: Blob, resize: ResizeSpec): Promise<Uint8Array<ArrayBuffer>> {
    const bitmap = await openImage(image);
    try {
      const pixels = resizeFrame(await new FramePixelReader().read(bitmap), resize);
      return Comlink.transfer(pixels, [pixels.buffer]);
    } finally {
      bitmap.close();
    }
  }

  /**
   * Starts a job, in place of the one before, which is closed.
   * @param grab needed where `job.decoder` is `element`; an argument of its own, since Comlink proxies
   *   arguments and not what is inside them
   * @returns the job's number, for `nextFrames`
   */
  async openFrames(job: FrameJob, grab?: GrabFrame): Promise<number> {
    this.closeFrames();
    this.#jobCount += 1;
    const jobId = this.#jobCount;
    const source = await openSource(job, grab);
    if (jobId !== this.#jobCount) {
      source.close();
      throw new FramesiftError('cancelled', 'Cancelled.');
    }
    this.#job = new PreparationJob(jobId, source, job.requests.length, job.embedsEveryFrame ?? false);
    return jobId;
  }

  /**
   * The next `count` frames, fewer when there are none left. Meanwhile further ones are prepared, so
   * that decoding overlaps whatever the caller does with these: up to two batches, and then it waits.
   *
   * An error ends the job once the frames before it have been delivered. A transient one is answered
   * by opening a new job with the requests that are left.
   * @param jobId throws `cancelled` when another job has taken its place
   */
  async nextFrames(count: number, jobId?: number): Promise<FrameBatch> {
    const job = this.#job;
    if (!job || (jobId !== undefined && jobId !== job.id)) {
      throw new FramesiftError('cancelled', 'No clip is being read.');
    }
    const batch = await job.take(count);
    const buffers = batch.frames.flatMap(({ pixels, thumbnail }) => [pixels.buffer, thumbnail.buffer]);
    return Comlink.transfer(batch, buffers);
  }

  /** Ends the job and frees its decoder. A pull that waits is answered with `cancelled`. */
  closeFrames(): void {
    this.#jobCount += 1;
    this.#job?.close();
    this.#job = null;
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

async function openSource(job: FrameJob, grab: GrabFrame | undefined): Promise<PictureSource> {
  const stopping = new AbortController();
  const { signal } = stopping;
  if (job.decoder === 'element') {
    if (!grab) throw new FramesiftError('internal', 'The player’s grab function is missing.');
    return {
      frames: grabFrames(job.requests, grab, signal),
      pixels: new FramePixelReader(),
      resize: job.resize,
      close: () => {
        if (signal.aborted) return;
        stopping.abort();
        // A Comlink proxy holds its port, and the page's side of it, until it is released.
        (grab as Partial<Comlink.ProxyMethods>)[Comlink.releaseProxy]?.();
      },
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
    close: () => {
      stopping.abort();
      clip.close();
    },
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
    if (signal.aborted) throw new FramesiftError('cancelled', 'Cancelled.');
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

/** Prepares a source's frames ahead of whoever takes them. */
class PreparationJob {
  readonly id: number;
  readonly #source: PictureSource;
  readonly #thumbnails = new ThumbnailWriter();
  #ready: (PreparedFrame | FrameFailure)[] = [];
  /** How many results may lie ready. Nothing is decoded before the first pull tells the batch size. */
  #room = 0;
  #left: number;
  #failure: FramesiftError | null = null;
  #isClosed = false;
  /** The picture that was prepared last. */
  #last: { span: PictureSpan | null; frame: PreparedPicture } | null = null;
  readonly #numbers: PictureNumbers;
  #wake: () => void = () => undefined;
  #changed = this.#nextChange();

  constructor(id: number, source: PictureSource, requestCount: number, embedsEveryFrame: boolean) {
    this.id = id;
    this.#source = source;
    this.#numbers = new PictureNumbers(source.resize, embedsEveryFrame);
    this.#left = requestCount;
    void this.#prepareAll();
  }

  async take(count: number): Promise<FrameBatch> {
    if (!(count >= 1)) throw new RangeError(`count must be at least 1, not ${count}.`);
    this.#room = count * BATCHES_AHEAD;
    this.#announce();
    while (this.#ready.length < Math.min(count, this.#left) && !this.#failure) await this.#changed;
    if (this.#ready.length === 0 && this.#failure) throw this.#failure;
    const taken = this.#ready.splice(0, count);
    this.#left -= taken.length;
    this.#announce();
    return {
      frames: taken.filter((one): one is PreparedFrame => 'pixels' in one),
      failures: taken.filter((one): one is FrameFailure => 'reason' in one),
      done: this.#left === 0,
    };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#ready = [];
    this.#fail(new FramesiftError('cancelled', 'Cancelled.'));
    this.#source.close();
  }

  async #prepareAll(): Promise<void> {
    const { frames } = this.#source;
    try {
      while (await this.#hasRoom()) {
        const step = await frames.next();
        if (step.done) break;
        const result = 'picture' in step.value ? await this.#prepare(step.value) : step.value;
        this.#ready.push(result);
        this.#announce();
      }
      if (this.#ready.length < this.#left) {
        throw new FramesiftError('internal', 'The decoder left out frames.', { transient: true });
      }
    } catch (error) {
      this.#fail(toFramesiftError(error, 'This clip could not be decoded.'));
    } finally {
      await frames.return();
      this.#source.close();
    }
  }

  #fail(error: FramesiftError): void {
    this.#failure ??= error;
    this.#announce();
  }

  /** Waits until another frame may be prepared. False once the job is closed. */
  async #hasRoom(): Promise<boolean> {
    while (this.#ready.length >= this.#room && !this.#isClosed) await this.#changed;
    return !this.#isClosed;
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

  #nextChange(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #announce(): void {
    const wake = this.#wake;
    this.#changed = this.#nextChange();
    wake();
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
