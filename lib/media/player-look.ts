import { formatTime } from '@/lib/shared/format';

/** What a player shows once it was sent to a moment. Times in clip time. */
export interface PlayerLook {
  askedMs: number;
  /** Where the clip ends by the player's own account. */
  playerEndMs: number;
  /** Time of the picture that it presented; null where the browser does not tell, or it shows the one that was there. */
  presentedMs: number | null;
  /** Whether it has a picture of the moment, by its own account. */
  hasPicture: boolean;
}

/** Players round a clip's length, and count to the end of its last picture or only to its beginning. */
const END_TOLERANCE_MS = 250;

/** A player that cannot show a picture alone takes the next key frame; the time of the picture itself is never later. */
const LATE_TOLERANCE_MS = 100;

/**
 * Why what a player shows is not the picture of the moment that it was sent to; null where nothing tells that it is not.
 *
 * A player that cannot go somewhere fires `seeked` all the same and shows what it has: Firefox 153 ends a VP9 clip of 4.1 s
 * whose header is wrong after 0.14 s, and shows its first picture for every moment after that.
 */
export function describeWrongPicture({
  askedMs,
  playerEndMs,
  presentedMs,
  hasPicture,
}: PlayerLook): string | null {
  if (askedMs > playerEndMs + END_TOLERANCE_MS)
    return `This browser’s player ends at ${formatTime(playerEndMs, { tenths: true })}, before this moment.`;
  if (!hasPicture) return 'This browser’s player has no picture of this moment.';
  if (presentedMs !== null && presentedMs > askedMs + LATE_TOLERANCE_MS)
    return `This browser’s player shows the picture of ${formatTime(presentedMs, { tenths: true })} here.`;
  return null;
}

/**
 * What a person should know of a clip of which the file promises more than the player plays; null where both agree.
 *
 * @param fileMs the clip's length by its file
 */
export function describeShortPlayer(fileMs: number, playerEndMs: number): string | null {
  if (playerEndMs >= fileMs * 0.9 - END_TOLERANCE_MS) return null;
  const [shown, whole] = [playerEndMs, fileMs].map((ms) => formatTime(ms, { tenths: true }));
  return `This browser’s player plays ${shown} of ${whole}; the rest cannot be read here. Another browser may read it.`;
}
