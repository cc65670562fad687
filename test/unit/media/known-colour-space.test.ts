import { VideoSampleColorSpace } from 'mediabunny';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  silenceUnknownColours,
  withoutUnknownWords,
  type StatedColourSpace,
} from '@/lib/media/known-colour-space';

const HD: StatedColourSpace = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false };

describe('what a frame says of its colours', () => {
  it.each([HD, { ...HD, matrix: null }, { primaries: null, transfer: null, matrix: null, fullRange: null }])(
    'stays where every word is known: %o',
    (stated) => {
      expect(withoutUnknownWords(stated)).toBeNull();
      expect(() => new VideoSampleColorSpace(stated as VideoColorSpaceInit)).not.toThrow();
    },
  );

  it.each(['primaries', 'transfer', 'matrix'] as const)(
    'counts as none where its %s is not known',
    (kind) => {
      const stated = { ...HD, [kind]: 'unspecified' };
      expect(() => new VideoSampleColorSpace(stated as VideoColorSpaceInit)).toThrow(kind);
      const kept = withoutUnknownWords(stated);
      expect(kept).toEqual({ ...HD, [kind]: null });
      expect(() => new VideoSampleColorSpace(kept as VideoColorSpaceInit)).not.toThrow();
    },
  );
});

describe('a browser that says more than the standard', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is not heard any more', () => {
    class Frame {
      readonly #stated: StatedColourSpace;
      constructor(stated: StatedColourSpace) {
        this.#stated = stated;
      }
      get colorSpace() {
        return this.#stated;
      }
    }
    class ColourSpace {
      readonly stated: object;
      constructor(stated: object) {
        this.stated = stated;
      }
    }
    vi.stubGlobal('VideoFrame', Frame);
    vi.stubGlobal('VideoColorSpace', ColourSpace);
    silenceUnknownColours();
    expect(new Frame({ ...HD, primaries: 'unspecified' }).colorSpace).toEqual(
      new ColourSpace({ ...HD, primaries: null }),
    );
    expect(new Frame(HD).colorSpace).toBe(HD);
  });
});
