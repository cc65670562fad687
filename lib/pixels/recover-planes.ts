import type { ColourCoding } from './colour';
import { CutOffBlock, CutOffReach, isCutOff } from './cut-off-block';
import type { PixelRows } from './pixel-rows';
import type { ColourChange } from './recolour';

/**
 * [Note: Planes out of red, green and blue]
 *
 * Firefox makes red, green and blue of a decoder's planes by one chroma sample for all four pixels of a block (libyuv
 * without a filter), where this project sets chroma between samples as players do. So another matrix alone does not give the
 * picture that is made of the planes. But the planes can be had back: red, green and blue of a block are twelve
 * numbers, made by known equations of six whole ones, four of luma and two of chroma.
 *
 * Whether a frame was made so shows in itself: red less green, and blue less green, are the same in all four pixels of
 * a block. In frames of 4:4:4 and 4:2:2, and of browsers that interpolate, they are not.
 *
 * Where a colour was cut off at 0 or 255, the others tell, and those of the block's other pixels (cut-off-block.ts).
 */

/** Planes of a picture with a chroma sample for each block of two by two pixels. */
interface RecoveredPlanes {
  bytes: Uint8Array;
  layout: { offset: number; stride: number }[];
}

/** Rounding changes a difference of two colours by one, in either of two pixels. */
const MAX_SPREAD = 3;

/** Bytes that the planes of a picture take. */
export function sizeOfPlanes(width: number, height: number): number {
  return width * height + 2 * ((width + 1) >> 1) * ((height + 1) >> 1);
}

/**
 * Writes the planes that a picture in red, green and blue was made of.
 *
 * @param rgb begins with a whole block
 * @param making made the picture of luma, Cb and Cr
 * @param coding of the clip; what was cut off lies within its red, green and blue
 * @param bytes `sizeOfPlanes` of them
 * @returns null where the picture was not made of such planes
 */
export function recoverPlanes(
  rgb: PixelRows,
  making: ColourChange,
  coding: ColourCoding,
  bytes: Uint8Array,
): RecoveredPlanes | null {
  const { width, height } = rgb;
  const chromaStride = (width + 1) >> 1;
  const cbStart = width * height;
  const crStart = cbStart + chromaStride * ((height + 1) >> 1);
  const equations = inBytes(making);
  const reach = new CutOffReach(making, coding);
  const cutOff = new CutOffBlock(making, coding);
  const upper = new Uint32Array(chromaStride * 2);
  const lower = new Uint32Array(chromaStride * 2);
  const row: BlockRow = {
    upper,
    lower,
    luma: new Uint8Array(chromaStride * 4),
    cb: bytes.subarray(cbStart, cbStart + chromaStride),
    cr: bytes.subarray(crStart, crStart + chromaStride),
  };
  const goTo = (y: number) => {
    readWhole(rgb, y, upper);
    // A block that the picture ends in counts twice what it has.
    readWhole(rgb, Math.min(y + 1, height - 1), lower);
    const chroma = (y >> 1) * chromaStride;
    row.cb = bytes.subarray(cbStart + chroma, cbStart + chroma + chromaStride);
    row.cr = bytes.subarray(crStart + chroma, crStart + chroma + chromaStride);
  };
  const storeLuma = (y: number) => {
    bytes.set(row.luma.subarray(0, width), y * width);
    if (y + 1 < height) bytes.set(row.luma.subarray(upper.length, upper.length + width), (y + 1) * width);
  };
  const rowsLeft: number[] = [];
  for (let y = 0; y < height; y += 2) {
    goTo(y);
    const outcome = recoverRow(row, equations, reach);
    if (outcome === 'no such planes') return null;
    if (outcome === 'cut off') rowsLeft.push(y);
    storeLuma(y);
  }
  const share = reach.share();
  for (const y of rowsLeft) {
    goTo(y);
    row.luma.set(bytes.subarray(y * width, (y + 1) * width));
    if (y + 1 < height) row.luma.set(bytes.subarray((y + 1) * width, (y + 2) * width), upper.length);
    recoverCutOff(row, cutOff, share);
    storeLuma(y);
  }
  const layout = [
    { offset: 0, stride: width },
    { offset: cbStart, stride: chromaStride },
    { offset: crStart, stride: chromaStride },
  ];
  return { bytes, layout };
}

/** A row into words for whole blocks. */
function readWhole(rgb: PixelRows, y: number, words: Uint32Array): void {
  words.set(rgb.readRow(y));
  if (words.length > rgb.width) words[rgb.width] = words[rgb.width - 1]!;
}

/** Chroma of a block and luma of its pixels, by their colours. */
interface Equations {
  /** Cb and Cr by the means of red less green and of blue less green. */
  cbByRed: number;
  cbByBlue: number;
  crByRed: number;
  crByBlue: number;
  cbOffset: number;
  crOffset: number;
  /** Luma by the sum of a pixel's colours, less what chroma adds to it. */
  lumaBySum: number;
  lumaByCb: number;
  lumaByCr: number;
  lumaOffset: number;
}

