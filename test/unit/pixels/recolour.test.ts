import { describe, expect, it } from 'vitest';
import { PROBE_PATCHES } from '@/lib/media/colour-probe';
import { toRgb, type ColourCoding, type Triple } from '@/lib/pixels/colour';
import { packedRows } from '@/lib/pixels/pixel-rows';
import { computeColourChange, fitColourMaking, recolouredRows } from '@/lib/pixels/recolour';

const coding = (matrix: ColourCoding['matrix'], isFullRange = false): ColourCoding => ({
  matrix,
  isFullRange,
});
const rounded = ([a, b, c]: Triple): Triple => [Math.round(a), Math.round(b), Math.round(c)];
const asSeen = (taken: ColourCoding) => PROBE_PATCHES.map((patch) => rounded(toRgb(patch, taken)));

/** Firefox 153's BT.709: libyuv keeps its factor of blue in seven bits. */
const FIREFOX_BT709: Triple[] = [
  [28, 28, 28],
  [232, 232, 232],
  [130, 141, 30],
  [130, 119, 230],
  [41, 157, 130],
  [220, 104, 130],
  [43, 103, 137],
  [218, 158, 124],
].map(([blue, green, red]) => [blue!, green!, red!]);

describe('computeColourChange', () => {
  const cases: [string, readonly Triple[], ColourCoding][] = [
    ['BT.709 for BT.601', asSeen(coding('bt709')), coding('bt601')],
    ['BT.601 for BT.709', asSeen(coding('bt601')), coding('bt709')],
    ['BT.2020 for BT.709', asSeen(coding('bt2020')), coding('bt709')],
    ['limited for full range', asSeen(coding('bt601')), coding('bt601', true)],
    ['full for limited range', asSeen(coding('bt709', true)), coding('bt709')],
    ['Firefox’s BT.709 for BT.601', FIREFOX_BT709, coding('bt601')],
    ['Firefox’s BT.709 for BT.709', FIREFOX_BT709, coding('bt709')],
  ];

  it.each(cases)('undoes %s to within two of 255', (_what, seen, wanted) => {
    const making = fitColourMaking(PROBE_PATCHES, seen)!;
    const change = computeColourChange(PROBE_PATCHES, making, wanted)!;
    const rows = recolouredRows(packedRows(Uint8Array.from(seen.flat()), seen.length, 1), change);
    const words = rows.readRow(0);
    for (const [at, patch] of PROBE_PATCHES.entries()) {
      const made = [0, 8, 16].map((shift) => (words[at]! >> shift) & 255);
      for (const [colour, value] of toRgb(patch, wanted).entries()) {
        expect(Math.abs(made[colour]! - value), `patch ${at}, colour ${colour}`).toBeLessThanOrEqual(2);
      }
    }
  });

  it('leaves alone what is as wanted but for rounding', () => {
    const making = fitColourMaking(PROBE_PATCHES, asSeen(coding('bt709')))!;
    expect(computeColourChange(PROBE_PATCHES, making, coding('bt709'))).toBeNull();
  });

  it('leaves alone what follows from luma and chroma in no linear way', () => {
    const curved = asSeen(coding('bt709')).map(([r, g, b]): Triple => [(r * r) / 255, (g * g) / 255, b]);
    expect(fitColourMaking(PROBE_PATCHES, curved)).toBeNull();
  });

  it('leaves alone what patches of one colour cannot tell', () => {
    const grey = PROBE_PATCHES.map((): Triple => [128, 128, 128]);
    expect(fitColourMaking(grey, grey)).toBeNull();
  });
});

describe('recolouredRows', () => {
  it('stays within a byte', () => {
    const change = {
      matrix: [
        [2, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      offset: [0, -20, 0.4],
    } as const;
    const rows = recolouredRows(packedRows(Uint8Array.of(200, 10, 7), 1, 1), change);
    expect(rows.readRow(0)[0]).toBe(255 | (0 << 8) | (7 << 16));
  });
});
