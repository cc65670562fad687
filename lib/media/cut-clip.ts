import type { TimeSpan } from '@/lib/ports/media';
import {
  AudioSampleSink,
  AudioSampleSource,
  BufferTarget,
  getFirstEncodableAudioCodec,
  Mp4OutputFormat,
  Output,
  Quality,
  VideoSample,
  VideoSampleSource,
  WebMOutputFormat,
  type AudioCodec,
  type AudioSample,
  type InputAudioTrack,
  type VideoCodec,
} from 'mediabunny';
import { Interruption, withTimeout } from '@/lib/shared/async';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { openSample } from './stills';
import { openClip } from './open-clip';
import type { OpenClip } from './opened-clip';
import { drawUpright, fitInside, uprightSize } from './thumbnail';
import { mergeSpans } from './time-spans';
import { mediaPieces } from './timeline';
import { decodeFrames } from './webcodecs-frames';
import { listFrameTimes } from './frame-times';
import { firstWorkingVideoCodec } from './working-video-codec';

/** A new file with only some spans of a clip. */
export interface CutClip {
  blob: Blob;
  /** Of the new file, as its own tables tell. */
  durationMs: number;
  extension: 'mp4' | 'webm';
  videoCodec: VideoCodec;
  /** Null when the clip has no sound, or none that this browser can carry over: then `note` says so. */
  audioCodec: AudioCodec | null;
  note: string | null;
}

/** H.264 plays everywhere; where a browser cannot write it, the best of what it can. */
const MP4_CODECS: VideoCodec[] = ['avc'];
const WEBM_CODECS: VideoCodec[] = ['vp9', 'av1', 'vp8'];

/** What is cut was encoded once already; a second loss should not be seen. */
const HIGH_QUALITY = new Quality('high');

/** A decoder or encoder that gives nothing for so long has stalled. */
const STALL_TIMEOUT_MS = 60_000;

/** A file is built in memory; above this a tab may be ended by the browser. About an hour of 1080p. */
const MAX_SPAN_MS = 3_600_000;

/**
 * Cuts a clip to spans and joins them, video and sound encoded anew: spans rarely begin at key frames, and one
 * encoding gives a file that every player takes.
 *
 * @param spans in clip time; overlapping ones are joined
 * @throws FramesiftError `unsupported-video` where this browser cannot decode the clip or encode any video
 */
export async function cutClip(
  clip: OpenClip,
  spans: readonly TimeSpan[],
  signal?: AbortSignal,
  onProgress: (share: number) => void = () => undefined,
): Promise<CutClip> {
  const stop = new Interruption();
  const cancel = () => stop.interrupt(new FramesiftError('cancelled', 'Cancelled.'));
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await cut(clip, spans, stop, onProgress);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function cut(
  clip: OpenClip,
  asked: readonly TimeSpan[],
  stop: Interruption,
  onProgress: (share: number) => void,
): Promise<CutClip> {
  const { facts, track } = clip;
  if (!facts.decodable) {
    throw new FramesiftError(
      'unsupported-video',
      facts.problem ?? 'This browser cannot decode this clip, so it cannot cut it.',
    );
  }
  const spans = mergeSpans(asked, facts.durationMs);
  const totalMs = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  if (totalMs === 0) throw new FramesiftError('bad-input', 'There is no moment of this clip to cut out.');
  if (totalMs > MAX_SPAN_MS) {
    throw new FramesiftError(
      'bad-input',
      'These moments are over an hour together, which is more than fits into this page’s memory. Ask for fewer.',
    );
  }
  const { width, height } = await readCutSize(clip, spans[0]!);
  const { videoCodec, extension } = await chooseVideoCodec(width, height);
  const sound = track
    ? await chooseSound(await track.input.getPrimaryAudioTrack(), extension)
    : withoutSound(
        facts.hasAudio ? `Without sound: that of this ${facts.container} file is not read.` : null,
      );

  const target = new BufferTarget();
  const output = new Output({
    format: extension === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat(),
    target,
  });
  const video = new VideoSampleSource({ codec: videoCodec, quality: HIGH_QUALITY });
  output.addVideoTrack(video);
  const audio =
    sound.codec === null ? null : new AudioSampleSource({ codec: sound.codec, quality: HIGH_QUALITY });
  if (audio) output.addAudioTrack(audio);
  const step = <T>(work: Promise<T>) => stop.race(withTimeout(work, STALL_TIMEOUT_MS, 'The video encoder'));
  // A stop in one of the two must end the other too, or it would go on writing into a file that is given up.
  const guard = async (work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      stop.interrupt(toFramesiftError(error, 'This clip could not be cut.'));
      throw error;
    }
  };
  try {
    await step(output.start());
    await Promise.all([
      guard(
        writeVideo(clip, spans, video, { width, height }, stop, step, (doneMs) =>
          onProgress(Math.min(1, doneMs / totalMs)),
        ),
      ),
      ...(audio && sound.track ? [guard(writeAudio(sound.track, clip, spans, audio, step))] : []),
    ]);
    await step(output.finalize());
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw toFramesiftError(error, 'This clip could not be cut.');
  }
  if (!target.buffer) throw new FramesiftError('internal', 'The encoder wrote no file.');
  const blob = new Blob([target.buffer], { type: `video/${extension}` });
  const written = await openClip(blob);
  try {
    return {
      blob,
      durationMs: written.facts.durationMs,
      extension,
      videoCodec,
      audioCodec: sound.codec,
      note: sound.note,
    };
  } finally {
    written.close();
  }
}

