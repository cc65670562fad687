import { vi } from 'vitest';
import type { FrameRequest, ResizeSpec } from '@/lib/shared/frames';
import { seededRandom } from './random';

/*
 * Clips for the video worker's own code in Node, which has no decoder: what a file says is the clip's name, and its
 * name and a frame's number decide every pixel. For `vi.mock`:
 *
 *   vi.mock('@/lib/media/open-clip', async () => (await import('../../support/fake-clips')).openClipMock());
 */

/** Upright size of a clip's frames, by its name. */
export function sizeOfClip(name: string): { width: number; height: number } {
  return { width: 100 + name.length, height: 50 };
}

/** Pixels of a frame as a model gets them. */
export function pixelsOfFrame(name: string, frameIndex: number, side: number): Uint8Array<ArrayBuffer> {
  const seed = name.length * 1000 + frameIndex + 1;
  const random = seededRandom(seed);
  // Noise alone looks the same in every frame, and is embedded once.
  const brightness = (frameIndex * 53) % 200;
  return Uint8Array.from({ length: side * side * 3 }, () => brightness + Math.floor(random() * 50));
}

interface FakeClip {
  name: string;
  facts: { decodable: boolean; durationMs: number };
  colourCoding: null;
  close: () => void;
}

interface FakeSample {
  name: string;
  frameIndex: number;
}

/** What happens in the decoder, counted over a test. */
export const decoder = {
  opened: 0,
  closed: 0,
  /** Decoders that are at work. */
  running: 0,
  /** Frames that were decoded, in order, as `name:frameIndex`. */
  decoded: [] as string[],
  /** Called before a frame; may throw, or wait. */
  onFrame: undefined as
    ((name: string, frameIndex: number, signal: AbortSignal) => Promise<void>) | undefined,
};

export function resetDecoder(): void {
  Object.assign(decoder, { opened: 0, closed: 0, running: 0, decoded: [], onFrame: undefined });
}

export function openClipMock() {
  return {
    openClip: async (file: Blob): Promise<FakeClip> => {
      const name = await file.text();
      decoder.opened += 1;
      return {
        name,
        facts: { decodable: true, durationMs: 1000 },
        colourCoding: null,
        close: () => (decoder.closed += 1),
      };
    },
  };
}

export function decodeFramesMock() {
  return {
    async *decodeFrames({ name }: FakeClip, requests: FrameRequest[], signal: AbortSignal) {
      decoder.running += 1;
      try {
        for (const request of requests) {
          const { frameIndex, timestampMs } = request;
          await decoder.onFrame?.(name, frameIndex, signal);
          decoder.decoded.push(`${name}:${frameIndex}`);
          const span = { startMs: timestampMs, endMs: timestampMs + 1 };
          yield { request, timestampMs, span, sample: { name, frameIndex } };
        }
      } finally {
        decoder.running -= 1;
      }
    },
  };
}

export function stillsMock() {
  return {
    readStills: ({ name }: FakeClip, timestampsMs: number[]) =>
      Promise.resolve(timestampsMs.map((timestampMs) => ({ blob: new Blob([name]), timestampMs }))),
    openSample: (sample: FakeSample) => {
      const { width, height } = sizeOfClip(sample.name);
      return {
        frame: { ...sample, close: () => undefined },
        orientation: { rotationDegrees: 0, flip: false, displayWidth: width, displayHeight: height },
      };
    },
  };
}

export function framePixelsMock() {
  return {
    FramePixelReader: class {
      read(sample: FakeSample) {
        return Promise.resolve(sample);
      }
    },
  };
}

export function resizeMock() {
  return {
    resizeFrame: vi.fn(),
    resizeFrameAndThumbnail: ({ name, frameIndex }: FakeSample, { size }: ResizeSpec) => ({
      pixels: pixelsOfFrame(name, frameIndex, size),
      thumbnail: null,
    }),
  };
}

export async function thumbnailMock(importOriginal: () => Promise<object>) {
  return {
    ...(await importOriginal()),
    ThumbnailWriter: class {
      write() {
        return Promise.resolve(Uint8Array.of(1));
      }
    },
  };
}
