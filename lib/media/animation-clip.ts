import { BufferTarget, Mp4OutputFormat, Output, Quality, VideoSample, VideoSampleSource } from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { MAX_FRAMES_PER_CLIP } from './choose-timestamps';
import { firstWorkingVideoCodec } from './working-video-codec';

/**
 * [Note: Animations become clips]
 *
 * An animated GIF, WebP or PNG is written anew as an MP4 when it is opened: players do not play animations, and the
 * MP4 is a clip for everything that comes after (reading, player, stills, cuts). Each picture keeps its time; clear
 * parts lie over black, as everywhere here.
 */

/** One picture of 8K. */
const MAX_PICTURE_PIXELS = 40_000_000;

/** Of the MP4 in memory and of the time it takes to make: an hour of a small GIF, minutes of a large one. */
const MAX_TOTAL_PIXELS = 8_000_000_000;

/** A decoder or encoder that gives nothing for so long has stalled. */
const STALL_TIMEOUT_MS = 30_000;

/** Animations are flat areas and sharp edges; what is lost is seen. */
const QUALITY = new Quality('very-high');

/** Browsers show pictures whose duration is 10 ms or less for this long. */
const DEFAULT_DURATION_US = 100_000;
const SHORTEST_DURATION_US = 10_000;

/**
 * An animation as a clip.
 *
 * @param name of its format, for sentences: "GIF"
 * @throws FramesiftError `unsupported-video` where this browser cannot take it apart, `unreadable-video` where it is damaged
 */
export async function clipOfAnimation(file: Blob, mediaType: string, name: string): Promise<Blob> {
  const isKnown = typeof ImageDecoder !== 'undefined' && (await ImageDecoder.isTypeSupported(mediaType));
  if (!isKnown || typeof VideoEncoder === 'undefined') {
    throw new FramesiftError(
      'unsupported-video',
      `This is an animation (${name}), which this browser cannot take apart. Convert it to MP4 (H.264), for example with HandBrake, or search with one of its pictures saved as PNG.`,
    );
  }
  const decoder = new ImageDecoder({ data: file.stream(), type: mediaType });
  try {
    return await write(decoder, name);
  } catch (error) {
    if (error instanceof FramesiftError) throw error;
    throw new FramesiftError(
      'unreadable-video',
      `This animation (${name}) is damaged or cut off. Fetch the whole file and try again.`,
      { cause: toFramesiftError(error) },
    );
  } finally {
    decoder.close();
  }
}

async function write(decoder: ImageDecoder, name: string): Promise<Blob> {
  await step(decoder.completed);
  const { image: first } = await step(decoder.decode({ frameIndex: 0 }));
  try {
    return await writePictures(decoder, first, name);
  } finally {
    first.close();
  }
}

function step<T>(work: Promise<T>): Promise<T> {
  return withTimeout(work, STALL_TIMEOUT_MS, 'The animation’s decoder');
}

/** @param first the first picture, which is not decoded again: in Firefox that gives the same picture, closed where this one is */
async function writePictures(decoder: ImageDecoder, first: VideoFrame, name: string): Promise<Blob> {
  const frames = decoder.tracks.selectedTrack?.frameCount ?? 0;
  const { displayWidth, displayHeight } = first;
  const pixels = displayWidth * displayHeight;
  if (pixels > MAX_PICTURE_PIXELS || frames > MAX_FRAMES_PER_CLIP || pixels * frames > MAX_TOTAL_PIXELS) {
    throw new FramesiftError(
      'unsupported-video',
      `This animation (${name}) has ${frames.toLocaleString('en')} pictures of ${displayWidth}×${displayHeight} pixels, which is more than this page takes. Convert it to MP4 (H.264), for example with HandBrake.`,
    );
  }
  // Most encoders halve the colours' resolution and refuse odd sizes.
  const [width, height] = [displayWidth + (displayWidth % 2), displayHeight + (displayHeight % 2)];
  const codec = await firstWorkingVideoCodec(['avc', 'vp9', 'av1'], { width, height, quality: QUALITY });
  const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false });
  if (!codec || !context) {
    throw new FramesiftError(
      'unsupported-video',
      `This is an animation (${name}), and this browser cannot write video. Convert it to MP4 (H.264), for example with HandBrake.`,
    );
  }
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat(), target });
  const video = new VideoSampleSource({ codec, quality: QUALITY, keyFrameInterval: 1 });
  output.addVideoTrack(video);
  await step(output.start());
  let timestampUs = 0;
  for (let frameIndex = 0; frameIndex < frames; frameIndex += 1) {
    const image = frameIndex === 0 ? first : (await step(decoder.decode({ frameIndex }))).image;
    const durationUs = (image.duration ?? 0) > SHORTEST_DURATION_US ? image.duration! : DEFAULT_DURATION_US;
    context.clearRect(0, 0, width, height);
    context.drawImage(image, 0, 0, width, height);
    image.close();
    const sample = new VideoSample(context.canvas, {
      timestamp: timestampUs / 1e6,
      duration: durationUs / 1e6,
    });
    try {
      await step(video.add(sample));
    } finally {
      sample.close();
    }
    timestampUs += durationUs;
  }
  video.close();
  await step(output.finalize());
  if (!target.buffer) throw new Error('The encoder wrote no file.');
  return new Blob([target.buffer], { type: 'video/mp4' });
}
