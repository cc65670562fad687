import type { TimeSpan } from '@/lib/ports/media';
import type { VideoSample } from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameRequest } from '@/lib/shared/frames';
import { DecoderRun, type NoFrame, type RunStart, type ShownFrame } from './decoder-run';
import type { EntryPoint } from './entry-points';
import type { OpenClip } from './opened-clip';
import type { TimelineSegment } from './packet-source';
import { segmentAt, spanInClip } from './timeline';

/**
 * A decoder that gives nothing for so long has stalled. On top of it comes the time that the stretch
 * of video before the frame would take to play: to reach a frame everything since the last key frame
 * is decoded, which in a screen recording may be an hour.
 */
const STALL_TIMEOUT_MS = 30_000;

/** After so many unreadable frames with none readable before them, the clip itself is taken for unreadable. */
const MAX_FAILURES_BEFORE_FIRST_FRAME = 10;

/** A picture may stand in for so many that did not come out of the decoder: fields of one frame, hidden pictures. */
const MAX_MISSING_FRAMES = 2;

/** Moments in a row that are looked for again in vain before the next ones are given up at once. */
const MAX_FRUITLESS_LOOKS = 3;

/** A decoded frame, or why there is none. Whoever receives the sample must close it. */
export type DecodedFrame =
  | {
      request: FrameRequest;
      sample: VideoSample;
      /** The moment that was asked for, in whole milliseconds inside the span. */
      timestampMs: number;
      /** How long the picture is on screen, in clip time. */
      span: TimeSpan;
    }
  | {
      request: FrameRequest;
      sample: null;
      reason: string;
      /** The stretch that gives no picture; null where only the moment is known. */
      span: TimeSpan | null;
    };

/**
 * [Note: Errors in the middle of a clip]
 *
 * A decoder is lost for two reasons. The browser takes it back from a tab in the background
 * (w3c/webcodecs #889): QuotaExceededError, and the clip can go on once the tab is in front, so this
 * ends in a transient error and the caller comes back with the requests that are left. Or the stream
 * cannot be decoded from here: a fresh decoder is tried once, starting at the frame that was due. If it
 * fails at the same frame, the clip is once played through from its start, which is what some streams
 * need (x264 before build 151 wrote 4:4:4 in a way that decoders know from the first packet only). If
 * that fails too, the frame is given up and the next ones are tried: one bad stretch does not sink a clip.
 *
 * A decoder may also leave frames out without an error. Packets say which frame is due, so its absence is
 * seen: it is looked for again from the entry before the last, and once by playing through, before the
 * moment is given up.
 */

/**
 * Decodes `requests`, whose timestamps must rise, one after another; each packet is decoded once.
 * Yields one result a request, in order. A request gets the frame that is on screen at its time.
 */
export async function* decodeFrames(
  clip: OpenClip,
  requests: readonly FrameRequest[],
  signal?: AbortSignal,
): AsyncGenerator<DecodedFrame, void, undefined> {
  if (!clip.facts.decodable || !clip.video) {
    throw new FramesiftError(
      'unsupported-video',
      clip.facts.problem ?? 'This browser cannot decode this clip.',
    );
  }
  const places = requests.map((request) => placeOf(clip.timeline, request));
  let next = 0;
  let decoded = 0;
  let failedAt = -1;
  let start: RunStart = 'seek';
  let playedThroughFrom = -1;
  let looks = { at: -1, tried: 0, fruitless: 0 };
  while (next < requests.length) {
    const { segment } = places[next]!;
    const end = places.findIndex((place, i) => i > next && place.segment !== segment);
    const timesUs = places.slice(next, end === -1 ? undefined : end).map(({ timeUs }) => timeUs);
    const run = new StoppableRun(new DecoderRun(clip.video, timesUs, start), signal);
    const reachedFrom = next;
    try {
      while (next < reachedFrom + timesUs.length) {
        const request = requests[next]!;
        const found = await run.next(timesUs[next - reachedFrom]! / 1000);
        const missing = found.sample ? found.missing : found.frameUs === null ? 0 : Infinity;
        if (missing > 0) {
          if (looks.at !== next) looks = { ...looks, at: next, tried: 0 };
          const again =
            looks.fruitless < MAX_FRUITLESS_LOOKS ? nextLook(looks.tried, playedThroughFrom) : null;
          if (again) {
            found.sample?.close();
            looks.tried += 1;
            start = again;
            if (again === 'play-through') playedThroughFrom = next;
            break;
          }
          looks.fruitless += 1;
        } else {
          looks.fruitless = 0;
        }
        start = 'seek';
        next += 1;
        const result = await withoutHole(clip, segment, toDecodedFrame(request, segment, found, missing));
        if (result.sample) decoded += 1;
        yield result;
      }
    } catch (error) {
      if (error instanceof FramesiftError) throw error;
      if (isDecoderReclaimed(error)) throw decoderReclaimed(error);
      const entry = run.failedEntry;
      if (entry && clip.video.entries.leaveOut(entry)) continue;
      const isFirstFailureHere = failedAt !== next;
      failedAt = next;
      if (start === 'play-through') {
        start = 'seek';
        if (playedThroughFrom !== next) continue;
      } else if (isFirstFailureHere) {
        continue;
      } else if (playedThroughFrom === -1) {
        start = 'play-through';
        playedThroughFrom = next;
        continue;
      }
      if (decoded === 0 && next + 1 >= Math.min(MAX_FAILURES_BEFORE_FIRST_FRAME, requests.length)) {
        throw new FramesiftError(
          'unreadable-video',
          'None of this clip’s first frames can be decoded. The file may be damaged or cut off: fetch it again, or convert it to MP4 (H.264).',
          { cause: error },
        );
      }
      const request = requests[next]!;
      next += 1;
      yield {
        request,
        sample: null,
        reason: 'The clip is damaged here and cannot be decoded.',
        span: null,
      };
    } finally {
      run.stop();
    }
  }
}

