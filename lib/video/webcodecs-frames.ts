import {
  EncodedPacketSink,
  VideoSampleSink,
  type EncodedPacket,
  type InputVideoTrack,
  type VideoSample,
} from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameRequest } from '@/lib/shared/frames';
import type { OpenClip } from './open-clip';

/**
 * A decoder that gives nothing for so long has stalled. On top of it comes the time that the stretch
 * of video before the frame would take to play: to reach a frame everything since the last key frame
 * is decoded, which in a screen recording may be an hour.
 */
const STALL_TIMEOUT_MS = 30_000;

/** mediabunny looks up the packets of all frames up to the next key frame before it decodes the first. */
const COLLECT_MS_PER_REQUEST = 5;

/** How many frames may lie decoded and unfetched before the decoder is held. */
const MAX_FRAMES_AHEAD = 8;

/** After so many unreadable frames with none readable before them, the clip itself is taken for unreadable. */
const MAX_FAILURES_BEFORE_FIRST_FRAME = 10;

/** A decoded frame, or why there is none. Whoever receives the sample must close it. */
export type DecodedFrame =
  | { request: FrameRequest; sample: VideoSample; timestampMs: number }
  | { request: FrameRequest; sample: null; reason: string };

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
  if (!clip.facts.decodable) {
    throw new FramesiftError(
      'unsupported-video',
      clip.facts.problem ?? 'This browser cannot decode this clip.',
    );
  }
  let next = 0;
  let decoded = 0;
  let failedAt = -1;
  let mode: DecodingMode = 'seek';
  let playedThroughFrom = -1;
  while (next < requests.length) {
    const run = new DecoderRun(clip, requests.slice(next), mode, signal);
    try {
      for (;;) {
        const request = requests[next];
        if (!request) return;
        const sample = await run.nextSample(request);
        next += 1;
        if (!sample) {
          yield { request, sample, reason: 'The clip has no picture at this moment.' };
          continue;
        }
        decoded += 1;
        const timestampMs = Math.max(0, Math.round(sample.timestamp * 1000 - clip.facts.startMs));
        yield { request, sample, timestampMs };
      }
    } catch (error) {
      if (error instanceof FramesiftError) throw error;
      if (isDecoderReclaimed(error)) throw decoderReclaimed(error);
      const isFirstFailureHere = failedAt !== next;
      failedAt = next;
      if (mode === 'play-through') {
        mode = 'seek';
        if (playedThroughFrom !== next) continue;
      } else if (isFirstFailureHere) {
        continue;
      } else if (playedThroughFrom === -1) {
        mode = 'play-through';
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
      yield { request, sample: null, reason: 'The clip is damaged here and cannot be decoded.' };
    } finally {
      run.stop();
    }
  }
}

/** `seek` starts at the key frame before each frame where that saves work; `play-through` at the clip's first. */
type DecodingMode = 'seek' | 'play-through';

