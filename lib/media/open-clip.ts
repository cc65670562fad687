import type { ClipFacts } from '@/lib/ports/media';
import {
  EncodedPacketSink,
  MPEG_TS,
  QTFF,
  type Input,
  type InputFormat,
  type InputVideoTrack,
} from 'mediabunny';
import { withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { MAX_DURATION_MS } from './choose-timestamps';
import { describeForeignFile, describeUndecodable, SNIFFED_BYTES, sniffForeignFile } from './clip-facts';
import { chooseColourCoding, readWrittenColours } from '@/lib/pixels/colour';
import type { DecodableTrack } from './decoder-run';
import { EntryPoints } from './entry-points';
import { decoderOf } from './frame-decoder';
import { JPEG_COLOURS, jpegConfig, jpegDecoder, MOTION_JPEG } from './jpeg-decoder';
import { openMediabunny } from './mediabunny-input';
import { MediabunnyPackets } from './mediabunny-packets';
import { mendFile, type MendedFile } from './mend-file';
import type { OpenClip } from './opened-clip';
import { measureTrack, type TrackSpan } from './track-span';
import { openTrack } from './open-track';
import { overBlack } from './over-black';
import { openOtherContainer, refuseForeignVideo, sniffOtherContainer } from './other-containers';
import { spanOfPackets } from './packet-span';
import { describedPackets } from './sample-descriptions';
import { CUT_OFF } from './track-refusals';
import { videoTrackOf } from './track-choice';

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
  const { video, span } = await readTrack(file, track, container, {
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
    isDamagedBetween: file.damageIn?.(track) ?? null,
    facts,
    ...(isJpeg ? { colourCoding: JPEG_COLOURS, writtenColours: null } : await readColours(track)),
  };
}

async function readTrack(
  { moov, clock }: MendedFile,
  track: InputVideoTrack,
  container: string,
  { jpegSize }: { jpegSize: { width: number; height: number } | null },
): Promise<{ video: DecodableTrack | null; span: TrackSpan }> {
  const unwrapped = clock?.unwrapped ?? null;
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
  const packets = moov ? describedPackets(plain, moov, track.id, decoderConfig) : plain;
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
      : await measureTrack(moov, track, container, packets, first);
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

async function readColours(
  track: InputVideoTrack,
): Promise<Pick<OpenClip, 'colourCoding' | 'writtenColours'>> {
  const said = [
    await track.getColorSpace(),
    await track.getCodec(),
    await track.getCodedWidth(),
    await track.getCodedHeight(),
  ] as const;
  return { colourCoding: chooseColourCoding(...said), writtenColours: readWrittenColours(...said) };
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
