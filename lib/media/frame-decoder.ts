import { EncodedPacket, type VideoSample, VideoSampleSink, type InputVideoTrack } from 'mediabunny';
import type { VideoPacket } from './packet-source';

/** A decoder of one track. Its frames come under the timestamps of the packets that they were made of. */
export interface FrameDecoder {
  /** Packets that wait to be decoded. */
  readonly queueSize: number;
  /** Takes a packet; the first one, and the first after `flush`, must be one from which decoding may begin. */
  decode: (packet: VideoPacket) => void;
  /** Resolves when every frame has come out. */
  flush: () => Promise<void>;
  close: () => void;
}

/** What comes out of a decoder. Whoever receives a sample must close it. */
export interface DecoderOutput {
  onFrame: (sample: VideoSample, timestampUs: number) => void;
  onError: (error: unknown) => void;
}

export type OpenDecoder = (output: DecoderOutput) => Promise<FrameDecoder>;

/**
 * mediabunny's wrapper of a WebCodecs decoder, which is internal to mediabunny 1.61.0. It goes round faults of
 * Chromium that are known by number: B pictures lost where the SPS does not say how far they are reordered (mediabunny
 * #488), interlaced H.264 (crbug 456919096), packets that Chromium does not take for key frames (crbug 470109459,
 * 507611247), incomplete colour spaces. Its own matching of frames to packets by order is switched off.
 */
interface DecoderWrapper {
  inputTimestamps: number[];
  rotation: VideoSample['rotation'];
  flip: boolean;
  sampleHandler: (sample: VideoSample) => void;
  getDecodeQueueSize: () => number;
  decode: (packet: EncodedPacket) => void;
  flush: () => Promise<void>;
  close: () => void;
}

interface DecoderFactory {
  _createDecoder: (
    onSample: (sample: VideoSample) => void,
    onError: (error: unknown) => void,
  ) => Promise<DecoderWrapper>;
}

/**
 * Decoders of a track that mediabunny reads.
 *
 * The wrapper never sees a packet's transparency: it would join picture and transparency in workers that it starts from
 * `blob:` URLs, which our Content Security Policy forbids.
 */
export function decoderOf(track: InputVideoTrack): OpenDecoder {
  // mediabunny would ask by the container's codec string, which may have been repaired (see open-track.ts).
  track.canDecode = () => Promise.resolve(true);
  return async ({ onFrame, onError }) => {
    const factory = new VideoSampleSink(track) as unknown as DecoderFactory;
    const wrapper = await factory._createDecoder(() => undefined, onError);
    wrapper.sampleHandler = (sample) => {
      sample.setRotation(wrapper.rotation);
      sample.setFlip(wrapper.flip);
      onFrame(sample, Math.round(sample.timestamp * 1e6));
    };
    let isFirst = true;
    return {
      get queueSize() {
        return wrapper.getDecodeQueueSize();
      },
      decode: ({ data, isKey, timestampUs, durationUs }) => {
        // WebCodecs takes a key chunk first, whatever the container calls it.
        const type = isFirst || isKey ? 'key' : 'delta';
        isFirst = false;
        wrapper.inputTimestamps.length = 0;
        wrapper.decode(new EncodedPacket(data, type, toSeconds(timestampUs), durationUs / 1e6));
      },
      flush: async () => {
        await wrapper.flush();
        isFirst = true;
      },
      close: () => wrapper.close(),
    };
  };
}

/** Seconds that mediabunny cuts to these very microseconds again. */
function toSeconds(timestampUs: number): number {
  return (timestampUs + Math.sign(timestampUs) * 0.25) / 1e6;
}
