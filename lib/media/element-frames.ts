import type { ClipFacts, GrabbedFrame } from '@/lib/ports/media';
import { Mutex, withTimeout } from '@/lib/shared/async';
import { BORDER_LEAD_MS, toClipMs, toPlayerSeconds } from '@/lib/shared/clip-clock';
import { FramesiftError } from '@/lib/shared/errors';
import { MAX_DURATION_MS } from './choose-timestamps';
import { readFirstPictureTime } from './player-clock';
import { describeWrongPicture } from './player-look';

/** What a player knows of a clip. Frames come out of it upright. */
type ElementFacts = Pick<ClipFacts, 'width' | 'height' | 'durationMs' | 'startMs' | 'bytes'>;

export interface ElementFrames {
  facts: ElementFacts;
  /**
   * The picture at a moment of the clip, in clip time. Calls are served one after another. Rejects with a FramesiftError
   * `unreadable-video` where the player shows another one.
   */
  grab: (timestampMs: number) => Promise<GrabbedFrame>;
  /** Some picture of the clip, near that moment or not. Whoever receives it must close it. */
  preview: (timestampMs: number) => Promise<ImageBitmap>;
  close: () => void;
}

const OPEN_TIMEOUT_MS = 20_000;
const SEEK_TIMEOUT_MS = 30_000;

/** How long after `seeked` a new picture may take to be painted; none comes if it is the one already there. */
const PAINT_TIMEOUT_MS = 250;

/** Beyond every clip: a player that does not know the duration finds it out by seeking there. */
const FAR_SECONDS = 1e9;

/**
 * Opens a clip in a hidden `<video>`, for browsers that play a clip but whose WebCodecs is missing or
 * does not decode it. Runs on the page, since workers have no player; about 13 frames a second at
 * 1080p. The player seeks to the frame itself, not to a key frame near it.
 */
export async function openVideoElement(file: Blob): Promise<ElementFrames> {
  const video = document.createElement('video');
  const url = URL.createObjectURL(file);
  const close = () => {
    video.removeAttribute('src');
    video.load();
    URL.revokeObjectURL(url);
  };
  try {
    video.muted = true;
    video.playsInline = true;
    video.preload = 'auto';
    const loaded = waitFor(video, 'loadeddata', OPEN_TIMEOUT_MS);
    const firstPicture = readFirstPictureTime(video);
    video.src = url;
    await loaded;
    if (video.videoWidth === 0) {
      throw new FramesiftError(
        'unsupported-video',
        'This browser plays the sound of this clip but not its pictures.',
      );
    }
    const startMs = ((await firstPicture) ?? 0) * 1000;
    const durationMs = Math.max(0, toClipMs(await findDuration(video), startMs));
    if (!(durationMs <= MAX_DURATION_MS)) {
      throw new FramesiftError(
        'unsupported-video',
        'The length of this clip cannot be found out, or is over 24 hours.',
      );
    }
    const { videoWidth: width, videoHeight: height } = video;
    const seeks = new Mutex();
    return {
      facts: { width, height, durationMs, startMs, bytes: file.size },
      grab: (timestampMs) => seeks.run(() => grabFrame(video, timestampMs, { startMs, durationMs })),
      preview: (timestampMs) =>
        seeks.run(async () => {
          await seekTo(video, timestampMs, startMs);
          return takePicture(video);
        }),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function findDuration(video: HTMLVideoElement): Promise<number> {
  if (Number.isFinite(video.duration)) return video.duration;
  const seeked = waitFor(video, 'seeked', SEEK_TIMEOUT_MS);
  video.currentTime = FAR_SECONDS;
  await seeked;
  return Number.isFinite(video.duration) ? video.duration : video.currentTime;
}

async function grabFrame(
  video: HTMLVideoElement,
  timestampMs: number,
  { startMs, durationMs }: Pick<ElementFacts, 'startMs' | 'durationMs'>,
): Promise<GrabbedFrame> {
  const mediaTime = await seekTo(video, timestampMs, startMs);
  const wrong = describeWrongPicture({
    askedMs: timestampMs,
    playerEndMs: durationMs,
    presentedMs: mediaTime === null ? null : toClipMs(mediaTime, startMs),
    hasPicture: video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.error,
  });
  if (wrong) throw new FramesiftError('unreadable-video', wrong);
  return { bitmap: await takePicture(video), timestampMs: Math.round(timestampMs) };
}

/** Sends a player to a moment. Resolves with the media time of the picture that it painted; null where it told none. */
async function seekTo(video: HTMLVideoElement, timestampMs: number, startMs: number): Promise<number | null> {
  const painted = watchPaint(video);
  try {
    const seeked = waitFor(video, 'seeked', SEEK_TIMEOUT_MS);
    video.currentTime = Math.min(toPlayerSeconds(timestampMs + BORDER_LEAD_MS, startMs), video.duration);
    await seeked;
    return await painted.within(PAINT_TIMEOUT_MS);
  } finally {
    painted.stop();
  }
}

function takePicture(video: HTMLVideoElement): Promise<ImageBitmap> {
  return withTimeout(createImageBitmap(video), SEEK_TIMEOUT_MS, 'The player');
}

/** The time of the next picture that is painted; null where the browser does not tell. */
function watchPaint(video: HTMLVideoElement): {
  within: (limitMs: number) => Promise<number | null>;
  stop: () => void;
} {
  if (!('requestVideoFrameCallback' in video))
    return { within: () => Promise.resolve(null), stop: () => undefined };
  let handle = 0;
  const painted = new Promise<number>((resolve) => {
    handle = video.requestVideoFrameCallback((_now, { mediaTime }) => resolve(mediaTime));
  });
  return {
    within: (limitMs) => withTimeout(painted, limitMs, 'Painting').catch(() => null),
    stop: () => video.cancelVideoFrameCallback(handle),
  };
}

/** Waits for a clip of the player, or for its error, for a limited time. */
async function waitFor(
  video: HTMLVideoElement,
  event: 'loadeddata' | 'seeked',
  limitMs: number,
): Promise<void> {
  const listening = new AbortController();
  const { signal } = listening;
  const settled = new Promise<void>((resolve, reject) => {
    video.addEventListener(event, () => resolve(), { signal });
    video.addEventListener('error', () => reject(describePlayerError(video.error)), { signal });
  });
  try {
    await withTimeout(settled, limitMs, 'The player');
  } finally {
    listening.abort();
  }
}

function describePlayerError(error: MediaError | null): FramesiftError {
  if (error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED) {
    return new FramesiftError(
      'unsupported-video',
      'This browser’s player cannot play this clip either. Convert it to MP4 (H.264) — for example with HandBrake.',
      { cause: error },
    );
  }
  return new FramesiftError('unreadable-video', 'The player stopped: this clip is damaged or cut off.', {
    cause: error ?? undefined,
  });
}
