import { describe, expect, it } from 'vitest';
import { chooseProbe } from '@/lib/media/browser-colours';
import { COLOUR_PROBES } from '@/lib/media/colour-probes.generated';
import type { WrittenColours } from '@/lib/pixels/colour';

const written = (some: Partial<WrittenColours>): WrittenColours => ({
  codec: 'avc',
  matrix: null,
  isFullRange: false,
  width: 640,
  height: 360,
  ...some,
});

describe('chooseProbe', () => {
  it.each([
    ['the clip’s words', { matrix: 'bt709', isFullRange: true }, ['avc', 'bt709', true, 'small']],
    ['a small one where nothing is said', {}, ['avc', null, false, 'small']],
    ['a large one for a large clip', { codec: 'av1', height: 720 }, ['av1', null, false, 'large']],
    [
      'no words of a container for VP8',
      { codec: 'vp8', matrix: 'bt709', isFullRange: true },
      ['vp8', null, false, 'small'],
    ],
  ] as const)('takes %s', (_what, some, expected) => {
    const probe = chooseProbe(COLOUR_PROBES, written(some))!;
    expect([probe.codec, probe.matrix, probe.isFullRange, probe.size]).toEqual(expected);
  });

  it('has none for a codec without pictures', () => {
    expect(chooseProbe(COLOUR_PROBES, written({ codec: 'hevc' }))).toBeUndefined();
  });
});
