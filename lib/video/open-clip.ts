import {
  EncodedPacketSink,
  type Input,
  type EncodedPacket,
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
import type { DecodableTrack } from './decoder-run';
import { EntryPoints } from './entry-points';
import {
  findFragmentAt,
  hasFragmentIndex,
  isMissingBetween,
  walkFragments,
  type Fragments,
} from './fragment-damage';
import { decoderOf } from './frame-decoder';
import { isDamagedBetween } from './matroska-damage';
import { withoutBrokenEnd } from './matroska-tail';
import { JPEG_COLOURS, jpegConfig, jpegDecoder, MOTION_JPEG } from './jpeg-decoder';
import { openMediabunny } from './mediabunny-input';
import { MediabunnyPackets } from './mediabunny-packets';
import type { OpenClip } from './opened-clip';
import { measureTrack, type TrackSpan } from './track-span';
import type { TransportClock } from './transport-clock';
import { openTrack } from './open-track';
import { overBlack } from './over-black';
import { openOtherContainer, refuseForeignVideo, sniffOtherContainer } from './other-containers';
import { spanOfPackets } from './packet-span';
import { describedPackets } from './sample-descriptions';
import { countsBeyondFile } from './sample-tables';
import { CUT_OFF } from './track-refusals';
import { videoTrackOf } from './track-choice';

/** Containers whose tracks may have several sample descriptions. */
const WITH_DESCRIPTIONS = new Set(['MP4', 'QuickTime']);

/** Reading a file's tables may scan it to its end (Matroska without cues); after this it is given up. */
const OPEN_TIMEOUT_MS = 30_000;

/** 8K is 33 megapixels; a picture of this size takes 160 MB as RGBA. */
const MAX_FRAME_PIXELS = 40_000_000;

const AVERAGE_FRAME_RATE_PACKETS = 256;

/** Opens a clip and reads its facts. Throws a FramesiftError that says what the file is instead. */
export async function openClip(blob: Blob): Promise<OpenClip> {
  if (blob.size === 0) throw new FramesiftError('unreadable-video', 'This file is empty.');
  const head = await readHead(blob);
  const other = sniffOtherContainer(head);
  if (other) return openOtherContainer(blob, other);
  const foreign = sniffForeignFile(head);
  if (foreign?.kind === 'video') throw await refuseForeignVideo(blob, foreign);
  if (foreign) throw new FramesiftError('unsupported-video', describeForeignFile(foreign));

  let input = openMediabunny(blob);
  try {
    const opened = await withTimeout(
      (async () => {
        const file = await mendFile(input, blob);
        if (file.readable !== blob) {
          input.dispose();
          input = openMediabunny(file.readable);
        }
        return readClip(input, file);
      })(),
      OPEN_TIMEOUT_MS,
      'Reading this clip',
    );
    return { ...opened, close: () => input.dispose() };
  } catch (error) {
    input.dispose();
    if (error instanceof FramesiftError) throw error;
    throw new FramesiftError('unreadable-video', `This clip’s structure is damaged. ${CUT_OFF}`, {
      cause: error,
    });
  }
}

/** A file as it was chosen, or without damage that would end its reading early. */
interface MendedFile {
  chosen: Blob;
  readable: Blob;
  /** Whether its end is missing. */
  isCutOff: boolean;
  isFragmented: boolean;
  /** Null for all but transport streams. */
  clock: TransportClock | null;
}

async function mendFile(input: Input, blob: Blob): Promise<MendedFile> {
  const file: MendedFile = {
    chosen: blob,
    readable: blob,
    isCutOff: false,
    isFragmented: false,
    clock: null,
  };
  const format = (await input.canRead()) ? await input.getFormat() : null;
  if (format === MATROSKA || format === WEBM) {
    const whole = await withoutBrokenEnd(blob);
    return { ...file, readable: whole ?? blob, isCutOff: whole !== null };
  }
  if (format === MPEG_TS) {
    const clock = await readClock(blob);
    return { ...file, readable: clock?.readable ?? blob, clock };
  }
  if (format !== MP4 && format !== QTFF) return file;
  if (await countsBeyondFile(blob)) {
    throw new FramesiftError(
      'unreadable-video',
      'This clip’s structure is damaged: its tables count more pictures than the file can hold. Fetch the file again and try once more.',
    );
  }
  const fragments = await mendFragments(input, blob);
  if (!fragments) return file;
  return { ...file, readable: fragments.blob, isCutOff: fragments.endsDamaged, isFragmented: true };
}

/** So many boxes of a file that has an index are looked at, which takes two seconds at most. */
const MAX_INDEXED_BOXES = 4_000;

async function mendFragments(input: Input, blob: Blob): Promise<Fragments | null> {
  if (await hasFragmentIndex(blob)) return walkFragments(blob, 0, MAX_INDEXED_BOXES);
  let last: EncodedPacket | null;
  try {
    const [track] = await input.getVideoTracks();
    last = track ? await new EncodedPacketSink(track).getPacket(Infinity, { metadataOnly: true }) : null;
  } catch {
    // What it could not read is found by walking.
    return walkFragments(blob);
  }
  const place = last && (await findFragmentAt(blob, last.sequenceNumber));
  return last && place === null ? null : walkFragments(blob, place ?? 0);
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

async function readClip(input: Input, file: MendedFile): Promise<Omit<OpenClip, 'close'>> {
  const { readable: blob, clock } = file;
  if (!(await input.canRead())) {
    throw new FramesiftError(
      'unsupported-video',
      'This file is not a video that browsers can read. Choose an MP4, MOV, WebM, MKV, TS, AVI or FLV clip.',
    );
  }
  const container = nameContainer(await input.getFormat());
  const { track, tracks, chosen } = await openTrack(input, blob, container, videoTrackOf(file.chosen));
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

  const isJpeg = decodable && codec === MOTION_JPEG;
  const { video, span } = await readTrack(blob, track, container, {
    unwrapped: clock?.unwrapped ?? null,
    jpegSize: isJpeg ? { width, height } : null,
  });
  const problem = decodable
    ? joinSentences(
        describeGaps({ ...span, isCutOff: span.isCutOff || file.isCutOff }),
        clock?.problem ?? null,
      )
    : describeDecoder(codec);
  const facts: ClipFacts = {
    container,
    codec,
    codecString: await track.getCodecParameterString(),
    width,
    height,
    rotationDegrees: await track.getRotation(),
    durationMs: span.durationMs,
    startMs: span.startMs,
    averageFrameRate: clock?.unwrapped
      ? frameRateOf(clock.unwrapped.stepUs)
      : await computeAverageFrameRate(track),
    bytes: file.chosen.size,
    hasAudio,
    videoTrack: chosen.index,
    videoTracks: tracks,
    decodable,
    ...(problem === null ? {} : { problem }),
  };
  return {
    track: clock?.unwrapped ? null : track,
    video: decodable ? video : null,
    timeline: span.timeline,
    rhythmMs: span.rhythmMs,
    isDamagedBetween: clock ? clock.isDamagedBetween : damageFinder(blob, container, track, file),
    facts,
    colourCoding: isJpeg ? JPEG_COLOURS : await readColourCoding(track),
  };
}

function damageFinder(
  blob: Blob,
  container: string,
  track: InputVideoTrack,
  { chosen, isFragmented }: MendedFile,
): ((fromUs: number, toUs: number) => Promise<boolean>) | null {
  const isMatroska = container === 'Matroska' || container === 'WebM';
  if (!isMatroska && !isFragmented) return null;
  let fragments: Promise<Fragments | null> | null = null;
  const sink = new EncodedPacketSink(track);
  // mediabunny 1.61.0 numbers a packet by the place of its cluster or fragment in the file, and its own place in there.
  const placeAt = async (us: number) =>
    (await sink.getPacket((us + 0.5) / 1e6, { metadataOnly: true }))?.sequenceNumber ?? null;
  return async (fromUs, toUs) => {
    const [from, to] = [await placeAt(fromUs), await placeAt(toUs)];
    if (from === null || to === null) return false;
    if (isMatroska) return isDamagedBetween(blob, from, to);
    const walked = await (fragments ??= walkFragments(chosen));
    return walked !== null && isMissingBetween(walked, from, to);
  };
}

async function readTrack(
  blob: Blob,
  track: InputVideoTrack,
  container: string,
  {
    unwrapped,
    jpegSize,
  }: { unwrapped: TransportClock['unwrapped']; jpegSize: { width: number; height: number } | null },
): Promise<{ video: DecodableTrack | null; span: TrackSpan }> {
  const plain = unwrapped?.packets ?? new MediabunnyPackets(track);
  if (!(await plain.firstPacket().catch(() => null))) {
    throw new FramesiftError(
      'unreadable-video',
      (await new EncodedPacketSink(track).getFirstPacket({ metadataOnly: true }).catch(() => null))
        ? `The pictures of this clip are missing from the file. ${CUT_OFF}`
        : `This clip has no frames. ${CUT_OFF}`,
    );
  }
  const decoderConfig = jpegSize ? jpegConfig(jpegSize) : await track.getDecoderConfig();
  const packets = WITH_DESCRIPTIONS.has(container)
    ? await describedPackets(plain, blob, track.id, decoderConfig)
    : plain;
  const entries = decoderConfig && new EntryPoints(packets, decoderConfig);
  const first = entries && (await entries.first());
  if (entries && !first) {
    throw new FramesiftError(
      'unreadable-video',
      'Decoding can begin at no picture of this clip: it was cut out of a longer recording. Cut it anew at a key frame, or convert it to MP4 (H.264).',
    );
  }
  const span =
    unwrapped && first
      ? spanOfPackets({ ...unwrapped, startUs: Math.max(first.packet.timestampUs, first.wholeFromUs) })
      : await measureTrack(blob, track, container, packets, first);
  checkDuration(span);
  if (!decoderConfig || !entries) return { video: null, span };
  const { timesAreOfDecoding } = span;
  return {
    video: {
      packets,
      entries,
      decoderConfig,
      openDecoder: jpegSize ? jpegDecoder(jpegSize) : overBlack(decoderOf(track)),
      timesAreOfDecoding,
    },
    span,
  };
}

async function readColourCoding(track: InputVideoTrack): Promise<ColourCoding | null> {
  return chooseColourCoding(
    await track.getColorSpace(),
    await track.getCodec(),
    await track.getCodedWidth(),
    await track.getCodedHeight(),
  );
}

/** Goes through a transport stream once, with a reader that is fetched now. */
async function readClock(blob: Blob): Promise<TransportClock | null> {
  const { readTransportClock } = await import('./transport-clock');
  return readTransportClock(blob);
}

function joinSentences(...sentences: (string | null)[]): string | null {
  return sentences.filter((sentence) => sentence !== null).join(' ') || null;
}

const frameRateOf = (stepUs: number | null): number | null => (stepUs === null ? null : 1e6 / stepUs);

function nameContainer(format: InputFormat): string {
  return format === QTFF ? 'QuickTime' : format === MPEG_TS ? 'MPEG-TS' : format.name;
}

function describeDecoder(codec: string): string {
  if (typeof VideoDecoder === 'undefined') {
    return 'This browser has no WebCodecs, so frames are taken from a player instead, which is slower and needs this tab to stay open in front.';
  }
  return describeUndecodable(codec);
}

function checkDuration({ durationMs }: TrackSpan): void {
  if (durationMs <= MAX_DURATION_MS) return;
  throw new FramesiftError(
    'unsupported-video',
    `This clip claims to last ${Math.round(durationMs / 3_600_000).toLocaleString('en')} hours; clips of up to 24 hours are taken. If it is shorter, its file is damaged.`,
  );
}

/** What of the clip is not shown as it should be; null for nothing. */
function describeGaps({
  isCutOff,
  changesSpeed,
}: Pick<TrackSpan, 'isCutOff' | 'changesSpeed'>): string | null {
  const sentences = [
    ...(isCutOff
      ? [`The end of this clip is missing from the file, so its last frames cannot be read. ${CUT_OFF}`]
      : []),
    ...(changesSpeed
      ? [
          'This clip plays parts of itself at another speed. They are read at the speed of the recording, so times after them differ from a player’s.',
        ]
      : []),
  ];
  return sentences.length === 0 ? null : sentences.join(' ');
}

async function computeAverageFrameRate(track: InputVideoTrack): Promise<number | null> {
  const metrics = await track.computeFrameRateMetrics({ targetPacketCount: AVERAGE_FRAME_RATE_PACKETS });
  return metrics.probedPacketCount < 2 ? null : metrics.averageFrameRate;
}
