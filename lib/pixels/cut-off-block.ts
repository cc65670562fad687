import { toRgb, type ColourCoding } from './colour';
import type { ColourChange } from './recolour';

/** Rounds of least squares, each with what the one before showed to be beyond. */
const ROUNDS = 4;

/** What decides where nothing else does. */
const FAINT = 1e-4;

/** What counts for a colour beyond the clip's: chroma of a block fits none of its pixels wholly. */
const BEYOND_WEIGHT = 0.01;

/**
 * What the end of the clip's colours counts for, beside where a colour was cut off: luma comes to lie 0.6 of the way to it. What twelve
 * real clips have beyond 16 and 235 in full range lies so on average.
 */
const SHARE_BEYOND = 0.67;

const PIXELS = 4;
const COLOURS = 3;

/** How a colour follows from luma, Cb and Cr. */
interface Equation {
  luma: number;
  cb: number;
  cr: number;
  offset: number;
}

/**
 * Luma and chroma of a block of two by two pixels some of whose colours were cut off at 0 or 255.
 *
 * By least squares: what was not cut off is as it is; what was lies at 0 or 255 or beyond, and within the red, green
 * and blue that the clip's coding makes. See [Note: Planes out of red, green and blue].
 */
export class CutOffBlock {
  cb = 0;
  cr = 0;
  readonly luma = new Float64Array(PIXELS);
  readonly #seen: readonly Equation[];
  readonly #wanted: readonly Equation[];
  readonly #block = new Int32Array(PIXELS);
  /** Of each pixel: luma without chroma, and how it falls with Cb and Cr. */
  readonly #lumaBy = new Float64Array(PIXELS * COLOURS);

  constructor({ matrix, offset }: ColourChange, coding: ColourCoding) {
    this.#seen = matrix.map(([luma, cb, cr], at) => ({ luma, cb, cr, offset: offset[at]! }));
    this.#wanted = equationsOf(coding);
    this.#block.fill(-1);
  }

  /** Each pixel's red in the lowest byte, then green and blue. */
  solve(a: number, b: number, c: number, d: number): void {
    const block = this.#block;
    // Neighbours in an even picture.
    if (block[0] === a && block[1] === b && block[2] === c && block[3] === d) return;
    block[0] = a;
    block[1] = b;
    block[2] = c;
    block[3] = d;
    for (let round = 0; round < ROUNDS; round++) {
      this.#improve(round > 0, false);
    }
    this.cb = toByte(this.cb);
    this.cr = toByte(this.cr);
    this.#improve(true, true);
    for (let pixel = 0; pixel < PIXELS; pixel++) this.luma[pixel] = toByte(this.luma[pixel]!);
  }

  #improve(hasBegun: boolean, isChromaKnown: boolean): void {
    const lumaBy = this.#lumaBy;
    let [cbCb, cbCr, crCr, cbLeft, crLeft] = [0, 0, 0, 0, 0];
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const word = this.#block[pixel]!;
      let [squares, values, cbs, crs, cbSquares, cbsCrs, crSquares] = [0, 0, 0, 0, 0, 0, 0];
      let [cbValues, crValues] = [0, 0];
      for (let row = 0; row < 2 * COLOURS; row++) {
        const isSeen = row < COLOURS;
        if (!isSeen && !hasBegun) break;
        const colour = isSeen ? row : row - COLOURS;
        const { luma, cb, cr, offset } = (isSeen ? this.#seen : this.#wanted)[colour]!;
        const seen = (word >> (8 * colour)) & 255;
        const found = hasBegun ? luma * this.luma[pixel]! + cb * this.cb + cr * this.cr + offset : seen;
        const target = isSeen || (found >= 0 && found <= 255) ? seen : found < 0 ? 0 : 255;
        const weight = isSeen ? weightOfSeen(seen, found) : weightOfWanted(seen, found);
        const value = target - offset;
        squares += weight * luma * luma;
        values += weight * luma * value;
        cbs += weight * luma * cb;
        crs += weight * luma * cr;
        cbSquares += weight * cb * cb;
        cbsCrs += weight * cb * cr;
        crSquares += weight * cr * cr;
        cbValues += weight * cb * value;
        crValues += weight * cr * value;
      }
      // The pixel's luma is whatever fits best; what that leaves tells of chroma.
      lumaBy[pixel * COLOURS] = values / squares;
      lumaBy[pixel * COLOURS + 1] = cbs / squares;
      lumaBy[pixel * COLOURS + 2] = crs / squares;
      cbCb += cbSquares - (cbs * cbs) / squares;
      cbCr += cbsCrs - (cbs * crs) / squares;
      crCr += crSquares - (crs * crs) / squares;
      cbLeft += cbValues - (cbs * values) / squares;
      crLeft += crValues - (crs * values) / squares;
    }
    if (!isChromaKnown) {
      const determinant = cbCb * crCr - cbCr * cbCr;
      this.cb = (cbLeft * crCr - crLeft * cbCr) / determinant;
      this.cr = (crLeft * cbCb - cbLeft * cbCr) / determinant;
    }
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const at = pixel * COLOURS;
      this.luma[pixel] = lumaBy[at]! - lumaBy[at + 1]! * this.cb - lumaBy[at + 2]! * this.cr;
    }
  }
}

/** Of the equation of a colour as it is seen, where `found` comes of it so far. */
function weightOfSeen(seen: number, found: number): number {
  const isAsSeen = (seen > 0 && seen < 255) || (seen === 0 && found > 0) || (seen === 255 && found < 255);
  return isAsSeen ? 1 : FAINT * (1 - SHARE_BEYOND);
}

/** Of the equation of a colour as the clip's coding makes it. */
function weightOfWanted(seen: number, found: number): number {
  if (found < 0 || found > 255) return BEYOND_WEIGHT;
  return seen === 0 || seen === 255 ? FAINT * SHARE_BEYOND : 0;
}

function equationsOf(coding: ColourCoding): Equation[] {
  const zero = toRgb([0, 0, 0], coding);
  const [luma, cb, cr] = [toRgb([1, 0, 0], coding), toRgb([0, 1, 0], coding), toRgb([0, 0, 1], coding)];
  return [0, 1, 2].map((at) => ({
    luma: luma[at]! - zero[at]!,
    cb: cb[at]! - zero[at]!,
    cr: cr[at]! - zero[at]!,
    offset: zero[at]!,
  }));
}

function toByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : (value + 0.5) | 0;
}
