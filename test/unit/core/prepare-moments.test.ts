import type { FrameJob } from '@/lib/ports/media';
import { describe, expect, it } from 'vitest';
import { prepareMoments } from '@/lib/core/prepare-moments';
import { produceBatches } from '@/lib/rpc/job-port';
import type { FrameBatch, PreparedFrame } from '@/lib/shared/frames';

const RESIZE = { size: 8, fit: 'stretch' } as const;

function frame(frameIndex: number): PreparedFrame {
  const pixels = new Uint8Array(3);
  return { frameIndex, timestampMs: frameIndex, width: 1, height: 1, pixels, thumbnail: pixels };
}

/** A clip that gives these batches, and what it was asked for and has given. */
function clipWith(...batches: FrameBatch[]) {
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
    const clip = clipWith(
      { frames: [frame(0), frame(1)], failures: [] },
      { frames: [frame(2)], failures: [] },
    );
    const prepared = await prepareMoments(clip, [10, 20, 30], RESIZE);
    expect(prepared.map(({ frameIndex }) => frameIndex)).toEqual([0, 1, 2]);
    const requests = [10, 20, 30].map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
    expect(clip.jobs).toEqual([{ requests, resize: RESIZE, batchSize: 8 }]);
  });

  it('fails with a moment’s reason once all moments have been looked at', async () => {
    const failure = { frameIndex: 0, timestampMs: 10, reason: 'damaged here' };
    const clip = clipWith({ frames: [], failures: [failure] }, { frames: [frame(1)], failures: [] });
    await expect(prepareMoments(clip, [10, 20], RESIZE)).rejects.toThrow('damaged here');
    expect(clip.given()).toBe(2);
  });
});
