/*
 * [Note: One clock]
 *
 * Three clocks tell the time of a clip. Clip time is milliseconds from the first frame that is shown; everything that
 * is stored, shown, typed or exported is in clip time. The container has its own time, which the decoder adds
 * (`ClipFacts.startMs`). The player has a third, in seconds: sound may begin before the pictures (5 s late in some
 * recordings, 7 to 46 ms in ordinary WebM and MKV with sound), a live recording's clock begins anywhere, and browsers
 * differ in whether they count from there. `events.player_start_ms` keeps where the player stands at clip time 0.
 * These functions alone go from one clock to another.
 *
 * A player shows the frame before when it is sent to the very time at which a frame begins: it cuts the time to whole
 * microseconds, and so does the table of frames. Chromium 156 plays 3.099 s as 3.098999. Over 12 clips of 10 to 240
 * frames a second, sent to the exact start of each frame, it showed the one before for up to 35 in 100; sent 2 µs
 * later, for none. So a player is never sent to a border, but into a frame.
 */

/** How long a picture is on screen, in clip time. */
export interface PictureSpan {
  startMs: number;
  /** Where the next picture begins, or the clip ends. */
  endMs: number;
}

/** A moment of a clip, with the span of the picture that is on screen there; null where nobody knows it. */
export interface Moment {
  /** In clip time; whole milliseconds where it is stored. */
  timestampMs: number;
  span: PictureSpan | null;
}

/** How far inside a picture's span a player is sent at least: a quarter of it, but no more than this. */
const MAX_MARGIN_MS = 4;

/**
 * What is added to a stored time without a span. Such times are those of frames, rounded to whole milliseconds: half of
 * one may be missing, and a little more leads over the border. At 240 frames a second a frame lasts 4.2.
 */
const ROUNDING_MS = 0.6;

/** What is added to an exact moment at which a frame may begin, so that a player shows that frame: see above. */
export const BORDER_LEAD_MS = 0.1;

/** The clip time inside the picture of a moment, away from its borders: where a player, or a decoder, is sent. */
export function aimAt({ timestampMs, span }: Moment): number {
  if (!span || !(span.endMs > span.startMs)) return timestampMs + ROUNDING_MS;
  const marginMs = Math.min((span.endMs - span.startMs) / 4, MAX_MARGIN_MS);
  return Math.min(span.endMs - marginMs, Math.max(span.startMs + marginMs, timestampMs));
}

/**
 * The player's `currentTime`, in seconds, at a clip time.
 *
 * @param playerStartMs where the player stands at clip time 0; null for a clip of which nobody knows
 */
export function toPlayerSeconds(clipMs: number, playerStartMs: number | null): number {
  return (clipMs + (playerStartMs ?? 0)) / 1000;
}

/** The clip time of a player's `currentTime`; 0 before the first picture. */
export function toClipMs(playerSeconds: number, playerStartMs: number | null): number {
  return Math.max(0, playerSeconds * 1000 - (playerStartMs ?? 0));
}

/** Below this two clocks count as the same: containers with whole milliseconds are exact to half of one. */
const SAME_CLOCK_MS = 1;

/**
 * Where a player stands at clip time 0, from what the file says and what the player does. A player that counts from the
 * beginning of the sound, or from its own zero, presents the first picture earlier than the file says, and is right
 * about itself. One that presents it later has left out pictures, and is not.
 *
 * @param storedMs the file's own time of the first picture; null where nobody knows it
 * @param firstPictureSeconds media time of the first picture that the player presented; null where it does not tell
 */
export function choosePlayerStart(
  storedMs: number | null,
  firstPictureSeconds: number | null,
): number | null {
  if (firstPictureSeconds === null) return storedMs;
  const presentedMs = firstPictureSeconds * 1000;
  if (storedMs === null) return presentedMs;
  return presentedMs < storedMs - SAME_CLOCK_MS ? presentedMs : storedMs;
}

/** Whether two rows of a clip show one picture: their spans are the same. A span that nobody knows is like no other. */
export function isSamePicture(a: PictureSpan | null, b: PictureSpan | null): boolean {
  return a !== null && b !== null && a.startMs === b.startMs && a.endMs === b.endMs;
}
