import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { VideoService } from '@/lib/media/video-service';
import { prepareMoments } from '@/lib/core/prepare-moments';
import { installRpc, serve } from '@/lib/rpc/remote';
import { FramesiftError } from '@/lib/shared/errors';
import { eventually } from '../../support/eventually';
import { ChannelWorker } from '../../support/channel-worker';
import { decoder, pixelsOfFrame, resetDecoder, sizeOfClip } from '../../support/fake-clips';
import type { FakeRuntimeOptions, Mishap } from '../../support/fake-runtime';
import { closePages, FRAMES, openReadingPage, readClip, type ReadingPage } from '../../support/reading-page';

vi.mock('@/lib/media/open-clip', async () => (await import('../../support/fake-clips')).openClipMock());
vi.mock('@/lib/media/webcodecs-frames', async () =>
  (await import('../../support/fake-clips')).decodeFramesMock(),
);
vi.mock('@/lib/media/stills', async () => (await import('../../support/fake-clips')).stillsMock());
vi.mock('@/lib/media/frame-pixels', async () => (await import('../../support/fake-clips')).framePixelsMock());
vi.mock('@/lib/pixels/resize', async () => (await import('../../support/fake-clips')).resizeMock());
vi.mock('@/lib/media/thumbnail', async (importOriginal) =>
  (await import('../../support/fake-clips')).thumbnailMock(importOriginal),
);

/*
 * The page's services with the real video service and the real CLIP service over message channels, and two jobs at once.
 * Issue 20: the frames of one were given to the other.
 */

const CLIP = 'a clip that is read';
const OTHER = 'another file';
const RESIZE = { size: 8, fit: 'stretch' } as const;

function openPageWithVideo(mishaps: FakeRuntimeOptions = {}): ReadingPage {
  return openReadingPage({
    mishaps,
    video: () => new ChannelWorker((port) => serve(new VideoService(), port)).asWorker(),
  });
}

const prepareOther = ({ services }: ReadingPage, timestampsMs: number[]) =>
  prepareMoments(services.openClip(new Blob([OTHER])), timestampsMs, RESIZE);

function expectClipIsItself({ database }: ReadingPage): void {
  expect(database.state).toBe('done');
  const frames = [...database.frames.values()].sort((a, b) => a.frameIndex - b.frameIndex);
  expect(frames.map(({ frameIndex }) => frameIndex)).toEqual(Array.from({ length: FRAMES }, (_, i) => i));
  for (const { frameIndex, timestampMs, width, height } of frames) {
    expect({ timestampMs, width, height }).toEqual({ timestampMs: frameIndex * 1000, ...sizeOfClip(CLIP) });
  }
}

beforeAll(installRpc);
afterEach(() => {
  closePages();
  resetDecoder();
});

