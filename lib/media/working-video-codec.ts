import {
  canEncodeVideo,
  MkvOutputFormat,
  NullTarget,
  Output,
  VideoSample,
  VideoSampleSource,
  type Quality,
  type VideoCodec,
} from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';

/** What is to be encoded, in pixels. */
export interface EncodingOptions {
  width: number;
  height: number;
  quality: Quality;
}

/** An encoder that has not written one picture by then has stalled. */
const TRIAL_TIMEOUT_MS = 10_000;

/**
 * The first codec in which this browser really writes video, or null. What a browser says of its encoders is not enough:
 * Firefox on Linux says yes to H.264 and refuses the first picture where the system has no encoder of it.
 *
 * @param encode tries one picture; throws where that does not work
 */
export async function firstWorkingVideoCodec(
  codecs: readonly VideoCodec[],
  options: EncodingOptions,
  encode: (codec: VideoCodec, options: EncodingOptions) => Promise<void> = encodeOnePicture,
): Promise<VideoCodec | null> {
  for (const codec of codecs) {
    try {
      if (!(await canEncodeVideo(codec, options))) continue;
      await withTimeout(encode(codec, options), TRIAL_TIMEOUT_MS, 'The encoder');
      return codec;
    } catch {
      // The next may do.
    }
  }
  return null;
}

async function encodeOnePicture(
  codec: VideoCodec,
  { width, height, quality }: EncodingOptions,
): Promise<void> {
  const canvas = new OffscreenCanvas(width, height);
  // A canvas without a context has no picture to give.
  canvas.getContext('2d');
  const output = new Output({ format: new MkvOutputFormat(), target: new NullTarget() });
  const video = new VideoSampleSource({ codec, quality });
  output.addVideoTrack(video);
  try {
    await output.start();
    const sample = new VideoSample(canvas, { timestamp: 0, duration: 0.1 });
    try {
      await video.add(sample);
    } finally {
      sample.close();
    }
    video.close();
    await output.finalize();
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw error;
  }
}
