import { describe, expect, it } from 'vitest';
import { fingerprintFile, parseSampling, planClip, planFrames } from '@/lib/ingest/start-clip';

describe('planFrames', () => {
  it('numbers the moments from 0', () => {
    expect(planFrames(3000, { kind: 'rate', framesPerSecond: 1 })).toEqual([
      { frameIndex: 0, timestampMs: 500 },
      { frameIndex: 1, timestampMs: 1500 },
      { frameIndex: 2, timestampMs: 2500 },
    ]);
  });
});

describe('planClip', () => {
  const sampling = { kind: 'rate', framesPerSecond: 1, keyFramesOnly: true } as const;
  const opening = (keyFrames: (signal: AbortSignal) => Promise<Float64Array<ArrayBuffer>>) => () => ({
    keyFrames,
  });

  it('takes key frames under their own times', async () => {
    const open = opening(() => Promise.resolve(Float64Array.of(0, 400, 1600, 9000)));
    expect(await planClip(open, new Blob(), 3000, sampling)).toEqual([
      { frameIndex: 0, timestampMs: 400 },
      { frameIndex: 1, timestampMs: 1600 },
    ]);
  });

  it('does not look for key frames that nobody asked for', async () => {
    const open = opening(() => Promise.reject(new Error('asked')));
    expect(await planClip(open, new Blob(), 3000, { kind: 'count', count: 2 })).toHaveLength(2);
  });

  it('refuses a clip without any', async () => {
    const open = opening(() => Promise.resolve(new Float64Array()));
    await expect(planClip(open, new Blob(), 3000, sampling)).rejects.toMatchObject({
      code: 'unsupported-video',
    });
  });
});

describe('parseSampling', () => {
  it.each([
    { kind: 'rate', framesPerSecond: 0.2 },
    { kind: 'count', count: 32 },
    { kind: 'rate', framesPerSecond: 1, keyFramesOnly: true },
  ] as const)('reads back %j', (sampling) => {
    expect(parseSampling(JSON.stringify(sampling))).toEqual(sampling);
  });

  it.each([
    null,
    '',
    '{',
    '{"kind":"rate","framesPerSecond":0}',
    '{"kind":"all"}',
    '{"kind":"count","count":3,"keyFramesOnly":1}',
  ])('takes one a second for %j', (json) => {
    expect(parseSampling(json)).toEqual({ kind: 'rate', framesPerSecond: 1 });
  });
});

describe('fingerprintFile', () => {
  const megabytes = (count: number, fill: number) => new Uint8Array(count * 1024 * 1024).fill(fill);

  it('is the same for the same bytes, whatever the name', async () => {
    const bytes = megabytes(3, 7);
    const one = await fingerprintFile(new File([bytes], 'a.mp4'));
    expect(one).toBe(await fingerprintFile(new File([bytes], 'b.mp4')));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it('differs by length, beginning and end', async () => {
    const base = megabytes(3, 7);
    const prints = new Set([await fingerprintFile(new Blob([base]))]);
    prints.add(await fingerprintFile(new Blob([base, 'x'])));
    prints.add(await fingerprintFile(new Blob(['x', base.subarray(1)])));
    prints.add(await fingerprintFile(new Blob([base.subarray(1), 'x'])));
    expect(prints.size).toBe(4);
  });
});
