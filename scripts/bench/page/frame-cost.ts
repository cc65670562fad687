/** Runs in the page that scripts/bench/preprocess.ts opens: what it costs to make a model's input of a frame. */
import { ALL_FORMATS, BlobSource, Input, VideoSampleSink } from 'mediabunny';
import { resizeFrame, resizeFrameAndThumbnail } from '@/lib/pixels/resize';
import type { ResizeSpec } from '@/lib/shared/frames';
import { packedRows } from '@/lib/pixels/pixel-rows';
import { chooseColourCoding } from '@/lib/pixels/colour';
import { FramePixelReader } from '@/lib/media/frame-pixels';
import { thumbnailSize } from '@/lib/media/thumbnail';

/** Milliseconds a frame. */
export interface Cost {
  median: number;
  minimum: number;
}

export interface FrameCosts {
  format: string | null;
  /** Planes, converted and resized by this project: what the page does for the model's input. */
  planes: Cost;
  /** The same with a thumbnail beside it. */
  withThumbnail: Cost;
  /** The same as `planes` by the plain code, without vector instructions. */
  plain: Cost;
  /** The part of it that is copying the planes. */
  copy: Cost;
  /** `drawImage` onto a canvas of the model's size and `getImageData`: the short way, with the browser's resampling. */
  drawSmall: Cost;
  /** `drawImage` onto a canvas of a thumbnail's size. */
  drawThumbnail: Cost;
  /** The same onto a canvas of the frame's size, then this project's resize. */
  drawWhole: Cost;
  /** `copyTo` as RGBA, converted by the browser, then this project's resize. */
  copyRgba: Cost;
}

const WARM_UP_ROUNDS = 3;

function contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('This browser has no 2D canvas.');
  return context;
}

function costOf(times: readonly number[]): Cost {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, minimum: sorted[0]! };
}

/** Measures every way on each of a clip's first frames, one way after another so that all meet the same disturbances. */
async function measure(file: Blob, frameCount: number, resize: ResizeSpec): Promise<FrameCosts> {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw new Error('The file has no picture track.');
  const [width, height] = [await track.getCodedWidth(), await track.getCodedHeight()];
  const coding = chooseColourCoding(await track.getColorSpace(), await track.getCodec(), width, height);
  const reader = new FramePixelReader(coding);
  // A reader prepares itself for what is made of its frames, so each way has its own.
  const readerForBoth = new FramePixelReader(coding);
  const plainReader = new FramePixelReader(coding, null);
  const thumbnailOf = thumbnailSize(width, height);
  const size = resize.views?.size ?? resize.size;
  const small = contextOf(size, size);
  const whole = contextOf(width, height);
  const thumbnail = contextOf(thumbnailOf.width, thumbnailOf.height);
  const rgba = new Uint8Array(width * height * 4);
  let planes = new Uint8Array(0);

  const ways: Record<keyof Omit<FrameCosts, 'format'>, (frame: VideoFrame) => unknown> = {
    planes: async (frame) => resizeFrame(await reader.read(frame), resize),
    withThumbnail: async (frame) =>
      resizeFrameAndThumbnail(await readerForBoth.read(frame), resize, thumbnailOf),
    plain: async (frame) => resizeFrame(await plainReader.read(frame), resize),
    copy: async (frame) => {
      if (planes.length < frame.allocationSize()) planes = new Uint8Array(frame.allocationSize());
      await frame.copyTo(planes);
    },
    drawSmall: (frame) => {
      small.drawImage(frame, 0, 0, size, size);
      return small.getImageData(0, 0, size, size);
    },
    drawThumbnail: (frame) => {
      thumbnail.imageSmoothingQuality = 'high';
      thumbnail.drawImage(frame, 0, 0, thumbnailOf.width, thumbnailOf.height);
      // Drawing waits until somebody reads.
      return thumbnail.getImageData(0, 0, 1, 1);
    },
    drawWhole: (frame) => {
      whole.drawImage(frame, 0, 0, width, height);
      return resizeFrame(packedRows(whole.getImageData(0, 0, width, height).data, width, height), resize);
    },
    copyRgba: async (frame) => {
      await frame.copyTo(rgba, { format: 'RGBA', colorSpace: 'srgb' });
      return resizeFrame(packedRows(rgba, width, height), resize);
    },
  };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    (typeof names)[number],
    number[]
  >;
  let format: string | null = null;
  let round = 0;
  for await (const sample of new VideoSampleSink(track).samples()) {
    const frame = sample.toVideoFrame();
    sample.close();
    try {
      format = frame.format;
      for (const name of names) {
        const startedMs = performance.now();
        await ways[name](frame);
        if (round >= WARM_UP_ROUNDS) times[name].push(performance.now() - startedMs);
      }
    } finally {
      frame.close();
    }
    round += 1;
    if (round === WARM_UP_ROUNDS + frameCount) break;
  }
  input.dispose();
  const costs = Object.fromEntries(names.map((name) => [name, costOf(times[name])]));
  return { format, ...(costs as Omit<FrameCosts, 'format'>) };
}

const frameCost = { measure };

export type FrameCostPage = typeof frameCost;

Object.assign(globalThis, { frameCost });