/**
 * Size of the new file: the upright shape of its first frame. Frames of other shapes are fitted in with bars, see
 * `fitForEncoder`.
 */
async function readCutSize(clip: OpenClip, span: TimeSpan): Promise<{ width: number; height: number }> {
  let { width, height }: { width: number; height: number } = clip.facts;
  for await (const { sample } of decodeFrames(clip, [{ frameIndex: 0, timestampMs: span.startMs }])) {
    if (!sample) continue;
    const { frame, orientation } = openSample(sample);
    frame.close();
    ({ width, height } = uprightSize(orientation));
  }
  // Most encoders halve the colours' resolution and refuse odd sizes.
  return { width: Math.max(2, width - (width % 2)), height: Math.max(2, height - (height % 2)) };
}

async function chooseVideoCodec(
  width: number,
  height: number,
): Promise<{ videoCodec: VideoCodec; extension: 'mp4' | 'webm' }> {
  if (typeof VideoEncoder !== 'undefined') {
    const options = { width, height, quality: HIGH_QUALITY };
    const forMp4 = await firstWorkingVideoCodec(MP4_CODECS, options);
    if (forMp4) return { videoCodec: forMp4, extension: 'mp4' };
    const forWebm = await firstWorkingVideoCodec(WEBM_CODECS, options);
    if (forWebm) return { videoCodec: forWebm, extension: 'webm' };
  }
  throw new FramesiftError(
    'unsupported-video',
    `This browser cannot write video of ${width}×${height} pixels. Take the frames as a ZIP, or use a current Chrome, Edge or Safari.`,
  );
}

interface ChosenSound {
  track: InputAudioTrack | null;
  codec: AudioCodec | null;
  note: string | null;
}

const withoutSound = (note: string | null): ChosenSound => ({ track: null, codec: null, note });

async function chooseSound(track: InputAudioTrack | null, extension: 'mp4' | 'webm'): Promise<ChosenSound> {
  if (!track) return withoutSound(null);
  if (!(await track.canDecode()))
    return withoutSound('Without sound: this browser cannot decode the clip’s sound.');
  const candidates: AudioCodec[] = extension === 'mp4' ? ['aac', 'opus'] : ['opus', 'vorbis'];
  const codec = await getFirstEncodableAudioCodec(candidates, {
    numberOfChannels: await track.getNumberOfChannels(),
    sampleRate: await track.getSampleRate(),
    quality: HIGH_QUALITY,
  });
  return codec === null
    ? withoutSound('Without sound: this browser cannot encode the clip’s sound.')
    : { track, codec, note: null };
}

type Step = <T>(work: Promise<T>) => Promise<T>;

/** The next sample. One that comes after the wait was given up has no other owner and is closed. */
async function pull(
  samples: AsyncGenerator<AudioSample, void>,
  step: Step,
): Promise<IteratorResult<AudioSample, void>> {
  const coming = samples.next();
  try {
    return await step(coming);
  } catch (error) {
    coming.then(({ value }) => value?.close()).catch(() => undefined);
    throw error;
  }
}

