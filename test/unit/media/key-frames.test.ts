import { describe, expect, it } from 'vitest';
import { describeKeyFrames, nearestKeyFrames, readKeyFrameTimes } from '@/lib/media/key-frames';
import { PacketTable } from '@/lib/media/demux/packet-table';

describe('nearestKeyFrames', () => {
  it.each<[string, number[], number, number[], number[]]>([
    ['takes the nearest one', [500, 1500], 1000, [400, 700, 1490], [400, 1490]],
    ['takes one at half an interval', [500, 1500], 1000, [0, 2000], [0, 2000]],
    ['leaves out a stretch without one', [500, 1500, 2500], 1000, [0, 2600], [0, 2600]],
    ['takes one between two stretches once', [500, 1500], 1000, [1000], [1000]],
    ['prefers the earlier of two that are as near', [500], 1000, [400, 600], [400]],
    ['gives none where there is none', [500, 1500], 1000, [], []],
    ['gives none where all are too far', [500], 1000, [5000], []],
  ])('%s', (_, timestamps, interval, keys, chosen) => {
    expect(nearestKeyFrames(timestamps, interval, keys)).toEqual(chosen);
  });
});

describe('readKeyFrameTimes', () => {
  const packets = new PacketTable(
    {
      timestampsUs: [0, 80_000, 40_000, 120_000, 200_000, 160_000],
      durationsUs: [40_000, 40_000, 40_000, 40_000, 40_000, 40_000],
      isKey: [true, false, false, true, true, false],
    },
    () => Promise.resolve(new Uint8Array()),
  );

  it('gives clip times, rising', async () => {
    const timeline = [{ clipStartMs: 0, mediaStartMs: 0, durationMs: 240 }];
    expect([...(await readKeyFrameTimes(packets, timeline))]).toEqual([0, 120, 200]);
  });

  it('follows an edit list, which leaves out a part and shows another twice', async () => {
    const timeline = [
      { clipStartMs: 0, mediaStartMs: 100, durationMs: 140 },
      { clipStartMs: 140, mediaStartMs: 100, durationMs: 50 },
    ];
    expect([...(await readKeyFrameTimes(packets, timeline))]).toEqual([20, 100, 160]);
  });

  it('stops when it is cancelled', async () => {
    const timeline = [{ clipStartMs: 0, mediaStartMs: 0, durationMs: 240 }];
    await expect(readKeyFrameTimes(packets, timeline, AbortSignal.abort())).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

describe('describeKeyFrames', () => {
  const clip = { durationMs: 60_000, width: 1920, height: 1080, averageFrameRate: 30 };

  it('says what is saved and how far key frames are apart', () => {
    expect(describeKeyFrames(clip, [0, 8000, 16_000, 24_000, 32_000, 40_000, 48_000, 56_000], 60)).toMatch(
      /^About 9(?:\.5)? times as fast: 8 frames in place of 60, usually every 8\.0 s\. What/,
    );
  });

  it('names a stretch without a key frame that is longer than usual', () => {
    expect(describeKeyFrames(clip, [0, 2000, 4000, 6000, 40_000], 60)).toContain(
      'The longest stretch without one is 0:34.0.',
    );
    expect(describeKeyFrames(clip, [0], 60)).toContain('The longest stretch without one is 1:00.0.');
  });

  it('promises nothing where every frame is a key frame', () => {
    const times = Array.from({ length: 60 }, (_, i) => i * 1000);
    const small = { durationMs: 60_000, width: 320, height: 240, averageFrameRate: 1 };
    expect(describeKeyFrames(small, times, 60)).toMatch(/^Hardly faster with this clip: /);
  });
});
