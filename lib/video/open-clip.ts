import {
  BlobSource,
  EncodedPacketSink,
  Input,
  MATROSKA,
  MP4,
  MPEG_TS,
  QTFF,
  WEBM,
  type InputFormat,
  type InputVideoTrack,
} from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { MAX_DURATION_MS } from './choose-timestamps';
import {
  describeForeignFile,
  describeUndecodable,
  SNIFFED_BYTES,
  sniffForeignFile,
  type ClipFacts,
} from './clip-facts';
import { chooseColourCoding, type ColourCoding } from './colour';
import { openTrack } from './open-track';
import { refuseForeignVideo } from './other-containers';
import { CUT_OFF } from './track-refusals';
import { videoTrackOf } from './track-choice';

/**
 * Containers that are tried. Not mediabunny's ALL_FORMATS: HLS would fetch what a playlist names, and
 * the sound formats take some junk for MP3.
 */
const FORMATS: InputFormat[] = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/** Reading a file's tables may scan it to its end (Matroska without cues); after this it is given up. */
const OPEN_TIMEOUT_MS = 30_000;

/** 8K is 33 megapixels; a picture of this size takes 160 MB as RGBA. */
export const MAX_FRAME_PIXELS = 40_000_000;

const AVERAGE_FRAME_RATE_PACKETS = 256;

/** A clip that is open for decoding. `close` it, which also stops every read and decoder on it. */
export interface OpenClip {
  track: InputVideoTrack;
  facts: ClipFacts;
  /** How the numbers of its frames are read; null where they are no luma and chroma. */
  colourCoding: ColourCoding | null;
  close: () => void;
}

/** Opens a clip and reads its facts. Throws a FramesiftError that says what the file is instead. */
export async function openClip(blob: Blob): Promise<OpenClip> {
  if (blob.size === 0) throw new FramesiftError('unreadable-video', 'This file is empty.');
  const foreign = sniffForeignFile(await readHead(blob));
  if (foreign?.kind === 'video') throw await refuseForeignVideo(blob, foreign);
  if (foreign) throw new FramesiftError('unsupported-video', describeForeignFile(foreign));

  const input = new Input({
    source: new BlobSource(blob, { handleUnhandledError: () => undefined }),
    formats: FORMATS,
  });
  try {
    const clip = await withTimeout(readClip(input, blob), OPEN_TIMEOUT_MS, 'Reading this clip');
    return { ...clip, close: () => input.dispose() };
  } catch (error) {
    input.dispose();
    if (error instanceof FramesiftError) throw error;
    throw new FramesiftError('unreadable-video', `This clip’s structure is damaged. ${CUT_OFF}`, {
      cause: error,
    });
  }
}

/** The facts of a clip, which is closed again. */
export async function inspectClip(blob: Blob): Promise<ClipFacts> {
  const clip = await openClip(blob);
  clip.close();
  return clip.facts;
}

async function readHead(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(0, SNIFFED_BYTES).arrayBuffer());
  } catch (error) {
    // A File stays a promise to read the disk: it may have been moved or changed since it was chosen.
    throw new FramesiftError(
      'unreadable-video',
      'The browser can no longer read this file. It may have been moved or changed: choose it again.',
      { cause: error },
    );
  }
}

