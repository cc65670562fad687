/** Runs in the page of scripts/bench/unreferenced.ts and of a browser test: decoding with and without pictures that nothing refers to. */
import type { FrameRequest } from '@/lib/shared/frames';
import type { DecodableTrack } from '@/lib/media/decoder-run';
import { openClip } from '@/lib/media/open-clip';
import { decodeFrames } from '@/lib/media/webcodecs-frames';

/** One pass over a clip. */
export interface Pass {
  /** What each request gave: its picture's time, size and bytes as a digest, or why there is none. */
  results: string[];
  /** Packets that the decoder was given. */
  packets: number;
  ms: number;
}

export interface Comparison {
  codec: string | null;
  /** Every packet decoded, as before. */
  all: Pass;
  /** Without the pictures that nothing refers to. */
  wanted: Pass;
}

async function digestOf(frame: VideoFrame): Promise<string> {
  const bytes = new Uint8Array(frame.allocationSize());
  await frame.copyTo(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${frame.format} ${frame.codedWidth}×${frame.codedHeight} ${hex}`;
}

async function decode(
  file: Blob,
  requests: readonly FrameRequest[],
  decodesAll: boolean,
  isCompared: boolean,
): Promise<Pass> {
  const clip = await openClip(file);
  try {
    const { video } = clip;
    if (!video) throw new Error(clip.facts.problem ?? 'The clip cannot be decoded.');
    let packets = 0;
    const openDecoder: DecodableTrack['openDecoder'] = async (output) => {
      const decoder = await video.openDecoder(output);
      return {
        get queueSize() {
          return decoder.queueSize;
        },
        decode: (packet) => {
          packets += 1;
          decoder.decode(packet);
        },
        flush: () => decoder.flush(),
        close: () => decoder.close(),
      };
    };
    const counted = { ...clip, video: { ...video, openDecoder, decodesAll } };
    const results: string[] = [];
    const startedMs = performance.now();
    for await (const one of decodeFrames(counted, requests)) {
      if (!one.sample) {
        results.push(one.reason);
        continue;
      }
      const frame = one.sample.toVideoFrame();
      one.sample.close();
      results.push(isCompared ? `${one.span.startMs} ${await digestOf(frame)}` : '');
      frame.close();
    }
    return { results, packets, ms: performance.now() - startedMs };
  } finally {
    clip.close();
  }
}

/**
 * Decodes the frames at every `intervalMs` in both ways.
 * @param isCompared whether the pictures are read, which takes longer than to decode them
 * @param mostFrames no more than so many, from the beginning on
 */
async function compare(
  file: Blob,
  intervalMs: number,
  isCompared: boolean,
  mostFrames = Infinity,
): Promise<Comparison> {
  const { facts, close } = await openClip(file);
  close();
  const count = Math.min(mostFrames, Math.max(1, Math.ceil(facts.durationMs / intervalMs)));
  const requests = Array.from({ length: count }, (_, frameIndex) => ({
    frameIndex,
    timestampMs: frameIndex * intervalMs,
  }));
  const all = await decode(file, requests, true, isCompared);
  const wanted = await decode(file, requests, false, isCompared);
  return { codec: facts.codec, all, wanted };
}

const unreferenced = { compare };

export type UnreferencedPage = typeof unreferenced;

Object.assign(globalThis, { unreferenced });
