import { describe, expect, it, vi } from 'vitest';
import { prepareMoments } from '@/lib/ingest/prepare-moments';
import type { FrameBatch, PreparedFrame } from '@/lib/shared/frames';

const RESIZE = { size: 8, fit: 'stretch' } as const;
const FILE = new Blob(['clip']);

function frame(frameIndex: number): PreparedFrame {
  const pixels = new Uint8Array(3);
  return { frameIndex, timestampMs: frameIndex, width: 1, height: 1, pixels, thumbnail: pixels };
}

function videoWith(...batches: FrameBatch[]) {
  return {
    openFrames: vi.fn(() => Promise.resolve(7)),
    nextFrames: vi.fn(() => Promise.resolve(batches.shift()!)),
  };
}

describe('prepareMoments', () => {
  it('gathers all batches of one job', async () => {
    const video = videoWith(
      { frames: [frame(0), frame(1)], failures: [], done: false },
      { frames: [frame(2)], failures: [], done: true },
    );
    const prepared = await prepareMoments(video, FILE, [10, 20, 30], RESIZE);
    expect(prepared.map(({ frameIndex }) => frameIndex)).toEqual([0, 1, 2]);
    const requests = [10, 20, 30].map((timestampMs, frameIndex) => ({ frameIndex, timestampMs }));
    expect(video.openFrames.mock.calls).toEqual([
      [{ decoder: 'webcodecs', file: FILE, requests, resize: RESIZE }],
    ]);
    expect(video.nextFrames.mock.calls).toEqual([
      [8, 7],
      [8, 7],
    ]);
  });

  it('pulls to the end, so that the clip is closed, before it fails with a moment’s reason', async () => {
    const failure = { frameIndex: 0, timestampMs: 10, reason: 'damaged here' };
    const video = videoWith(
      { frames: [], failures: [failure], done: false },
      { frames: [frame(1)], failures: [], done: true },
    );
    await expect(prepareMoments(video, FILE, [10, 20], RESIZE)).rejects.toThrow('damaged here');
    expect(video.nextFrames).toHaveBeenCalledTimes(2);
  });
});