/** Luma has the same factor in all three colours, so that it is not in their differences. */
function inBytes({ matrix: [red, green, blue], offset }: ColourChange): Equations {
  const [redCb, redCr] = [red[1] - green[1], red[2] - green[2]];
  const [blueCb, blueCr] = [blue[1] - green[1], blue[2] - green[2]];
  const determinant = redCb * blueCr - redCr * blueCb;
  const [redOffset, blueOffset] = [offset[0] - offset[1], offset[2] - offset[1]];
  const lumaSum = red[0] + green[0] + blue[0];
  return {
    cbByRed: blueCr / determinant,
    cbByBlue: -redCr / determinant,
    crByRed: -blueCb / determinant,
    crByBlue: redCb / determinant,
    cbOffset: (blueOffset * redCr - redOffset * blueCr) / determinant,
    crOffset: (redOffset * blueCb - blueOffset * redCb) / determinant,
    lumaBySum: 1 / lumaSum,
    lumaByCb: (red[1] + green[1] + blue[1]) / lumaSum,
    lumaByCr: (red[2] + green[2] + blue[2]) / lumaSum,
    lumaOffset: (offset[0] + offset[1] + offset[2]) / lumaSum,
  };
}

/** Two rows of pixels, and the planes of their blocks. */
interface BlockRow {
  upper: Uint32Array;
  lower: Uint32Array;
  /** Of both rows, one after the other. */
  luma: Uint8Array;
  cb: Uint8Array;
  cr: Uint8Array;
}

/** Recovers the blocks of which nothing was cut off; tells whether there are others, or one with more than one chroma. */
function recoverRow(
  { upper, lower, luma, cb: cbs, cr: crs }: BlockRow,
  equations: Equations,
  reach: CutOffReach,
): 'whole' | 'cut off' | 'no such planes' {
  const { cbByRed, cbByBlue, crByRed, crByBlue, cbOffset, crOffset } = equations;
  const { lumaBySum, lumaByCb, lumaByCr, lumaOffset } = equations;
  const below = upper.length;
  let isWhole = true;
  for (let x = 0; x < below; x += 2) {
    const a = upper[x]!;
    const b = upper[x + 1]!;
    const c = lower[x]!;
    const d = lower[x + 1]!;
    if (isCutOff(a) || isCutOff(b) || isCutOff(c) || isCutOff(d)) {
      isWhole = false;
      reach.add(a, b, c, d);
      continue;
    }
    const redA = redLessGreen(a);
    const redB = redLessGreen(b);
    const redC = redLessGreen(c);
    const redD = redLessGreen(d);
    const blueA = blueLessGreen(a);
    const blueB = blueLessGreen(b);
    const blueC = blueLessGreen(c);
    const blueD = blueLessGreen(d);
    if (
      Math.max(redA, redB, redC, redD) - Math.min(redA, redB, redC, redD) > MAX_SPREAD ||
      Math.max(blueA, blueB, blueC, blueD) - Math.min(blueA, blueB, blueC, blueD) > MAX_SPREAD
    )
      return 'no such planes';
    const red = (redA + redB + redC + redD) / 4;
    const blue = (blueA + blueB + blueC + blueD) / 4;
    const cb = toByte(cbByRed * red + cbByBlue * blue + cbOffset);
    const cr = toByte(crByRed * red + crByBlue * blue + crOffset);
    cbs[x >> 1] = cb;
    crs[x >> 1] = cr;
    const added = lumaByCb * cb + lumaByCr * cr + lumaOffset;
    luma[x] = toByte(sumOf(a) * lumaBySum - added);
    luma[x + 1] = toByte(sumOf(b) * lumaBySum - added);
    luma[below + x] = toByte(sumOf(c) * lumaBySum - added);
    luma[below + x + 1] = toByte(sumOf(d) * lumaBySum - added);
  }
  return isWhole ? 'whole' : 'cut off';
}

/** Recovers the blocks that the other left out. */
function recoverCutOff({ upper, lower, luma, cb, cr }: BlockRow, cutOff: CutOffBlock, share: number): void {
  const below = upper.length;
  for (let x = 0; x < below; x += 2) {
    const a = upper[x]!;
    const b = upper[x + 1]!;
    const c = lower[x]!;
    const d = lower[x + 1]!;
    if (!(isCutOff(a) || isCutOff(b) || isCutOff(c) || isCutOff(d))) continue;
    cutOff.solve(a, b, c, d, share);
    cb[x >> 1] = cutOff.cb;
    cr[x >> 1] = cutOff.cr;
    luma[x] = cutOff.luma[0]!;
    luma[x + 1] = cutOff.luma[1]!;
    luma[below + x] = cutOff.luma[2]!;
    luma[below + x + 1] = cutOff.luma[3]!;
  }
}

function redLessGreen(word: number): number {
  return (word & 255) - ((word >> 8) & 255);
}

function blueLessGreen(word: number): number {
  return ((word >> 16) & 255) - ((word >> 8) & 255);
}

function sumOf(word: number): number {
  return (word & 255) + ((word >> 8) & 255) + ((word >> 16) & 255);
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : (value + 0.5) | 0;
}