/** Where a frame that did not come is looked for next; null when it is given up. */
function nextLook(tried: number, playedThroughFrom: number): RunStart | null {
  if (tried === 0) return 'earlier';
  return tried === 1 && playedThroughFrom === -1 ? 'play-through' : null;
}

/** A request on the track's clock, and the segment that it lies in. */
interface Place {
  segment: TimelineSegment;
  timeUs: number;
}

/** Clip times of a segment end before the segment does. */
const LAST_US = 1;

function placeOf(timeline: readonly TimelineSegment[], { timestampMs }: FrameRequest): Place {
  const segment = segmentAt(timeline, timestampMs);
  const { clipStartMs, mediaStartMs, durationMs } = segment;
  const timeUs = Math.round((mediaStartMs + timestampMs - clipStartMs) * 1000);
  const endUs = Math.round((mediaStartMs + durationMs) * 1000) - LAST_US;
  return { segment, timeUs: Math.max(Math.round(mediaStartMs * 1000), Math.min(timeUs, endUs)) };
}

function toDecodedFrame(
  request: FrameRequest,
  segment: TimelineSegment,
  found: ShownFrame | NoFrame,
  missing: number,
): DecodedFrame {
  const endMs = found.nextUs === null ? segment.mediaStartMs + segment.durationMs : found.nextUs / 1000;
  if (found.frameUs === null) {
    return { request, sample: null, reason: 'The clip has no picture at this moment.', span: null };
  }
  const span = spanInClip(segment, { startMs: found.frameUs / 1000, endMs });
  if (found.sample && missing <= MAX_MISSING_FRAMES) {
    return { request, sample: found.sample, timestampMs: wholeMsInside(request.timestampMs, span), span };
  }
  found.sample?.close();
  return { request, sample: null, reason: 'The decoder left out the pictures of this stretch.', span };
}

/** A picture stays for so many steps before damage is looked for in the file: cameras pause, too. */
const HOLE_STEPS = 4;

/** So many steps after it came on, a picture still stands for itself. */
const OWN_STEPS = 1.5;

/** A result as it is, unless its moment lies in a damaged stretch of the file, over which the picture before stands. */
async function withoutHole(
  { isDamagedBetween, rhythmMs }: OpenClip,
  { clipStartMs, mediaStartMs }: TimelineSegment,
  decoded: DecodedFrame,
): Promise<DecodedFrame> {
  if (!decoded.sample || !isDamagedBetween || rhythmMs === null) return decoded;
  const { request, sample, span } = decoded;
  const holeMs = span.endMs - span.startMs;
  const isOwn = request.timestampMs - span.startMs < OWN_STEPS * rhythmMs;
  if (isOwn || holeMs < HOLE_STEPS * rhythmMs) return decoded;
  const toUs = (clipMs: number) => Math.round((mediaStartMs + clipMs - clipStartMs) * 1000);
  if (!(await isDamagedBetween(toUs(span.startMs), toUs(span.endMs)))) return decoded;
  sample.close();
  const hole = { startMs: span.startMs + rhythmMs, endMs: span.endMs };
  return { request, sample: null, reason: 'The file is damaged here.', span: hole };
}

/** A time in whole milliseconds, inside a span where the span has any. */
function wholeMsInside(timestampMs: number, { startMs, endMs }: TimeSpan): number {
  const inside = (ms: number) => ms >= startMs && ms < endMs;
  const wholes = [Math.round(timestampMs), Math.floor(timestampMs), Math.ceil(timestampMs)];
  return Math.max(0, wholes.find(inside) ?? Math.round(timestampMs));
}

function isDecoderReclaimed(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}

function decoderReclaimed(cause: unknown): FramesiftError {
  return new FramesiftError(
    'timed-out',
    'The browser took the video decoder back, as it does for tabs in the background. Bring this tab to the front to go on.',
    { transient: true, cause },
  );
}

/** A run whose waits end when it is cancelled or its decoder has stalled. */
class StoppableRun {
  readonly #run: DecoderRun;
  readonly #cancelled: Promise<never>;
  readonly #signal: AbortSignal | undefined;
  #reachedMs: number | null = null;
  #cancel: () => void = () => undefined;

  constructor(run: DecoderRun, signal: AbortSignal | undefined) {
    this.#run = run;
    this.#signal = signal;
    this.#cancelled = new Promise((_, reject) => {
      this.#cancel = () => reject(new FramesiftError('cancelled', 'Cancelled.'));
    });
    this.#cancelled.catch(() => undefined);
    if (signal?.aborted) this.#cancel();
    else signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  /** @param mediaMs the time that is asked for, on the track's clock */
  async next(mediaMs: number): Promise<ShownFrame | NoFrame> {
    const toPlayMs = Math.max(0, mediaMs - (this.#reachedMs ?? 0));
    const step = this.#run.next();
    try {
      const found = await Promise.race([
        withTimeout(step, STALL_TIMEOUT_MS + toPlayMs, 'The video decoder'),
        this.#cancelled,
      ]);
      this.#reachedMs = mediaMs;
      return found;
    } catch (error) {
      // Whatever still comes out of the abandoned step has no other owner.
      step.then(({ sample }) => sample?.close()).catch(() => undefined);
      throw error;
    }
  }

  get failedEntry(): EntryPoint | null {
    return this.#run.failedEntry;
  }

  stop(): void {
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#run.stop();
  }
}
