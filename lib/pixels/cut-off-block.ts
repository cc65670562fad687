import { toRgb, type ColourCoding } from './colour';
import type { ColourChange } from './recolour';

/** Rounds of least squares, each with what the one before showed to be beyond. */
const ROUNDS = 4;

/** What decides where nothing else does. */
const FAINT = 1e-4;

/** What counts for a colour beyond the clip's: chroma of a block fits none of its pixels wholly. */
const BEYOND_WEIGHT = 0.01;

/**
 * How far colours lie beyond where they were cut off, where no pixel of the picture tells: as a share of the way to where the
 * clip's colours end. Chromium's recorder marks clips as full range whose colours end at 16 and 235, where
 * it is nothing; of what twelve real clips have beyond these in full range it is 0.6 on average.
 */
const SHARE_BEYOND = 0.3;

/** So many cut-off colours, known by the others, tell how far those go that are not known. */
const LEAST_KNOWN = 64;

/** A clip whose colours end less far beyond where the browser cuts them off tells nothing. */
const LEAST_REACH = 4;

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
  #share = SHARE_BEYOND;
  /** Of each pixel: luma without chroma, and how it falls with Cb and Cr. */
  readonly #lumaBy = new Float64Array(PIXELS * COLOURS);

  constructor({ matrix, offset }: ColourChange, coding: ColourCoding) {
    this.#seen = matrix.map(([luma, cb, cr], at) => ({ luma, cb, cr, offset: offset[at]! }));
    this.#wanted = equationsOf(coding);
    this.#block.fill(-1);
  }

  /**
   * Each pixel's red in the lowest byte, then green and blue.
   *
   * @param share how far what nothing else tells lies beyond where it was cut off, of the way to where the clip's colours end
   */
  solve(a: number, b: number, c: number, d: number, share: number): void {
    const block = this.#block;
    // Neighbours in an even picture.
    if (block[0] === a && block[1] === b && block[2] === c && block[3] === d && this.#share === share) return;
    this.#share = share;
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
        const weight = isSeen
          ? weightOfSeen(seen, found, this.#share)
          : weightOfWanted(seen, found, this.#share);
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

/** Tells how far a picture's colours go beyond where they were cut off, by those that the rest of their block tells. */
export class CutOffReach {
  readonly #making: readonly Equation[];
  /** How far beyond 0 and 255 black and white of the clip lie. */
  readonly #reachOfBlack: number;
  readonly #reachOfWhite: number;
  #known = 0;
  #sum = 0;

  constructor({ matrix, offset }: ColourChange, { isFullRange }: ColourCoding) {
    this.#making = matrix.map(([luma, cb, cr], at) => ({ luma, cb, cr, offset: offset[at]! }));
    const { luma, cb, cr, offset: base } = this.#making[1]!;
    const grey = (y: number) => luma * y + NEUTRAL * (cb + cr) + base;
    this.#reachOfBlack = -grey(isFullRange ? 0 : 16);
    this.#reachOfWhite = grey(isFullRange ? 255 : 235) - 255;
  }

  /** A block of which something was cut off. */
  add(a: number, b: number, c: number, d: number): void {
    if (Math.min(this.#reachOfBlack, this.#reachOfWhite) < LEAST_REACH) return;
    const block = [a, b, c, d];
    const whole = block.filter((word) => !isCutOff(word));
    if (whole.length === 0 || whole.length === PIXELS) return;
    const [red, green, blue] = this.#making as [Equation, Equation, Equation];
    const meanOf = (shift: number) =>
      whole.reduce((sum, word) => sum + ((word >> shift) & 255) - ((word >> 8) & 255), 0) / whole.length;
    const [redLeft, blueLeft] = [
      meanOf(0) - red.offset + green.offset,
      meanOf(16) - blue.offset + green.offset,
    ];
    const [redCb, redCr] = [red.cb - green.cb, red.cr - green.cr];
    const [blueCb, blueCr] = [blue.cb - green.cb, blue.cr - green.cr];
    const determinant = redCb * blueCr - redCr * blueCb;
    const blockCb = (redLeft * blueCr - blueLeft * redCr) / determinant;
    const blockCr = (blueLeft * redCb - redLeft * blueCb) / determinant;
    for (const word of block) if (isCutOff(word)) this.#addPixel(word, blockCb, blockCr);
  }

  /** The share of the way to where the clip's colours end. */
  share(): number {
    return this.#known < LEAST_KNOWN ? SHARE_BEYOND : this.#sum / this.#known;
  }

  #addPixel(word: number, blockCb: number, blockCr: number): void {
    const seenOf = (colour: number) => (word >> (8 * colour)) & 255;
    let [lumas, count] = [0, 0];
    this.#making.forEach(({ luma, cb, cr, offset }, colour) => {
      const seen = seenOf(colour);
      if (seen === 0 || seen === 255) return;
      lumas += (seen - offset - cb * blockCb - cr * blockCr) / luma;
      count += 1;
    });
    if (count === 0) return;
    this.#making.forEach(({ luma, cb, cr, offset }, colour) => {
      const seen = seenOf(colour);
      if (seen !== 0 && seen !== 255) return;
      const found = (luma * lumas) / count + cb * blockCb + cr * blockCr + offset;
      const share = seen === 0 ? -found / this.#reachOfBlack : (found - 255) / this.#reachOfWhite;
      this.#sum += Math.min(Math.max(share, 0), 1);
      this.#known += 1;
    });
  }
}

/** Cb and Cr of grey. */
const NEUTRAL = 128;

/** Whether a colour of a pixel is 0 or 255. */
export function isCutOff(word: number): boolean {
  const colours = word & 0xffffff;
  const others = colours ^ 0xffffff;
  const borrowed = ((colours - 0x010101) & others) | ((others - 0x010101) & colours);
  return (borrowed & 0x808080) !== 0;
}

/** Of the equation of a colour as it is seen, where `found` comes of it so far. */
function weightOfSeen(seen: number, found: number, share: number): number {
  const isAsSeen = (seen > 0 && seen < 255) || (seen === 0 && found > 0) || (seen === 255 && found < 255);
  return isAsSeen ? 1 : FAINT * (1 - share);
}

/** Of the equation of a colour as the clip's coding makes it. */
function weightOfWanted(seen: number, found: number, share: number): number {
  if (found < 0 || found > 255) return BEYOND_WEIGHT;
  return seen === 0 || seen === 255 ? FAINT * share : 0;
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
