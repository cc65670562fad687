/**
 * [Note: Which colours the numbers of a frame mean]
 *
 * A decoder gives luma and chroma; a matrix and a range make red, green and blue of them. Browsers
 * differ in which they take where the file does not say, and what they say of a frame is no help:
 * `VideoFrame.colorSpace` holds what the decoder was configured with, and mediabunny 1.61.0 configures
 * Chromium with BT.709 for every file that says nothing (media-sink.js, "nasty logic"); Firefox guesses. So
 * the file is asked, which is the same in every browser: its container, else its bitstream, as
 * mediabunny's `getColorSpace` reads them. Where neither says, the rules below decide.
 *
 * Primaries and transfer function are left as they are, as FFmpeg and OpenCV leave them when they hand
 * RGB to Pillow: HDR looks flat and wide-gamut colours a little pale to the model, as they do there.
 */

/** The luma and chroma matrices that video comes in. */
export type ColourMatrix = 'bt601' | 'bt709' | 'bt2020';

/** How the numbers of a YCbCr frame are read. */
export interface ColourCoding {
  matrix: ColourMatrix;
  /** Whether luma runs over all numbers (JPEG) or from 16 to 235 of 255 (video). */
  isFullRange: boolean;
}

/** What a file says about its colours, in WebCodecs' words; it may say nothing, or what nobody knows. */
export interface StatedColour {
  matrix?: string | null | undefined;
  fullRange?: boolean | null | undefined;
}

/**
 * WebCodecs' names of H.273 MatrixCoefficients. BT.470BG and SMPTE 170M are the matrix of BT.601 in its
 * European and its American wording.
 */
const MATRICES = new Map<string | null | undefined, ColourMatrix>([
  ['smpte170m', 'bt601'],
  ['bt470bg', 'bt601'],
  ['bt709', 'bt709'],
  ['bt2020-ncl', 'bt2020'],
]);

/** Pictures wider or higher than these count as high definition, as in mpv, VLC and Kodi. */
const MAX_SD_WIDTH = 1279;
const MAX_SD_HEIGHT = 576;

/**
 * The coding of a clip's frames. Null where the file says that its planes are green, blue and red
 * (matrix `rgb`), which no matrix turns into colours.
 *
 * Unsaid, the matrix is BT.601 in VP8, whose format knows no other (RFC 6386, 9.2), and else by size,
 * as players choose: BT.709 from 1280 pixels of width or 577 of height, BT.601 below. Unsaid, the range
 * is the limited one, as every codec's specification has it.
 *
 * @param codec mediabunny's name of it
 * @param width Size of the stored picture.
 */
export function chooseColourCoding(
  stated: StatedColour,
  codec: string | null,
  width: number,
  height: number,
): ColourCoding | null {
  if (stated.matrix === 'rgb') return null;
  const isSmall = width <= MAX_SD_WIDTH && height <= MAX_SD_HEIGHT;
  const unsaid = codec === 'vp8' || isSmall ? 'bt601' : 'bt709';
  return { matrix: MATRICES.get(stated.matrix) ?? unsaid, isFullRange: stated.fullRange === true };
}

/** What a file says of its colours, as far as it decides which matrix and range a browser takes. */
export interface WrittenColours {
  /** mediabunny's name. */
  codec: string;
  /** Null where it is not said. */
  matrix: ColourMatrix | null;
  isFullRange: boolean;
  /** Of the stored picture. */
  width: number;
  height: number;
}

/** What a file says of its colours; null where it says that its planes are green, blue and red, or its codec is unknown. */
export function readWrittenColours(
  stated: StatedColour,
  codec: string | null,
  width: number,
  height: number,
): WrittenColours | null {
  if (codec === null || stated.matrix === 'rgb') return null;
  const matrix = MATRICES.get(stated.matrix) ?? null;
  return { codec, matrix, isFullRange: stated.fullRange === true, width, height };
}

/** Weights of red and blue in luma: BT.601-7 section 2.5.1, BT.709-6 item 3.2, BT.2020-2 table 4. */
const LUMA_WEIGHTS: Readonly<Record<ColourMatrix, { red: number; blue: number }>> = {
  bt601: { red: 0.299, blue: 0.114 },
  bt709: { red: 0.2126, blue: 0.0722 },
  bt2020: { red: 0.2627, blue: 0.0593 },
};

/**
 * How red, green and blue of 0…255 follow from a pixel's numbers, where `cb` and `cr` are counted from
 * their neutral value:
 *
 *     red   = luma * (y - black) + crToRed * cr
 *     green = luma * (y - black) - cbToGreen * cb - crToGreen * cr
 *     blue  = luma * (y - black) + cbToBlue * cb
 */
export interface ColourEquations {
  black: number;
  /** The number of Cb and Cr that stands for no colour. */
  neutral: number;
  luma: number;
  crToRed: number;
  crToGreen: number;
  cbToGreen: number;
  cbToBlue: number;
}

/** The equations of ITU-T H.273, section 8.3, for MatrixCoefficients and VideoFullRangeFlag, solved for RGB. */
export function computeColourEquations(
  { matrix, isFullRange }: ColourCoding,
  bitDepth: number,
): ColourEquations {
  const { red, blue } = LUMA_WEIGHTS[matrix];
  const green = 1 - red - blue;
  const unit = 2 ** (bitDepth - 8);
  const largest = 2 ** bitDepth - 1;
  const luma = 255 / (isFullRange ? largest : 219 * unit);
  const chroma = 255 / (isFullRange ? largest : 224 * unit);
  return {
    black: isFullRange ? 0 : 16 * unit,
    neutral: 2 ** (bitDepth - 1),
    luma,
    crToRed: 2 * (1 - red) * chroma,
    crToGreen: ((2 * (1 - red) * red) / green) * chroma,
    cbToGreen: ((2 * (1 - blue) * blue) / green) * chroma,
    cbToBlue: 2 * (1 - blue) * chroma,
  };
}

/** Red, green and blue of 0…255, or luma, Cb and Cr of 8 bits. */
export type Triple = readonly [number, number, number];

/** Red, green and blue of a pixel's luma, Cb and Cr, neither rounded nor clamped. */
export function toRgb([y, cb, cr]: Triple, coding: ColourCoding): Triple {
  const { black, neutral, ...by } = computeColourEquations(coding, 8);
  const brightness = by.luma * (y - black);
  return [
    brightness + by.crToRed * (cr - neutral),
    brightness - by.cbToGreen * (cb - neutral) - by.crToGreen * (cr - neutral),
    brightness + by.cbToBlue * (cb - neutral),
  ];
}
