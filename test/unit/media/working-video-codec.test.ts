import type * as Mediabunny from 'mediabunny';
import { Quality, type VideoCodec } from 'mediabunny';
import { describe, expect, it, vi } from 'vitest';
import { firstWorkingVideoCodec } from '@/lib/media/working-video-codec';

const claimed = new Set<VideoCodec>();
vi.mock('mediabunny', async (load) => ({
  ...(await load<typeof Mediabunny>()),
  canEncodeVideo: (codec: VideoCodec) => Promise.resolve(claimed.has(codec)),
}));

describe('the first video codec that works', () => {
  const options = { width: 64, height: 36, quality: new Quality('high') };

  it.each<
    [what: string, claims: VideoCodec[], works: VideoCodec[], chosen: VideoCodec | null, tried: VideoCodec[]]
  >([
    ['the first that is claimed and works', ['avc', 'vp9'], ['avc', 'vp9'], 'avc', ['avc']],
    ['the next where a claim is untrue', ['avc', 'vp9'], ['vp9'], 'vp9', ['avc', 'vp9']],
    ['none that is not claimed', ['av1'], ['avc', 'vp9', 'av1'], 'av1', ['av1']],
    ['null where every claim is untrue', ['avc', 'vp9'], [], null, ['avc', 'vp9']],
    ['null where nothing is claimed', [], ['avc'], null, []],
  ])('is %s', async (_, claims, works, chosen, expected) => {
    claimed.clear();
    for (const codec of claims) claimed.add(codec);
    const tried: VideoCodec[] = [];
    const encode = (codec: VideoCodec) => {
      tried.push(codec);
      return works.includes(codec) ? Promise.resolve() : Promise.reject(new Error('not supported'));
    };
    expect(await firstWorkingVideoCodec(['avc', 'vp9', 'av1'], options, encode)).toBe(chosen);
    expect(tried).toEqual(expected);
  });
});