async function writeVideo(
  clip: OpenClip,
  spans: readonly TimeSpan[],
  source: VideoSampleSource,
  size: { width: number; height: number },
  stop: Interruption,
  step: Step,
  onDone: (doneMs: number) => void,
): Promise<void> {
  const context = new OffscreenCanvas(size.width, size.height).getContext('2d', { alpha: false });
  if (!context) throw new FramesiftError('internal', 'This browser has no 2D canvas in workers.');
  const stopping = new AbortController();
  stop.race(new Promise(() => undefined)).catch(() => stopping.abort());
  let offsetMs = 0;
  let frames = 0;
  for (const span of spans) {
    const timesMs = await stop.race(listFrameTimes(clip, span));
    const requests = timesMs.map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
    for await (const decoded of decodeFrames(clip, requests, stopping.signal)) {
      if (!decoded.sample) continue;
      const fromMs = Math.max(decoded.span.startMs, span.startMs);
      const untilMs = Math.min(decoded.span.endMs, span.endMs);
      const timestamp = (offsetMs + fromMs - span.startMs) / 1000;
      const duration = Math.max(0, untilMs - fromMs) / 1000;
      const upright = fitForEncoder(decoded.sample, size, context, { timestamp, duration });
      try {
        await step(source.add(upright));
        frames += 1;
      } finally {
        upright.close();
      }
      onDone(offsetMs + untilMs - span.startMs);
    }
    offsetMs += span.endMs - span.startMs;
  }
  source.close();
  if (frames === 0) throw new FramesiftError('unreadable-video', 'These moments of the clip have no frames.');
}

/** The sample itself where it is upright and of the right size, else one drawn so. Closes what it does not return. */
function fitForEncoder(
  sample: VideoSample,
  size: { width: number; height: number },
  context: OffscreenCanvasRenderingContext2D,
  timing: { timestamp: number; duration: number },
): VideoSample {
  const isPlain =
    sample.rotation === 0 &&
    !sample.flip &&
    sample.squarePixelWidth === sample.visibleRect.width &&
    sample.visibleRect.width === size.width &&
    sample.visibleRect.height === size.height;
  if (isPlain) {
    sample.setTimestamp(timing.timestamp);
    sample.setDuration(timing.duration);
    return sample;
  }
  const { frame, orientation } = openSample(sample);
  try {
    drawUpright(context, frame, orientation, fitInside(uprightSize(orientation), size));
    return new VideoSample(context.canvas, timing);
  } finally {
    frame.close();
  }
}

async function writeAudio(
  track: InputAudioTrack,
  { timeline }: OpenClip,
  spans: readonly TimeSpan[],
  source: AudioSampleSource,
  step: Step,
): Promise<void> {
  const sink = new AudioSampleSink(track);
  let offsetMs = 0;
  for (const span of spans) {
    for (const { clipStartMs, mediaStartMs, durationMs } of mediaPieces(timeline, span)) {
      const startSeconds = mediaStartMs / 1000;
      const endSeconds = (mediaStartMs + durationMs) / 1000;
      const pieceSeconds = (offsetMs + clipStartMs - span.startMs) / 1000;
      const samples = sink.samples(startSeconds, endSeconds);
      try {
        for (;;) {
          const next = await pull(samples, step);
          if (next.done) break;
          const trimmed = trimSample(next.value, startSeconds, endSeconds);
          if (!trimmed) continue;
          try {
            trimmed.setTimestamp(Math.max(0, pieceSeconds + trimmed.timestamp - startSeconds));
            await step(source.add(trimmed));
          } finally {
            trimmed.close();
          }
        }
      } finally {
        samples.return().catch(() => undefined);
      }
    }
    offsetMs += span.endMs - span.startMs;
  }
  source.close();
}

/** The part of a sample inside a span, null when there is none. Closes the sample unless it is returned. */
function trimSample(sample: AudioSample, startSeconds: number, endSeconds: number): AudioSample | null {
  const { sampleRate, numberOfFrames, timestamp } = sample;
  const first = Math.max(0, Math.round((startSeconds - timestamp) * sampleRate));
  const end = Math.min(numberOfFrames, Math.round((endSeconds - timestamp) * sampleRate));
  if (first === 0 && end === numberOfFrames) return sample;
  try {
    return first < end ? sample.trim(first, end) : null;
  } finally {
    sample.close();
  }
}
