import type { ClipFacts } from '@/lib/ports/media';
import { FramesiftError } from '@/lib/shared/errors';
import { describeUndecodable } from '../clip-facts';
import {
  chooseColourCoding,
  readWrittenColours,
  type ColourCoding,
  type WrittenColours,
} from '@/lib/pixels/colour';
import type { DecodableTrack } from '../decoder-run';
import { EntryPoints } from '../entry-points';
import { decoderOf } from '../frame-decoder';
import { canDecodeJpeg, JPEG_COLOURS, jpegConfig, jpegDecoder } from '../jpeg-decoder';
import type { OpenClip } from '../opened-clip';
import { spanOfPackets } from '../packet-span';
import type { DemuxedClip } from './demuxed-clip';
import { openHeadTrack } from './head-track';
import { openDemuxed } from './open-demuxed';

/** Containers that mediabunny does not read and this project does. */
export type OtherContainer = 'AVI' | 'FLV';

/** What is known of how a clip is decoded. */
interface DecodableClip {
  video: DecodableTrack;
  colourCoding: ColourCoding | null;
  writtenColours: WrittenColours | null;
  shape: Pick<ClipFacts, 'codecString' | 'width' | 'height' | 'rotationDegrees'>;
  close: () => void;
}

/** Opens a clip in a container that mediabunny does not read. Throws a FramesiftError that names what it cannot decode. */
export async function openOtherClip(blob: Blob, container: OtherContainer): Promise<OpenClip> {
  const clip = await openDemuxed(blob, container);
  const decodable = await openDecoding(clip);
  if (!decodable) throw new FramesiftError('unsupported-video', describeUndecodable(clip.codec));
  const { video, colourCoding, writtenColours, shape, close } = decodable;
  try {
    const first = await video.entries.first();
    if (!first) {
      throw new FramesiftError(
        'unreadable-video',
        'Decoding can begin at no picture of this clip: it was cut out of a longer recording. Cut it anew at a key frame, or convert it to MP4 (H.264).',
      );
    }
    const { endUs } = clip;
    const span = spanOfPackets({ startUs: first.packet.timestampUs, endUs, stepUs: clip.stepUs });
    const facts: ClipFacts = {
      container: clip.container,
      codec: clip.codec,
      ...shape,
      startMs: span.startMs,
      durationMs: span.durationMs,
      averageFrameRate: clip.stepUs === null ? null : 1e6 / clip.stepUs,
      bytes: blob.size,
      hasAudio: clip.hasAudio,
      videoTrack: 0,
      videoTracks: [
        {
          index: 0,
          codec: clip.codec,
          width: shape.width,
          height: shape.height,
          isDecodable: true,
          moves: clip.stepUs !== null,
        },
      ],
      decodable: true,
      ...(clip.problem === null ? {} : { problem: clip.problem }),
    };
    return {
      track: null,
      video,
      timeline: span.timeline,
      rhythmMs: span.rhythmMs,
      isDamagedBetween: clip.isDamagedBetween,
      facts,
      colourCoding,
      writtenColours,
      close: () => {
        clip.packets.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function openDecoding(clip: DemuxedClip): Promise<DecodableClip | null> {
  const { decoding, packets } = clip;
  if (!decoding) return null;
  if (decoding.by === 'jpeg') {
    if (!canDecodeJpeg()) return null;
    const { width, height } = decoding;
    const decoderConfig = jpegConfig(decoding);
    return {
      video: trackOf(clip, decoderConfig, jpegDecoder(decoding)),
      colourCoding: JPEG_COLOURS,
      writtenColours: null,
      shape: { codecString: null, width, height, rotationDegrees: 0 },
      close: () => undefined,
    };
  }
  const entry = await new EntryPoints(packets, decoding.config).first();
  const head = entry && (await openHeadTrack(decoding.codec, entry.packet.data, decoding.config));
  if (!head) return null;
  try {
    const { track, close } = head;
    const decoderConfig = await track.getDecoderConfig();
    if (!decoderConfig || !(await track.canDecode())) {
      close();
      return null;
    }
    const said = [
      await track.getColorSpace(),
      decoding.codec,
      await track.getCodedWidth(),
      await track.getCodedHeight(),
    ] as const;
    return {
      video: trackOf(clip, decoderConfig, decoderOf(track)),
      colourCoding: chooseColourCoding(...said),
      writtenColours: readWrittenColours(...said),
      shape: {
        codecString: await track.getCodecParameterString(),
        width: await track.getDisplayWidth(),
        height: await track.getDisplayHeight(),
        rotationDegrees: await track.getRotation(),
      },
      close,
    };
  } catch (error) {
    head.close();
    throw error;
  }
}

function trackOf(
  { packets }: DemuxedClip,
  decoderConfig: VideoDecoderConfig,
  openDecoder: DecodableTrack['openDecoder'],
): DecodableTrack {
  return {
    packets,
    entries: new EntryPoints(packets, decoderConfig),
    decoderConfig,
    openDecoder,
    timesAreOfDecoding: false,
  };
}
