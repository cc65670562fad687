import { describe, expect, it } from 'vitest';
import {
  chooseColourCoding,
  computeColourEquations,
  type ColourCoding,
  type StatedColour,
} from '@/lib/pixels/colour';

describe('chooseColourCoding', () => {
  const cases: [string, StatedColour, string | null, number, number, ColourCoding | null][] = [
    ['BT.601, American', { matrix: 'smpte170m', fullRange: false }, 'avc', 1920, 1080, coding('bt601')],
    ['BT.601, European', { matrix: 'bt470bg', fullRange: false }, 'avc', 1920, 1080, coding('bt601')],
    ['BT.709', { matrix: 'bt709', fullRange: false }, 'avc', 320, 240, coding('bt709')],
    ['BT.2020', { matrix: 'bt2020-ncl', fullRange: false }, 'vp9', 320, 240, coding('bt2020')],
    ['full range', { matrix: 'bt709', fullRange: true }, 'avc', 320, 240, coding('bt709', true)],
    ['full range and no matrix', { fullRange: true }, 'hevc', 640, 480, coding('bt601', true)],
    ['a matrix and no range', { matrix: 'bt709' }, 'avc', 320, 240, coding('bt709')],
    ['nothing, PAL', {}, 'avc', 720, 576, coding('bt601')],
    ['nothing, one row more', {}, 'avc', 720, 577, coding('bt709')],
    ['nothing, 1279 wide', {}, 'avc', 1279, 540, coding('bt601')],
    ['nothing, 1280 wide', {}, 'avc', 1280, 540, coding('bt709')],
    ['null for both', { matrix: null, fullRange: null }, 'av1', 640, 360, coding('bt601')],
    ['a matrix that WebCodecs has no name for', { matrix: 'ycgco' }, 'avc', 1920, 1080, coding('bt709')],
    ['nothing, VP8 of any size', {}, 'vp8', 1920, 1080, coding('bt601')],
    ['another matrix in the container of a VP8', { matrix: 'bt709' }, 'vp8', 640, 360, coding('bt709')],
    ['nothing, an unknown codec', {}, null, 1920, 1080, coding('bt709')],
    ['planes of green, blue and red', { matrix: 'rgb', fullRange: true }, 'avc', 640, 360, null],
  ];

  it.each(cases)('takes a file that says: %s', (_what, stated, codec, width, height, expected) => {
    expect(chooseColourCoding(stated, codec, width, height)).toEqual(expected);
  });
});

function coding(matrix: ColourCoding['matrix'], isFullRange = false): ColourCoding {
  return { matrix, isFullRange };
}

/** Red, green and blue of one pixel, not rounded. */
function decode([y, cb, cr]: readonly number[], how: ColourCoding, bitDepth: number): number[] {
  const equations = computeColourEquations(how, bitDepth);
  const luma = equations.luma * (y! - equations.black);
  const [blueness, redness] = [cb! - equations.neutral, cr! - equations.neutral];
  return [
    luma + equations.crToRed * redness,
    luma - equations.cbToGreen * blueness - equations.crToGreen * redness,
    luma + equations.cbToBlue * blueness,
  ];
}

describe('the colour equations', () => {
  /** Colour bars as they are published in round numbers, so that they come back within one and a half. */
  const bars: [string, ColourCoding, number, number[], number[]][] = [
    // 75 % bars of BT.601
    ['601 white', coding('bt601'), 8, [180, 128, 128], [191, 191, 191]],
    ['601 yellow', coding('bt601'), 8, [162, 44, 142], [191, 191, 0]],
    ['601 cyan', coding('bt601'), 8, [131, 156, 44], [0, 191, 191]],
    ['601 green', coding('bt601'), 8, [112, 72, 58], [0, 191, 0]],
    ['601 magenta', coding('bt601'), 8, [84, 184, 198], [191, 0, 191]],
    ['601 red', coding('bt601'), 8, [65, 100, 212], [191, 0, 0]],
    ['601 blue', coding('bt601'), 8, [35, 212, 114], [0, 0, 191]],
    ['601 black', coding('bt601'), 8, [16, 128, 128], [0, 0, 0]],
    // 100 % bars of BT.709
    ['709 white', coding('bt709'), 8, [235, 128, 128], [255, 255, 255]],
    ['709 yellow', coding('bt709'), 8, [219, 16, 138], [255, 255, 0]],
    ['709 cyan', coding('bt709'), 8, [188, 154, 16], [0, 255, 255]],
    ['709 green', coding('bt709'), 8, [173, 42, 26], [0, 255, 0]],
    ['709 magenta', coding('bt709'), 8, [78, 214, 230], [255, 0, 255]],
    ['709 red', coding('bt709'), 8, [63, 102, 240], [255, 0, 0]],
    ['709 blue', coding('bt709'), 8, [32, 240, 118], [0, 0, 255]],
    ['709 white, 10 bits', coding('bt709'), 10, [940, 512, 512], [255, 255, 255]],
    ['709 red, 10 bits', coding('bt709'), 10, [250, 409, 960], [255, 0, 0]],
    // JPEG's red and blue (JFIF), full range
    ['JFIF red', coding('bt601', true), 8, [76, 85, 255], [254, 0, 0]],
    ['JFIF blue', coding('bt601', true), 8, [29, 255, 107], [0, 0, 254]],
    ['JFIF white', coding('bt601', true), 8, [255, 128, 128], [255, 255, 255]],
  ];

  it.each(bars)('decode %s', (_name, how, bitDepth, numbers, expected) => {
    decode(numbers, how, bitDepth).forEach((value, channel) => {
      expect(Math.abs(value - expected[channel]!)).toBeLessThanOrEqual(1.5);
    });
  });

  /** H.273, section 8.3, in the direction that it is written in: from R, G and B of 0…1 to numbers. */
  function encode([red, green, blue]: number[], { matrix, isFullRange }: ColourCoding, bitDepth: number) {
    const [kr, kb] = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] }[matrix] as [
      number,
      number,
    ];
    const y = kr * red! + (1 - kr - kb) * green! + kb * blue!;
    const pb = (0.5 * (blue! - y)) / (1 - kb);
    const pr = (0.5 * (red! - y)) / (1 - kr);
    const unit = 1 << (bitDepth - 8);
    const full = (1 << bitDepth) - 1;
    return isFullRange
      ? [full * y, full * pb + (1 << (bitDepth - 1)), full * pr + (1 << (bitDepth - 1))]
      : [unit * (219 * y + 16), unit * (224 * pb + 128), unit * (224 * pr + 128)];
  }

  const colours = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0.2, 0.7, 0.4],
    [1, 1, 1],
  ];
  const codings = (['bt601', 'bt709', 'bt2020'] as const).flatMap((matrix) =>
    [false, true].flatMap((isFullRange) =>
      [8, 10, 12].map((bitDepth) => ({ matrix, isFullRange, bitDepth })),
    ),
  );

  it.each(codings)('undo those of H.273: $matrix, full range $isFullRange, $bitDepth bits', (one) => {
    for (const colour of colours) {
      const decoded = decode(encode(colour, one, one.bitDepth), one, one.bitDepth);
      decoded.forEach((value, channel) => expect(value).toBeCloseTo(255 * colour[channel]!, 9));
    }
  });
});