async function readClip(input: Input, blob: Blob): Promise<Omit<OpenClip, 'close'>> {
  if (!(await input.canRead())) {
    throw new FramesiftError(
      'unsupported-video',
      'This file is not a video that browsers can read. Choose an MP4, MOV, WebM, MKV or TS clip.',
    );
  }
  const container = nameContainer(await input.getFormat());
  const { track, tracks, chosen } = await openTrack(input, blob, container, videoTrackOf(blob));
  const hasAudio = (await input.getAudioTracks()).length > 0;
  const { codec, isDecodable: decodable, width, height } = chosen;
  const codedPixels = (await track.getCodedWidth()) * (await track.getCodedHeight());
  if (!(codedPixels > 0)) {
    throw new FramesiftError(
      'unreadable-video',
      `This clip does not say how large its picture is. ${CUT_OFF}`,
    );
  }
  if (Math.max(codedPixels, width * height) > MAX_FRAME_PIXELS) {
    throw new FramesiftError(
      'unsupported-video',
      `This clip’s picture of ${width}×${height} pixels is larger than this page takes. Scale it down to 4K or less.`,
    );
  }

  const span = await computeSpan(track);
  const problem = decodable ? await findMissingEnd(track, span.durationMs) : describeDecoder(codec);
  const facts: ClipFacts = {
    container,
    codec,
    codecString: await track.getCodecParameterString(),
    width,
    height,
    rotationDegrees: await track.getRotation(),
    ...span,
    averageFrameRate: await computeAverageFrameRate(track),
    bytes: blob.size,
    hasAudio,
    videoTrack: chosen.index,
    videoTracks: tracks,
    decodable,
    ...(problem === null ? {} : { problem }),
  };
  return { track, facts, colourCoding: await readColourCoding(track) };
}

async function readColourCoding(track: InputVideoTrack): Promise<ColourCoding | null> {
  return chooseColourCoding(
    await track.getColorSpace(),
    await track.getCodec(),
    await track.getCodedWidth(),
    await track.getCodedHeight(),
  );
}

function nameContainer(format: InputFormat): string {
  return format === QTFF ? 'QuickTime' : format === MPEG_TS ? 'MPEG-TS' : format.name;
}

function describeDecoder(codec: string): string {
  if (typeof VideoDecoder === 'undefined') {
    return 'This browser has no WebCodecs, so frames are taken from a player instead, which is slower and needs this tab to stay open in front.';
  }
  return describeUndecodable(codec);
}

/** Frames that end before 0 are not shown, so a clip that starts at -80 ms starts at 0. */
async function computeSpan(track: InputVideoTrack): Promise<{ startMs: number; durationMs: number }> {
  // Rounded up, so that 0 ms in clip time is never before the first frame.
  const startMs = Math.max(0, Math.ceil((await track.getFirstTimestamp()) * 1e6 - 1e-3) / 1e3);
  const durationMs = Math.round(((await track.computeDuration()) * 1e3 - startMs) * 1e3) / 1e3;
  if (!(durationMs <= MAX_DURATION_MS)) {
    throw new FramesiftError(
      'unsupported-video',
      `This clip claims to last ${Math.round(durationMs / 3_600_000).toLocaleString('en')} hours; clips of up to 24 hours are taken. If it is shorter, its file is damaged.`,
    );
  }
  if (durationMs < 0) throw new FramesiftError('unreadable-video', `This clip has no frames. ${CUT_OFF}`);
  return { startMs, durationMs };
}

async function computeAverageFrameRate(track: InputVideoTrack): Promise<number | null> {
  const metrics = await track.computeFrameRateMetrics({ targetPacketCount: AVERAGE_FRAME_RATE_PACKETS });
  return metrics.probedPacketCount < 2 ? null : metrics.averageFrameRate;
}

/**
 * An MP4 knows its frames from a table at its front, so a cut-off file looks whole until a frame
 * beyond its end is read. Throws when not even the first frame is there.
 */
async function findMissingEnd(track: InputVideoTrack, durationMs: number): Promise<string | null> {
  const packets = new EncodedPacketSink(track);
  const isThere = async (read: () => Promise<unknown>): Promise<boolean> => {
    try {
      return (await read()) !== null;
    } catch {
      return false;
    }
  };
  if (!(await isThere(() => packets.getFirstPacket()))) {
    throw new FramesiftError(
      'unreadable-video',
      `The pictures of this clip are missing from the file. ${CUT_OFF}`,
    );
  }
  if (durationMs > 0 && !(await isThere(() => packets.getPacket(Infinity)))) {
    return `The end of this clip is missing from the file, so its last frames cannot be read. ${CUT_OFF}`;
  }
  return null;
}