describe('two frame jobs at once', () => {
  it('keep their frames apart when the second begins while a clip is read', async () => {
    const page = openPageWithVideo();
    const asked: ReturnType<typeof prepareOther>[] = [];
    decoder.onFrame = (name, frameIndex) => {
      if (name === CLIP && frameIndex % 7 === 3) asked.push(prepareOther(page, [100, 200, 300]));
      return Promise.resolve();
    };
    const { failures } = await readClip(page, new Blob([CLIP]));
    expect(failures).toEqual([]);
    expectClipIsItself(page);
    expect(asked.length).toBeGreaterThan(3);
    for (const frames of await Promise.all(asked)) {
      expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([100, 200, 300]);
      for (const { frameIndex, pixels, width, height } of frames) {
        expect(pixels).toEqual(pixelsOfFrame(OTHER, frameIndex, RESIZE.size));
        expect({ width, height }).toEqual(sizeOfClip(OTHER));
      }
    }
  });

  it('keep their frames apart when a clip begins to be read while the console prepares frames', async () => {
    const page = openPageWithVideo();
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    decoder.onFrame = async (name, frameIndex) => {
      if (name === OTHER && frameIndex === 1) begin();
      // Slower than the clip, so that the clip is read meanwhile.
      if (name === OTHER) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    const moments = Array.from({ length: 30 }, (_, i) => i * 10);
    const asked = prepareOther(page, moments);
    await begun;
    const [frames, { failures }] = await Promise.all([asked, readClip(page, new Blob([CLIP]))]);
    expect(failures).toEqual([]);
    expectClipIsItself(page);
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual(moments);
  });
});

const BATCH = 8;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A model that takes so long for each batch. */
const slowly =
  (embedMs: number): Mishap =>
  ({ rows }) =>
    embedMs > 0 && rows > 1 ? pause(embedMs).then(() => new Float32Array(rows * 512).fill(1)) : undefined;

describe('batches of frames', () => {
  // Decision 002: two decoded ahead, one being embedded, one being written.
  it.each([
    ['the model', 40, 0],
    ['the library', 0, 40],
    ['the decoder', 0, 0],
  ])('are four at a time at most where %s is the slowest', async (slowest, embedMs, storeMs) => {
    let stored = 0;
    let most = 0;
    const page = openPageWithVideo({ onVision: slowly(embedMs) });
    page.database.onStore = async (frames) => {
      await pause(storeMs);
      stored += frames.length;
    };
    decoder.onFrame = async () => {
      if (slowest === 'the decoder') await pause(3);
      most = Math.max(most, decoder.decoded.length + 1 - stored);
    };
    await readClip(page, new Blob([CLIP]));
    expectClipIsItself(page);
    expect(most).toBeLessThanOrEqual(4 * BATCH);
    if (slowest === 'the library') expect(most).toBe(4 * BATCH);
  });
});

describe('a stored batch', () => {
  // Batch, credit, storeFrameBatch and its answer; two more tell the page of the progress.
  it('takes six messages between contexts', async () => {
    // A worker's pulse is felt by the clock, whatever is stored.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const posted = vi.spyOn(MessagePort.prototype, 'postMessage');
    // Comlink lets go of objects when memory is collected, earlier tests' too.
    const countPosted = () => {
      const messages = posted.mock.calls.map(([message]) => message as { type?: string; id?: string } | null);
      const releases = new Set(messages.filter((m) => m?.type === 'RELEASE').map((m) => m?.id));
      return messages.filter((m) => m?.id === undefined || !releases.has(m.id)).length;
    };
    const messagesOf = async (batches: number) => {
      const page = openPageWithVideo();
      const before = countPosted();
      await readClip(page, new Blob([CLIP]), undefined, batches * BATCH);
      // The last answers are a moment behind.
      await pause(200);
      return countPosted() - before;
    };
    const few = await messagesOf(2);
    const many = await messagesOf(12);
    posted.mockRestore();
    vi.useRealTimers();
    expect((many - few) / 10).toBe(6);
  });
});

describe('a clip that is being read', () => {
  it('goes on where a decoder was lost in the middle, and decodes no stored frame again', async () => {
    const page = openPageWithVideo();
    let isLost = false;
    decoder.onFrame = (_, frameIndex) => {
      if (isLost || frameIndex !== 21) return Promise.resolve();
      isLost = true;
      return Promise.reject(
        new FramesiftError('timed-out', 'The decoder was taken back.', { transient: true }),
      );
    };
    const { failures } = await readClip(page, new Blob([CLIP]));
    expect(failures).toEqual([]);
    expectClipIsItself(page);
    expect(decoder.decoded).toEqual(
      Array.from({ length: FRAMES }, (_, frameIndex) => `${CLIP}:${frameIndex}`),
    );
    // What failed is opened anew.
    expect([decoder.opened, decoder.closed]).toEqual([2, 1]);
  });

  it('stops when it is cancelled while it waits for the decoder, and frees the decoder', async () => {
    const page = openPageWithVideo();
    const cancel = new AbortController();
    decoder.onFrame = (_, frameIndex, signal) =>
      frameIndex < 20
        ? Promise.resolve()
        : new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new FramesiftError('cancelled', 'Cancelled.')));
            setTimeout(() => cancel.abort(), 20);
          });
    await expect(readClip(page, new Blob([CLIP]), cancel.signal)).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(page.database.state).toBe('cancelled');
    // Batches of 2, 4 and 8 were whole.
    expect([...page.database.frames.keys()]).toEqual(Array.from({ length: 14 }, (_, i) => i));
    await eventually(() => expect(decoder.running).toBe(0));
  });

  it('stores the batch in hand when it is cancelled, and is read to its end later', async () => {
    const page = openPageWithVideo({ onVision: slowly(50) });
    const cancel = new AbortController();
    page.database.onStore = () => cancel.abort();
    await expect(readClip(page, new Blob([CLIP]), cancel.signal)).rejects.toMatchObject({
      code: 'cancelled',
    });
    // The batch in hand, the first and smallest one, is stored whole.
    expect(page.database.frames.size).toBe(2);
    page.database.onStore = () => undefined;
    await readClip(page, new Blob([CLIP]));
    expectClipIsItself(page);
    expect([...page.database.writes.values()].every((count) => count === 1)).toBe(true);
  });
});
