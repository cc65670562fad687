import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ClipSession } from '@/lib/media/clip-session';
import { receiveFrames } from '@/lib/encoder/receive-frames';
import { VideoService } from '@/lib/media/video-service';
import { installRpc, serve } from '@/lib/rpc/remote';
import { FramesiftError } from '@/lib/shared/errors';
import { eventually } from '../../support/eventually';
import { ChannelWorker } from '../../support/channel-worker';
import { decoder, resetDecoder } from '../../support/fake-clips';
import { closePages, openReadingPage, readClip } from '../../support/reading-page';

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

const PICTURES = { type: 'image/png', quality: 1 } as const;

const job = (count: number) => ({
  requests: Array.from({ length: count }, (_, frameIndex) => ({ frameIndex, timestampMs: frameIndex })),
  resize: { size: 8, fit: 'stretch' } as const,
  batchSize: 4,
});

/** Frames of a session, by number. */
async function framesOf(session: Pick<ClipSession, 'prepareFrames'>, count: number): Promise<number[]> {
  const { port1, port2 } = new MessageChannel();
  session.prepareFrames(job(count), port1).catch(() => undefined);
  const indexes: number[] = [];
  for await (const { frames } of receiveFrames(port2)) indexes.push(...frames.map((one) => one.frameIndex));
  return indexes;
}

const opened = () => [decoder.opened, decoder.closed];

beforeAll(installRpc);
afterEach(() => {
  closePages();
  resetDecoder();
});

describe('a clip session', () => {
  it('opens its container once, for everything that is asked of it at once and later', async () => {
    const session = new ClipSession(new Blob(['a clip']));
    expect(opened()).toEqual([0, 0]);
    const [facts, pictures, frames] = await Promise.all([
      session.facts(),
      session.readStills([1, 2], PICTURES),
      framesOf(session, 10),
    ]);
    expect(facts.decodable).toBe(true);
    expect(pictures.map(({ timestampMs }) => timestampMs)).toEqual([1, 2]);
    expect(frames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await session.facts();
    expect(opened()).toEqual([1, 0]);
    await session.close();
    expect(opened()).toEqual([1, 1]);
  });

  it('opens its container anew after a failure, and closes the old one when its other uses are over', async () => {
    const session = new ClipSession(new Blob(['a clip']));
    let goOn: () => void = () => undefined;
    decoder.onFrame = () => new Promise((resolve) => (goOn = resolve));
    const reading = framesOf(session, 1);
    await eventually(() => expect(decoder.running).toBe(1));
    decoder.onFrame = () => Promise.reject(new FramesiftError('unreadable-video', 'Damaged.'));
    await expect(framesOf(session, 1)).rejects.toThrow('Damaged.');
    await session.facts();
    expect(opened()).toEqual([2, 0]);
    goOn();
    expect(await reading).toEqual([0]);
    await eventually(() => expect(opened()).toEqual([2, 1]));
  });

  it('stays open when a call is cancelled', async () => {
    const session = new ClipSession(new Blob(['a clip']));
    decoder.onFrame = () => Promise.reject(new FramesiftError('cancelled', 'Cancelled.'));
    await expect(framesOf(session, 2)).rejects.toMatchObject({ code: 'cancelled' });
    decoder.onFrame = undefined;
    await session.facts();
    expect(opened()).toEqual([1, 0]);
  });

  it('is closed once the calls that use it are over, and then refuses others', async () => {
    const session = new ClipSession(new Blob(['a clip']));
    let goOn: () => void = () => undefined;
    decoder.onFrame = () => new Promise((resolve) => (goOn = resolve));
    const reading = framesOf(session, 1);
    await eventually(() => expect(decoder.running).toBe(1));
    let isClosed = false;
    const closing = session.close().then(() => (isClosed = true));
    await expect(session.facts()).rejects.toMatchObject({ code: 'cancelled' });
    expect(isClosed).toBe(false);
    expect(opened()).toEqual([1, 0]);
    goOn();
    expect(await reading).toEqual([0]);
    await closing;
    expect(opened()).toEqual([1, 1]);
  });

  it('reads a file anew that has changed', async () => {
    const file = new Blob(['a clip']);
    const session = new ClipSession(file);
    await session.facts();
    const gone = Object.assign(new Error('changed'), { name: 'NotReadableError' });
    vi.spyOn(file, 'slice').mockReturnValueOnce({
      arrayBuffer: () => Promise.reject(gone),
    } as unknown as Blob);
    await session.facts();
    expect(opened()).toEqual([2, 1]);
  });
});

describe('the page', () => {
  const openPage = () =>
    openReadingPage({
      video: () => new ChannelWorker((port) => serve(new VideoService(), port)).asWorker(),
    });
  const file = (name: string) => new Blob([name]);

  it('opens a clip once that is looked at, read, and read pictures of', async () => {
    const page = openPage();
    const clip = file('a clip');
    await page.services.openClip(clip).facts();
    await readClip(page, clip);
    await page.services.openClip(clip).readStills([1], PICTURES);
    expect(opened()).toEqual([1, 0]);
  });

  it('keeps the four clips open that were used last', async () => {
    const { services } = openPage();
    const files = ['a', 'b', 'c', 'd', 'e'].map(file);
    for (const one of files.slice(0, 4)) await services.openClip(one).facts();
    await services.openClip(files[0]!).facts();
    expect(opened()).toEqual([4, 0]);
    await services.openClip(files[4]!).facts();
    await eventually(() => expect(opened()).toEqual([5, 1]));
    // The second was used longest ago.
    for (const at of [0, 2, 3, 4]) await services.openClip(files[at]!).facts();
    expect(decoder.opened).toBe(5);
    await services.openClip(files[1]!).facts();
    expect(decoder.opened).toBe(6);
  });

  it('answers what a clip was asked before four others were used', async () => {
    const { services } = openPage();
    let goOn: () => void = () => undefined;
    decoder.onFrame = (name) =>
      name === 'slow' ? new Promise((resolve) => (goOn = resolve)) : Promise.resolve();
    const frames = framesOf(
      {
        prepareFrames: (work, port, signal) =>
          services.openClip(file('slow')).prepareFrames(work, port, signal),
      },
      1,
    );
    await eventually(() => expect(decoder.running).toBe(1));
    for (const name of ['a', 'b', 'c', 'd']) await services.openClip(file(name)).facts();
    expect(decoder.closed).toBe(0);
    goOn();
    expect(await frames).toEqual([0]);
    await eventually(() => expect(decoder.closed).toBe(1));
  });

  it('opens a clip again when the video worker was replaced, and ends what waited for it', async () => {
    const { services } = openPage();
    const clip = file('a clip');
    await services.openClip(clip).facts();
    decoder.onFrame = () => new Promise(() => undefined);
    const waiting = services.openClip(clip).preview();
    await eventually(() => expect(decoder.running).toBe(1));
    services.discardMediaWorkers();
    await expect(waiting).rejects.toMatchObject({ code: 'worker-lost' });
    expect((await services.openClip(clip).facts()).decodable).toBe(true);
    expect(decoder.opened).toBe(2);
  });
});
