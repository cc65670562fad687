import { describe, expect, it } from 'vitest';
import { prepareMoments } from '@/lib/ingest/prepare-moments';
import type { FrameJob } from '@/lib/ingest/video-service';
import { produceBatches } from '@/lib/rpc/job-port';
import type { FrameBatch, PreparedFrame } from '@/lib/shared/frames';

const RESIZE = { size: 8, fit: 'stretch' } as const;
const FILE = new Blob(['clip']);

function frame(frameIndex: number): PreparedFrame {
  const pixels = new Uint8Array(3);
  return { frameIndex, timestampMs: frameIndex, width: 1, height: 1, pixels, thumbnail: pixels };
}

/** A video worker that gives these batches, and what it was asked for and has given. */
function videoWith(...batches: FrameBatch[]) {
  const jobs: FrameJob[] = [];
  let given = 0;
  async function* give() {
    for (const batch of batches) {
      given += 1;
      yield await Promise.resolve(batch);
    }
  }
  const prepareFrames = (job: FrameJob, port: MessagePort, signal: AbortSignal) => {
    jobs.push(job);
    return produceBatches<FrameBatch>(port, give, { signal, creditMs: 5_000, consumer: 'The page' });
  };
  return { prepareFrames, jobs, given: () => given };
}

describe('prepareMoments', () => {
  it('gathers all batches of one job', async () => {
    const video = videoWith(
      { frames: [frame(0), frame(1)], failures: [] },
      { frames: [frame(2)], failures: [] },
    );
    const prepared = await prepareMoments(video, FILE, [10, 20, 30], RESIZE);
    expect(prepared.map(({ frameIndex }) => frameIndex)).toEqual([0, 1, 2]);
    const requests = [10, 20, 30].map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
    expect(video.jobs).toEqual([
      { decoder: 'webcodecs', file: FILE, requests, resize: RESIZE, batchSize: 8 },
    ]);
  });

  it('fails with a moment’s reason once all moments have been looked at', async () => {
    const failure = { frameIndex: 0, timestampMs: 10, reason: 'damaged here' };
    const video = videoWith({ frames: [], failures: [failure] }, { frames: [frame(1)], failures: [] });
    await expect(prepareMoments(video, FILE, [10, 20], RESIZE)).rejects.toThrow('damaged here');
    expect(video.given()).toBe(2);
  });
});
