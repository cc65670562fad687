import type { VideoTrackFacts } from '@/lib/ports/media';
import { describe, expect, it } from 'vitest';
import { chooseTrack, describeTrack, explainTrack } from '@/lib/media/choose-track';
import { videoTrackOf, withVideoTrack } from '@/lib/media/track-choice';

const tracks = (...kinds: string[]): VideoTrackFacts[] =>
  kinds.map((kind, index) => ({
    index,
    codec: kind.includes('decodable') ? 'H.264' : 'MPEG-4 Visual',
    width: 320,
    height: 180,
    isDecodable: kind.includes('decodable'),
    moves: kind.includes('moving'),
  }));

describe('chooseTrack', () => {
  it.each<[string, string[], number | null]>([
    ['the only track', ['decodable moving'], 0],
    ['the first of two cameras', ['decodable moving', 'decodable moving'], 0],
    ['the clip behind its cover', ['cover', 'decodable moving'], 1],
    ['the clip behind its title', ['decodable title', 'decodable moving'], 1],
    ['the track that can be decoded', ['moving', 'decodable moving'], 1],
    ['a track to be refused by its codec, before a title', ['decodable title', 'moving'], 1],
    ['a clip of one picture', ['decodable title'], 0],
    ['nothing of covers', ['cover', 'cover'], null],
    ['nothing of nothing', [], null],
  ])('takes %s', (_what, kinds, expected) => {
    expect(chooseTrack(tracks(...kinds))?.index ?? null).toBe(expected);
  });
});

describe('sentences about tracks', () => {
  it('say why the first ones were passed over', () => {
    expect(explainTrack(2, tracks('cover', 'moving', 'decodable moving'))).toBe(
      'Track 3 is read: track 1 is a single picture; track 2 is MPEG-4 Visual, which this browser cannot decode.',
    );
    expect(explainTrack(1, tracks('decodable moving', 'decodable moving'))).toBe(
      'Track 2 is read: track 1 was not chosen.',
    );
    expect(explainTrack(0, tracks('decodable moving', 'decodable moving'))).toBeNull();
  });

  it('name a track by its place, codec and size', () => {
    const [cover, clip] = tracks('cover', 'decodable moving');
    expect(describeTrack(clip!, 2)).toBe('2 of 2 (H.264, 320 × 180)');
    expect(describeTrack(cover!, 2)).toBe('1 of 2 (MPEG-4 Visual, one picture, 320 × 180)');
  });
});

describe('the chosen track', () => {
  it('travels with the file and its copies between threads', async () => {
    const file = new Blob(['clip'], { type: 'video/mp4' });
    const chosen = withVideoTrack(file, 2);
    expect(videoTrackOf(structuredClone(chosen))).toBe(2);
    expect(chosen.type).toBe('video/mp4;video-track=2');
    expect(await chosen.text()).toBe('clip');
  });

  it('replaces an earlier choice and goes with null', () => {
    const chosen = withVideoTrack(new Blob(['clip']), 1);
    expect(videoTrackOf(withVideoTrack(chosen, 0))).toBe(0);
    expect(videoTrackOf(withVideoTrack(chosen, null))).toBeNull();
    expect(videoTrackOf(new Blob(['clip'], { type: 'video/webm' }))).toBeNull();
  });
});
