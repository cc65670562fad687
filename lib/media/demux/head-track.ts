import {
  BufferSource,
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Input,
  MATROSKA,
  MkvOutputFormat,
  MPEG_TS,
  MpegTsOutputFormat,
  Output,
  type InputVideoTrack,
  type VideoCodec,
} from 'mediabunny';

/**
 * [Note: A file of one picture]
 *
 * Decoding and a clip's facts (size, shape of pixels, colours, whether this browser decodes it, ways round faults of
 * decoders) are read from a track of mediabunny's. Containers that mediabunny does not read get one too: the first key
 * picture of their stream, put by mediabunny itself into a file in memory. What it says of the stream holds for the
 * whole clip; the packets come from our own reader.
 */

/** A track that holds one picture. `close` it. */
export interface HeadTrack {
  track: InputVideoTrack;
  close: () => void;
}

/**
 * Puts a key picture into a file of its own and opens it.
 * @param packet in Annex B for H.264, else as the codec's container formats have it
 */
export async function openHeadTrack(
  codec: VideoCodec,
  packet: Uint8Array,
  config: VideoDecoderConfig,
): Promise<HeadTrack | null> {
  const isNal = codec === 'avc';
  const target = new BufferTarget();
  const output = new Output({ format: isNal ? new MpegTsOutputFormat() : new MkvOutputFormat(), target });
  const source = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(source);
  try {
    await output.start();
    await source.add(new EncodedPacket(packet, 'key', 0, 0.04), { decoderConfig: config });
    await output.finalize();
  } catch {
    // No picture of this codec, whatever the container says.
    await output.cancel().catch(() => undefined);
    return null;
  }
  if (!target.buffer) return null;
  const input = new Input({ source: new BufferSource(target.buffer), formats: [isNal ? MPEG_TS : MATROSKA] });
  const track = await input.getPrimaryVideoTrack().catch(() => null);
  if (track) return { track, close: () => input.dispose() };
  input.dispose();
  return null;
}
