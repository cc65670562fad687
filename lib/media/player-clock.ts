/** How long after it is loaded a player may take to present its first picture; one in a hidden tab presents none. */
const FIRST_PICTURE_TIMEOUT_MS = 500;

/**
 * Media time, in seconds, of the first picture that a player presents, which is its own time of clip time 0. To be called
 * before the player is sent anywhere.
 *
 * @returns null where the browser does not tell it
 */
export async function readFirstPictureTime(
  video: HTMLVideoElement,
  signal?: AbortSignal,
): Promise<number | null> {
  if (!('requestVideoFrameCallback' in video)) return null;
  let handle = 0;
  const listening = new AbortController();
  const stop = () => listening.abort();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<number | null>((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const giveUp = () => {
        clearTimeout(timer);
        resolve(null);
      };
      const wait = () => (timer = setTimeout(giveUp, FIRST_PICTURE_TIMEOUT_MS));
      listening.signal.addEventListener('abort', giveUp);
      if (signal?.aborted) giveUp();
      handle = video.requestVideoFrameCallback((_now, { mediaTime }) => {
        clearTimeout(timer);
        resolve(mediaTime);
      });
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) wait();
      else video.addEventListener('loadeddata', wait, { once: true, signal: listening.signal });
      video.addEventListener('error', giveUp, { once: true, signal: listening.signal });
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    listening.abort();
    video.cancelVideoFrameCallback(handle);
  }
}
