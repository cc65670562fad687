import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { OpenClip } from '@/lib/media/opened-clip';
import { readPreview } from '@/lib/media/preview';
import { FramesiftError } from '@/lib/shared/errors';
import type { FrameRequest } from '@/lib/shared/frames';

/** What the decoder gives at a time: a contrast, or null for no picture. */
let contrastAt: (timestampMs: number) => number | null;
/** Times that the decoder was asked for, a list for each time that it was started. */
let asked: number[][];

vi.mock('@/lib/media/webcodecs-frames', () => ({
  async *decodeFrames(_: unknown, requests: FrameRequest[]) {
    const times: number[] = [];
    asked.push(times);
    for (const request of requests) {
      times.push(request.timestampMs);
      const contrast = await Promise.resolve(contrastAt(request.timestampMs));
      yield contrast === null
        ? { request, sample: null, reason: 'Nothing came out.' }
        : { request, sample: { contrast }, timestampMs: request.timestampMs };
    }
  },
}));
vi.mock('@/lib/media/stills', () => ({
  openSample: ({ contrast }: { contrast: number }) => ({
    frame: { contrast, close: () => undefined },
    orientation: { displayWidth: 4, displayHeight: 3, rotationDegrees: 0, flip: false },
  }),
}));
vi.mock('@/lib/media/contrast', () => ({
  TELLING_CONTRAST: 0.5,
  measureContrast: ({ contrast }: { contrast: number }) => contrast,
}));
vi.mock('@/lib/media/thumbnail', () => ({
  ThumbnailWriter: class {
    write = () => Promise.resolve(new Uint8Array(1));
  },
  uprightSize: () => ({ width: 4, height: 3 }),
}));

/** A clip of a minute, shown from 2 s of its track's clock on, with key frames every so many seconds. */
function clipWithKeyFrames(everyMs: number): OpenClip {
  const keyPacketAt = (timestampUs: number) => {
    const keyMs = Math.floor((timestampUs / 1000 - 2_000) / everyMs) * everyMs + 2_000;
    return Promise.resolve({ timestampUs: keyMs * 1000 });
  };
  return {
    facts: { durationMs: 60_000 },
    timeline: [{ clipStartMs: 0, mediaStartMs: 2_000, durationMs: 60_000 }],
    video: { packets: { keyPacketAt } },
  } as unknown as OpenClip;
}

beforeEach(() => {
  asked = [];
  contrastAt = () => 0.9;
});

describe('readPreview', () => {
  it('takes the last key frame before a tenth of the clip', async () => {
    const { timestampMs } = await readPreview(clipWithKeyFrames(4_000));
    expect(timestampMs).toBe(4_000);
    expect(asked).toEqual([[4_000]]);
  });

  it('takes a later key frame where the first ones show a fade', async () => {
    contrastAt = (timestampMs) => (timestampMs < 20_000 ? 0.1 : 0.9);
    const { timestampMs } = await readPreview(clipWithKeyFrames(4_000));
    expect(timestampMs).toBe(28_000);
    expect(asked).toEqual([[4_000, 12_000, 28_000]]);
  });

  it('decodes the moments themselves where the only key frame is black', async () => {
    contrastAt = (timestampMs) => (timestampMs < 10_000 ? 0 : 0.9);
    const { timestampMs } = await readPreview(clipWithKeyFrames(100_000));
    expect(timestampMs).toBe(15_000);
    expect(asked).toEqual([[0], [6_000, 15_000]]);
  });

  it('shows the least bad picture where all of them are fades', async () => {
    contrastAt = (timestampMs) => (timestampMs === 12_000 ? 0.3 : 0.1);
    expect((await readPreview(clipWithKeyFrames(4_000))).timestampMs).toBe(12_000);
  });

  it('decodes the moments themselves where no key frame gives a picture', async () => {
    contrastAt = (timestampMs) => (timestampMs % 4_000 === 0 ? null : 0.9);
    expect((await readPreview(clipWithKeyFrames(4_000))).timestampMs).toBe(6_000);
  });

  it('says why where nothing comes out', async () => {
    contrastAt = () => null;
    await expect(readPreview(clipWithKeyFrames(4_000))).rejects.toEqual(
      new FramesiftError('unreadable-video', 'Nothing came out.'),
    );
  });
});
