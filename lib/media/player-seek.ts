/** A stretch of a player's own clock, in seconds, over which one picture is on screen. */
export interface PlayerSpan {
  fromSeconds: number;
  untilSeconds: number;
}

/** What a player presents after it was sent to a picture; `unknown` where the browser does not tell. */
export type Presented = 'picture' | 'other' | 'unknown';

/** How far before a picture playing begins, one after the other, where a player skips to a later one. */
const LEADS_SECONDS = [0.3, 1];

/** A player that has not presented a picture after so long shows it already, or is in a hidden tab. */
const PRESENT_TIMEOUT_MS = 1500;

/** How fast a player plays towards a picture: slow enough to stop on it, fast enough not to be noticed. */
const APPROACH_RATE = 0.5;

/** A player that was stopped may still move on by a picture. */
const SETTLE_MS = 80;

/** Media times are multiples of a container's tick, of 1 ms at the coarsest. */
const TICK_SECONDS = 0.001;

/**
 * Sends a paused player to a picture and sees to it that this one is presented.
 *
 * Chromium's player begins to decode at the key frame whose time of *decoding* precedes the time that it is sent to. In
 * a fragmented MP4 with B pictures that key frame may be shown later, and is presented instead; so it is after gradual
 * refresh. Such a picture is reached by playing towards it, muted, from a little before.
 *
 * @param atSeconds where to send the player, inside the span
 */
export async function presentPicture(
  video: HTMLVideoElement,
  atSeconds: number,
  { fromSeconds, untilSeconds }: PlayerSpan,
  signal: AbortSignal,
): Promise<Presented> {
  const where = (seconds: number): Presented =>
    seconds >= fromSeconds - TICK_SECONDS && seconds < untilSeconds - TICK_SECONDS / 2 ? 'picture' : 'other';
  const found = await seek(video, atSeconds, signal);
  if (found === null || isDisturbed(video, signal)) return 'unknown';
  if (where(found) === 'picture') return 'picture';
  for (const lead of found > fromSeconds ? LEADS_SECONDS : []) {
    const begun = await seek(video, Math.max(0, atSeconds - lead), signal);
    if (begun === null || isDisturbed(video, signal)) return 'unknown';
    if (begun > fromSeconds) continue;
    if (where(begun) === 'picture') return 'picture';
    const reached = await playUntil(video, fromSeconds, signal);
    if (reached === null) return 'unknown';
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return video.currentTime < untilSeconds ? where(reached) : 'other';
  }
  return 'other';
}

/** Whether a person has begun to play meanwhile, or asked for another picture. */
export function isDisturbed(video: HTMLVideoElement, signal: AbortSignal): boolean {
  return signal.aborted || !video.paused;
}

/** Media time of the picture that is presented after a seek; null where none is. */
async function seek(video: HTMLVideoElement, seconds: number, signal: AbortSignal): Promise<number | null> {
  const presented = nextPresented(video, signal);
  video.currentTime = seconds;
  return presented;
}

/** Plays until a picture is presented that comes on at this time or later, and stops there. */
async function playUntil(
  video: HTMLVideoElement,
  seconds: number,
  signal: AbortSignal,
): Promise<number | null> {
  const { muted, playbackRate } = video;
  Object.assign(video, { muted: true, playbackRate: APPROACH_RATE });
  // At once: whoever asks for the next picture finds the player standing.
  const stop = () => video.pause();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const playing = video.play();
    playing.catch(() => undefined);
    let presented: number | null;
    do {
      presented = await nextPresented(video, signal);
    } while (presented !== null && presented < seconds - TICK_SECONDS && !signal.aborted);
    return presented;
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    Object.assign(video, { muted, playbackRate });
  }
}

function nextPresented(video: HTMLVideoElement, signal: AbortSignal): Promise<number | null> {
  if (!('requestVideoFrameCallback' in video) || signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    const settle = (mediaTime: number | null) => {
      clearTimeout(timer);
      video.cancelVideoFrameCallback(handle);
      signal.removeEventListener('abort', giveUp);
      resolve(mediaTime);
    };
    const giveUp = () => settle(null);
    const handle = video.requestVideoFrameCallback((_now, { mediaTime }) => settle(mediaTime));
    const timer = setTimeout(giveUp, PRESENT_TIMEOUT_MS);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
