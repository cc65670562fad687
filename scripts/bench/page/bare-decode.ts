/** Runs in a page of scripts/bench/stages.ts: bare WebCodecs over the packets that the page's own decoding takes. */
import type { FrameRequest } from '@/lib/shared/frames';
import type { OpenDecoder } from '@/lib/media/frame-decoder';
import { openClip } from '@/lib/media/open-clip';
import type { VideoPacket } from '@/lib/media/packet-source';
import { decodeFrames } from '@/lib/media/webcodecs-frames';

/** Packets that may wait in the decoder. */
const MAX_QUEUE = 40;

/** What a decoder is given, in order; null for a flush. */
type Given = VideoPacket | null;

/** Milliseconds of each round, and how many packets a round has. */
export interface BareDecoding {
  packets: number;
  ms: number[];
}

/** Notes down what the frames at `timestampsMs` take, and gives that to a decoder that nobody waits for. */
async function measure(file: Blob, timestampsMs: readonly number[], rounds: number): Promise<BareDecoding> {
  const clip = await openClip(file);
  try {
    const { video } = clip;
    if (!video) throw new Error(clip.facts.problem ?? 'The clip cannot be decoded.');
    const given: Given[] = [];
    const openDecoder: OpenDecoder = async (output) => {
      const decoder = await video.openDecoder(output);
      return {
        get queueSize() {
          return decoder.queueSize;
        },
        decode: (packet) => {
          given.push(packet);
          decoder.decode(packet);
        },
        flush: () => {
          given.push(null);
          return decoder.flush();
        },
        close: () => decoder.close(),
      };
    };
    const requests = timestampsMs.map((timestampMs, frameIndex): FrameRequest => ({
      frameIndex,
      timestampMs,
    }));
    for await (const { sample } of decodeFrames({ ...clip, video: { ...video, openDecoder } }, requests)) {
      sample?.close();
    }
    const ms: number[] = [];
    for (let round = 0; round < rounds; round += 1) ms.push(await decodeBare(video.decoderConfig, given));
    return { packets: given.filter((one) => one !== null).length, ms };
  } finally {
    clip.close();
  }
}

async function decodeBare(config: VideoDecoderConfig, given: readonly Given[]): Promise<number> {
  let failure: unknown;
  const decoder = new VideoDecoder({
    output: (frame) => frame.close(),
    error: (error) => (failure = error),
  });
  decoder.configure(config);
  const startedMs = performance.now();
  let isFirst = true;
  for (const packet of given) {
    if (failure !== undefined) throw failure as Error;
    if (!packet) {
      await decoder.flush();
      isFirst = true;
      continue;
    }
    const { data, isKey, timestampUs } = packet;
    decoder.decode(
      new EncodedVideoChunk({ type: isFirst || isKey ? 'key' : 'delta', timestamp: timestampUs, data }),
    );
    isFirst = false;
    while (decoder.decodeQueueSize > MAX_QUEUE) {
      await new Promise((resolve) => decoder.addEventListener('dequeue', resolve, { once: true }));
    }
  }
  await decoder.flush();
  const ms = performance.now() - startedMs;
  decoder.close();
  return ms;
}

const bareDecode = { measure };

export type BareDecodePage = typeof bareDecode;

Object.assign(globalThis, { bareDecode });