/** The sample on screen at each of the rising `seconds`, from decoding the whole clip without a break. */
async function* playThrough(
  sink: VideoSampleSink,
  seconds: readonly number[],
): AsyncGenerator<VideoSample | null, void, undefined> {
  const samples = sink.samples();
  let shown: VideoSample | null = null;
  let coming: VideoSample | null = null;
  let isOver = false;
  try {
    for (const second of seconds) {
      while (!isOver && (coming === null || coming.timestamp <= second)) {
        if (coming) {
          shown?.close();
          shown = coming;
          coming = null;
        }
        const step = await samples.next();
        if (step.done) isOver = true;
        else coming = step.value;
      }
      yield shown?.clone() ?? null;
    }
  } finally {
    shown?.close();
    coming?.close();
    samples.return().catch(() => undefined);
  }
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

/**
 * [Note: Transparency is left out]
 *
 * mediabunny joins the picture and the alpha of a transparent WebM in workers that it starts from
 * `blob:` URLs, which our Content Security Policy forbids; and alpha is of no use here, since models take
 * RGB. So packets come to the decoder without it. `_createPacketSink` is internal to mediabunny
 * 1.61.0: should it go, transparent clips alone fail, and nothing else changes.
 */
export class OpaqueSampleSink extends VideoSampleSink {
  readonly #track: InputVideoTrack;

  constructor(track: InputVideoTrack) {
    super(track);
    this.#track = track;
  }

  _createPacketSink(): EncodedPacketSink {
    return new OpaquePacketSink(this.#track);
  }
}

class OpaquePacketSink extends EncodedPacketSink {
  override async getFirstKeyPacket(...args: Parameters<EncodedPacketSink['getFirstKeyPacket']>) {
    return withoutAlpha(await super.getFirstKeyPacket(...args));
  }

  override async getPacket(...args: Parameters<EncodedPacketSink['getPacket']>) {
    return withoutAlpha(await super.getPacket(...args));
  }

  override async getKeyPacket(...args: Parameters<EncodedPacketSink['getKeyPacket']>) {
    return withoutAlpha(await super.getKeyPacket(...args));
  }

  override async getNextPacket(...args: Parameters<EncodedPacketSink['getNextPacket']>) {
    return withoutAlpha(await super.getNextPacket(...args));
  }
}

/** The same packet, which mediabunny knows by its identity. */
function withoutAlpha(packet: EncodedPacket | null): EncodedPacket | null {
  if (packet) delete packet.sideData.alpha;
  return packet;
}

/** One pass of a decoder over rising requests. */
class DecoderRun {
  readonly #iterator: AsyncIterator<VideoSample | null, void>;
  readonly #gate: TimestampGate;
  readonly #cancelled: Promise<never>;
  readonly #signal: AbortSignal | undefined;
  readonly #requestCount: number;
  #reachedMs = 0;
  #cancel: () => void = () => undefined;

  constructor(
    { track, facts }: OpenClip,
    requests: readonly FrameRequest[],
    mode: DecodingMode,
    signal: AbortSignal | undefined,
  ) {
    const seconds = requests.map(({ timestampMs }) => (facts.startMs + timestampMs) / 1000);
    this.#gate = new TimestampGate(seconds);
    const sink = new OpaqueSampleSink(track);
    this.#iterator =
      mode === 'seek' ? sink.samplesAtTimestamps(this.#gate.timestamps()) : playThrough(sink, seconds);
    this.#requestCount = requests.length;
    this.#signal = signal;
    this.#cancelled = new Promise((_, reject) => {
      this.#cancel = () => reject(new FramesiftError('cancelled', 'Cancelled.'));
    });
    this.#cancelled.catch(() => undefined);
    if (signal?.aborted) this.#cancel();
    else signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  async nextSample(request: FrameRequest): Promise<VideoSample | null> {
    const toPlayMs = Math.max(0, request.timestampMs - this.#reachedMs);
    const limitMs = STALL_TIMEOUT_MS + toPlayMs + COLLECT_MS_PER_REQUEST * this.#requestCount;
    this.#gate.consumerWaits(true);
    const step = this.#iterator.next();
    try {
      const result = await Promise.race([withTimeout(step, limitMs, 'The video decoder'), this.#cancelled]);
      this.#reachedMs = request.timestampMs;
      this.#gate.taken();
      if (result.done) throw new Error('The decoder ended before the last frame.');
      return result.value;
    } catch (error) {
      // Whatever still comes out of the abandoned step has no other owner.
      step.then(({ value }) => value?.close()).catch(() => undefined);
      throw error;
    } finally {
      this.#gate.consumerWaits(false);
    }
  }

  /** Stops decoding and closes what is decoded. Does not wait: a stalled decoder would not answer. */
  stop(): void {
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#gate.close();
    this.#iterator.return?.().catch(() => undefined);
  }
}

/**
 * Hands timestamps to mediabunny no faster than frames are taken. Its own limit on decoded frames is
 * looked at between packets of one group of pictures only, so a clip of key frames alone would be
 * decoded whole into memory. While the consumer waits the gate is open, since mediabunny needs to see
 * the first timestamp of the next group before it decodes this one.
 */
class TimestampGate {
  readonly #seconds: readonly number[];
  #ahead = 0;
  #isConsumerWaiting = false;
  #isClosed = false;
  #wake: () => void = () => undefined;

  constructor(seconds: readonly number[]) {
    this.#seconds = seconds;
  }

  async *timestamps(): AsyncGenerator<number, void, undefined> {
    for (const second of this.#seconds) {
      while (this.#ahead >= MAX_FRAMES_AHEAD && !this.#isConsumerWaiting && !this.#isClosed) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.#isClosed) return;
      this.#ahead += 1;
      yield second;
    }
  }

  taken(): void {
    this.#ahead -= 1;
    this.#wake();
  }

  consumerWaits(isWaiting: boolean): void {
    this.#isConsumerWaiting = isWaiting;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }
}
