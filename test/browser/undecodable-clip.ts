import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny';

/** Smallest `hvcC` record that parses: version 1, Main profile, four-byte lengths, no parameter sets. */
function hevcConfiguration(): Uint8Array {
  const record = new Uint8Array(23);
  record.set([1, 1]);
  record[21] = 3;
  return record;
}

/** A well-formed MP4 of three HEVC frames, which Chromium without a hardware decoder cannot decode. */
export async function makeHevcClip(): Promise<Uint8Array> {
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat(), target });
  const source = new EncodedVideoPacketSource('hevc');
  output.addVideoTrack(source, { frameRate: 1 });
  await output.start();
  const decoderConfig = {
    codec: 'hvc1.1.6.L93.B0',
    codedWidth: 320,
    codedHeight: 240,
    description: hevcConfiguration(),
  };
  for (let second = 0; second < 3; second += 1) {
    const packet = new EncodedPacket(new Uint8Array([0, 0, 0, 2, 0x26, 1]), 'key', second, 1);
    await source.add(packet, { decoderConfig });
  }
  await output.finalize();
  return new Uint8Array(target.buffer!);
}
