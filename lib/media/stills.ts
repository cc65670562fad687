import type { Still, StillOptions } from '@/lib/ports/media';
import type { VideoSample } from 'mediabunny';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import type { OpenClip } from './opened-clip';
import { drawUpright, fitSize, uprightSize, type FrameOrientation } from './thumbnail';
import { decodeFrames } from './webcodecs-frames';

/**
 * Decodes the frames on screen at `timestampsMs`, with a decoder of its own, in that order.
 *
 * @param timestampsMs in clip time; of a stored frame what `aimAt` makes of it
 * @param onStill is told how many are done
 * @throws FramesiftError `cancelled` once the signal is aborted, or what keeps the clip from being read at all
 */
export async function readStills(
  clip: OpenClip,
  timestampsMs: readonly number[],
  options: StillOptions,
  signal?: AbortSignal,
  onStill: (done: number) => void = () => undefined,
): Promise<Still[]> {
  const requests = timestampsMs
    .map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }))
    .sort((a, b) => a.timestampMs - b.timestampMs);
  const stills = new Array<Still>(timestampsMs.length);
  const writer = new StillWriter(options);
  let done = 0;
  for await (const decoded of decodeFrames(clip, requests, signal)) {
    const position = decoded.request.frameIndex;
    const timestampMs = timestampsMs[position]!;
    stills[position] = decoded.sample
      ? await writer.write(decoded.sample, decoded.timestampMs)
      : { blob: null, reason: decoded.reason, timestampMs };
    done += 1;
    onStill(done);
  }
  return stills;
}

/** Moves a sample's picture into a VideoFrame, closing the sample. */
export function openSample(sample: VideoSample): { frame: VideoFrame; orientation: FrameOrientation } {
  try {
    const orientation: FrameOrientation = {
      rotationDegrees: sample.rotation,
      flip: sample.flip,
      displayWidth: sample.squarePixelWidth,
      displayHeight: sample.squarePixelHeight,
    };
    return { frame: sample.toVideoFrame(), orientation };
  } finally {
    sample.close();
  }
}

/** Writes stills on one canvas that is reused while their size stays. */
class StillWriter {
  readonly #options: StillOptions;
  #context: OffscreenCanvasRenderingContext2D | null = null;

  constructor(options: StillOptions) {
    this.#options = options;
  }

  /** One frame that cannot be written does not sink the others. */
  async write(sample: VideoSample, timestampMs: number): Promise<Still> {
    let frame: VideoFrame | null = null;
    try {
      const opened = openSample(sample);
      frame = opened.frame;
      const upright = uprightSize(opened.orientation);
      const { type, quality, maxSide } = this.#options;
      const { width, height } = fitSize(upright.width, upright.height, maxSide ?? Infinity);
      const context = this.#contextOf(width, height);
      drawUpright(context, frame, opened.orientation);
      const blob = await context.canvas.convertToBlob({ type, quality });
      if (blob.type !== type) throw new Error(`this browser cannot write ${type}`);
      return { blob, width, height, timestampMs };
    } catch (error) {
      const { message: reason } = toFramesiftError(error, 'The picture could not be written.');
      return { blob: null, reason, timestampMs };
    } finally {
      frame?.close();
    }
  }

  #contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
    const current = this.#context;
    if (current?.canvas.width === width && current.canvas.height === height) return current;
    const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
    if (!context) throw new FramesiftError('internal', 'This browser has no 2D canvas in workers.');
    this.#context = context;
    return context;
  }
}
