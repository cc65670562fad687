import { aimAt, type Moment } from '@/lib/shared/clip-clock';
import type { FrameKey } from '@/lib/shared/frame-key';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { readThumbnails } from './read-thumbnails';
import { readClipFileOf } from './use-clip-file';

/** A frame in the middle of a long stretch between key frames takes seconds; more than this is stuck. */
const DECODE_TIMEOUT_MS = 20_000;

/** Enough to draw a part on and to search with; the model sees no more than a few hundred pixels of it. */
const MAX_SIDE = 1280;

/**
 * The best picture of a frame that is at hand: out of the clip's file, or the small stored one where the file is gone
 * or cannot be decoded.
 *
 * @throws FramesiftError `bad-input` where there is neither
 */
export async function readStillOrThumbnail(frame: FrameKey & Moment): Promise<Blob> {
  const { services } = getFramesift();
  const decoded = await decode().catch(() => null);
  if (decoded) return decoded;
  const [stored] = await readThumbnails(frame.clipId, [frame.frameIndex]);
  if (stored) return stored;
  throw new FramesiftError(
    'bad-input',
    'There is no picture of this frame in the browser any more. Choose the clip’s file below the player first.',
  );

  async function decode(): Promise<Blob | null> {
    const file = await readClipFileOf(frame.clipId);
    if (!file) return null;
    const stopping = new AbortController();
    const reading = services
      .openClip(file)
      .readStills([aimAt(frame)], { type: 'image/jpeg', quality: 0.92, maxSide: MAX_SIDE }, stopping.signal);
    try {
      const [still] = await withTimeout(reading, DECODE_TIMEOUT_MS, 'The decoder');
      return still?.blob ?? null;
    } finally {
      stopping.abort();
    }
  }
}
