import { computeColourEquations, toRgb, type ColourCoding, type Triple } from './colour';
import type { PixelRows } from './pixel-rows';

/**
 * [Note: Colours made anew]
 *
 * A browser that hands out red, green and blue has made them of luma and chroma its own way, often by another matrix and
 * range than the clip's, and not always by one of the standards': Firefox's BT.709 has too little blue (2.0 for 2.11, as
 * libyuv has it in seven bits). Whatever it does is linear, so it is measured as three by three numbers and an offset, undone,
 * and done as the clip wants it, in one step. That is for frames whose planes do not come back (recover-planes.ts).
 */

/** `matrix · colour + offset` makes other colours. */
export interface ColourChange {
  matrix: readonly [Triple, Triple, Triple];
  offset: Triple;
}

/** A change by less than this is none: rounding does as much. */
const LEAST_CHANGE = 1.5;

/** Patches that no linear change makes to within this are made some other way. */
const MAX_RESIDUE = 2.5;

/** Rounding, of a patch that an encoder left one off. */
const MAX_CODE_RESIDUE = 1.7;

/**
 * How a browser makes red, green and blue of luma, Cb and Cr; null where they follow from these in no linear way, or these
 * not from them.
 *
 * @param patches luma, Cb and Cr of 8 bits, six or more
 * @param seen what the browser made of each
 */
export function fitColourMaking(patches: readonly Triple[], seen: readonly Triple[]): ColourChange | null {
  const making = fitLumaCode(patches, seen) ?? fitChange(patches, seen);
  if (!making) return null;
  const made = patches.map((patch) => applyChange(making, patch));
  const isLinear = made.every((colour, at) => distance(colour, seen[at]!) <= MAX_RESIDUE);
  return isLinear && fitChange(made, patches) ? making : null;
}

/**
 * How a browser makes colours where luma is black at 16 and white at 235, or at 0 and 255, as in every standard; null where that is
 * not so. Fitted numbers alone are a tenth of a colour off, by which luma would be rounded another way.
 */
function fitLumaCode(patches: readonly Triple[], seen: readonly Triple[]): ColourChange | null {
  for (const isFullRange of [false, true]) {
    const { luma, black, neutral } = computeColourEquations({ matrix: 'bt601', isFullRange }, 8);
    const chroma = patches.map(([, cb, cr]): [number, number] => [cb - neutral, cr - neutral]);
    const factors = [0, 1, 2].map((colour) =>
      leastSquares(
        chroma,
        patches.map(([y], at) => seen[at]![colour]! - luma * (y - black)),
      ),
    );
    const [red, green, blue] = factors;
    if (!red || !green || !blue) return null;
    const rowOf = ([cb, cr]: number[]): Triple => [luma, cb!, cr!];
    const offsetOf = ([cb, cr]: number[]): number => -luma * black - neutral * (cb! + cr!);
    const making: ColourChange = {
      matrix: [rowOf(red), rowOf(green), rowOf(blue)],
      offset: [offsetOf(red), offsetOf(green), offsetOf(blue)],
    };
    const isSo = patches.every(
      (patch, at) => distance(applyChange(making, patch), seen[at]!) <= MAX_CODE_RESIDUE,
    );
    if (isSo) return making;
  }
  return null;
}

/** What makes the browser's red, green and blue into the clip's; null where they are the same. */
export function computeColourChange(
  patches: readonly Triple[],
  making: ColourChange,
  wanted: ColourCoding,
): ColourChange | null {
  // As they are fitted, which are not rounded.
  const made = patches.map((patch) => applyChange(making, patch));
  const wantedColours = patches.map((patch) => toRgb(patch, wanted));
  const isSame = wantedColours.every((colour, at) => distance(colour, made[at]!) < LEAST_CHANGE);
  return isSame ? null : fitChange(made, wantedColours);
}

function applyChange({ matrix, offset }: ColourChange, [a, b, c]: Triple): Triple {
  const [x, y, z] = matrix.map((row, at) => row[0] * a + row[1] * b + row[2] * c + offset[at]!);
  return [x!, y!, z!];
}

function distance(a: Triple, b: Triple): number {
  return Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));
}

/** The change that makes `to` of `from` with the least squares; null where `from` does not tell. */
function fitChange(from: readonly Triple[], to: readonly Triple[]): ColourChange | null {
  const rows = from.map((colour) => [...colour, 1]);
  const [red, green, blue] = [0, 1, 2].map((colour) =>
    leastSquares(
      rows,
      to.map((one) => one[colour]!),
    ),
  );
  if (!red || !green || !blue) return null;
  return {
    matrix: [tripleOf(red), tripleOf(green), tripleOf(blue)],
    offset: [red[3]!, green[3]!, blue[3]!],
  };
}

/** The factors by which the numbers of each row come to a value; null where the rows do not tell. */
function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): number[] | null {
  const columns = rows[0]!.map((_, at) => at);
  const squares = columns.map((i) => columns.map((j) => sum(rows.map((row) => row[i]! * row[j]!))));
  return solve(
    squares,
    columns.map((i) => sum(rows.map((row, at) => row[i]! * values[at]!))),
  );
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

const tripleOf = ([a, b, c]: number[]): Triple => [a!, b!, c!];

/** Solves a small system of linear equations; null where it has no one solution. */
function solve(matrix: readonly number[][], values: readonly number[]): number[] | null {
  const size = values.length;
  const rows = matrix.map((row, at) => [...row, values[at]!]);
  for (let column = 0; column < size; column++) {
    const best = rows.slice(column).reduce((a, b) => (Math.abs(b[column]!) > Math.abs(a[column]!) ? b : a));
    if (Math.abs(best[column]!) < 1e-6) return null;
    rows.splice(rows.indexOf(best), 1);
    rows.splice(column, 0, best);
    for (const row of rows) {
      if (row === best) continue;
      const factor = row[column]! / best[column]!;
      for (let at = column; at <= size; at++) row[at] = row[at]! - factor * best[at]!;
    }
  }
  return rows.map((row, at) => row[size]! / row[at]!);
}

const FRACTION_BITS = 16;
const ONE = 2 ** FRACTION_BITS;

/** The same picture in other colours. */
export function recolouredRows(rows: PixelRows, { matrix, offset }: ColourChange): PixelRows {
  const { width, height } = rows;
  const [rr, rg, rb] = toFixedPoint(matrix[0]);
  const [gr, gg, gb] = toFixedPoint(matrix[1]);
  const [br, bg, bb] = toFixedPoint(matrix[2]);
  const [ro, go, bo] = toFixedPoint([offset[0] + 0.5, offset[1] + 0.5, offset[2] + 0.5]);
  const row = new Uint32Array(width);
  const readRow = (y: number): Uint32Array => {
    const words = rows.readRow(y);
    for (let x = 0; x < width; x++) {
      const word = words[x]!;
      const red = word & 255;
      const green = (word >> 8) & 255;
      const blue = (word >> 16) & 255;
      row[x] =
        toByte(rr * red + rg * green + rb * blue + ro) |
        (toByte(gr * red + gg * green + gb * blue + go) << 8) |
        (toByte(br * red + bg * green + bb * blue + bo) << 16);
    }
    return row;
  };
  return { width, height, readRow };
}

function toFixedPoint([a, b, c]: Triple): Triple {
  return [Math.round(a * ONE), Math.round(b * ONE), Math.round(c * ONE)];
}

/** Sums are below 2^28. */
function toByte(sum: number): number {
  const value = sum >> FRACTION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
