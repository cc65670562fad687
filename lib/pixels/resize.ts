import type { ResizeSpec } from '@/lib/shared/frames';
import { assertPictureSize, type PixelRows } from './pixel-rows';
import { timedNow } from '@/lib/shared/stage-timing';
import {
  getAxisCoefficients,
  inputSpan,
  PRECISION_BITS,
  ROUNDING,
  type AxisCoefficients,
} from './axis-coefficients';
import { resizeByKernel, type ResizedPart, type UprightShape } from './kernel-resize';
import { joinBytes } from '@/lib/shared/bytes';
import { cutViews, type Span, type ViewCut } from './views';

/**
 * [Note: Resizing exactly as Pillow does]
 *
 * Models are trained and measured on pictures that Pillow resized, and resizing is where a browser's
 * embeddings drift from Python's: a plain bicubic or a canvas gives another picture than Pillow's
 * antialiased one. So this is Pillow's own algorithm (src/libImaging/Resample.c): bicubic with
 * a = -0.5 whose support grows with the reduction, coefficients in fixed point, a horizontal pass,
 * bytes in between, a vertical pass. Equal to `Image.resize(size, Image.BICUBIC)` byte for byte, in
 * every browser; test/fixtures/resize holds Pillow's answers.
 *
 * The picture comes a row at a time (PixelRows) and each row is read once: the horizontal pass takes it
 * in while it is in the processor's cache, and only what that pass leaves, a tenth or less, is kept.
 *
 * Rotation is part of the passes: they walk the stored picture in the order of the upright one, so the
 * result is what Pillow gives for the picture after it was turned. Of a picture on its side the stored
 * rows are the upright columns, so a row is added to every output column that it is a part of.
 */

/** Clockwise turn, in degrees, that makes a stored picture upright. */
export type RotationDegrees = 0 | 90 | 180 | 270;

export interface ResizeOrientation {
  /** Mirror the picture left to right once it has been rotated. */
  flip?: boolean;
  /**
   * Size in square pixels before rotation, where the stored pixels are not square. Only its ratio
   * matters, and only to `centre-crop`.
   */
  displayWidth?: number;
  displayHeight?: number;
}

/** A stored picture with how it is read upright. */
interface UprightPicture extends UprightShape {
  stored: PixelRows;
}

function uprightPicture(stored: PixelRows, rotation: RotationDegrees, flip: boolean): UprightPicture {
  const isTurned = rotation === 90 || rotation === 270;
  const isXReversed = rotation === 90 || rotation === 180;
  return {
    stored,
    width: isTurned ? stored.height : stored.width,
    height: isTurned ? stored.width : stored.height,
    isTurned,
    isXReversed: isXReversed !== flip,
    isYReversed: rotation === 180 || rotation === 270,
  };
}

/**
 * Rounds a fixed-point sum to a byte, as Pillow's clip8. The shift of a sum above 2^31 cannot happen:
 * the weights of one output add up to 2^22, and their absolute values to well under 2^23.
 */
function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * The horizontal pass over one row of a picture that is not on its side. Writes packed RGB at `to`.
 * @param left where the part begins that the coefficients are for
 */
function filterRow(
  words: Uint32Array,
  isReversed: boolean,
  left: number,
  { first, taps, weights, stride }: AxisCoefficients,
  columns: Span,
  target: Uint8Array,
  to: number,
): void {
  const step = isReversed ? -1 : 1;
  const origin = (isReversed ? words.length - 1 : 0) + left * step;
  for (let column = columns.start; column < columns.start + columns.length; column++) {
    const weightsStart = column * stride;
    const weightsEnd = weightsStart + taps[column]!;
    let from = origin + first[column]! * step;
    let red = ROUNDING;
    let green = ROUNDING;
    let blue = ROUNDING;
    for (let index = weightsStart; index < weightsEnd; index++) {
      const weight = weights[index]!;
      const word = words[from]! | 0;
      red = (red + Math.imul(weight, word & 255)) | 0;
      green = (green + Math.imul(weight, (word >> 8) & 255)) | 0;
      blue = (blue + Math.imul(weight, (word >> 16) & 255)) | 0;
      from += step;
    }
    target[to] = toByte(red);
    target[to + 1] = toByte(green);
    target[to + 2] = toByte(blue);
    to += 3;
  }
}

/** The horizontal pass over a picture that is not on its side, for each part of its width; each row is read once. */
function filterUprightRows(
  { stored, height, isXReversed, isYReversed }: UprightPicture,
  parts: readonly Span[],
  horizontal: AxisCoefficients,
  columns: Span,
  rows: Span,
): Uint8Array[] {
  const rowBytes = columns.length * 3;
  const filtered = parts.map(() => new Uint8Array(rowBytes * rows.length));
  for (let row = 0; row < rows.length; row++) {
    const y = rows.start + row;
    const words = stored.readRow(isYReversed ? height - 1 - y : y);
    for (const [index, { start }] of parts.entries()) {
      filterRow(words, isXReversed, start, horizontal, columns, filtered[index]!, row * rowBytes);
    }
  }
  return filtered;
}

/** Adds one stored row, `weight` times, to the sums of an output column; three sums a pixel. */
function addRow(words: Uint32Array, from: number, step: number, weight: number, sums: Int32Array): void {
  for (let sum = 0; sum < sums.length; sum += 3) {
    const word = words[from]! | 0;
    sums[sum] = sums[sum]! + Math.imul(weight, word & 255);
    sums[sum + 1] = sums[sum + 1]! + Math.imul(weight, (word >> 8) & 255);
    sums[sum + 2] = sums[sum + 2]! + Math.imul(weight, (word >> 16) & 255);
    from += step;
  }
}

/** The horizontal pass over the part from `left` on of a picture on its side: stored rows are upright columns. */
function filterTurnedRows(
  { stored, width, height, isXReversed, isYReversed }: UprightPicture,
  left: number,
  horizontal: AxisCoefficients,
  columns: Span,
  rows: Span,
): Uint8Array {
  const { first, taps, weights, stride } = horizontal;
  const filtered = new Uint8Array(columns.length * rows.length * 3);
  const step = isYReversed ? -1 : 1;
  const from = isYReversed ? height - 1 - rows.start : rows.start;
  const wantedEnd = columns.start + columns.length;
  /** Sums of the columns from `oldest` on, which have some of their rows but not all. */
  const open: Int32Array[] = [];
  const spare: Int32Array[] = [];
  let oldest = columns.start;
  const input = inputSpan(horizontal, columns);
  for (let x = input.start; x < input.start + input.length; x++) {
    while (oldest + open.length < wantedEnd && first[oldest + open.length]! <= x) {
      open.push((spare.pop() ?? new Int32Array(rows.length * 3)).fill(ROUNDING));
    }
    const words = stored.readRow(isXReversed ? width - 1 - left - x : left + x);
    for (const [index, sums] of open.entries()) {
      const column = oldest + index;
      addRow(words, from, step, weights[column * stride + x - first[column]!]!, sums);
    }
    for (let sums = open[0]; sums && x + 1 === first[oldest]! + taps[oldest]!; sums = open[0]) {
      let to = (oldest - columns.start) * 3;
      for (let sum = 0; sum < sums.length; sum += 3) {
        filtered[to] = toByte(sums[sum]!);
        filtered[to + 1] = toByte(sums[sum + 1]!);
        filtered[to + 2] = toByte(sums[sum + 2]!);
        to += columns.length * 3;
      }
      spare.push(sums);
      open.shift();
      oldest += 1;
    }
  }
  return filtered;
}

/**
 * The vertical pass: adds up whole rows, so that memory is read in its own order.
 * @param filtered rows of `rowBytes` bytes, beginning with row `firstRow` of the part that the coefficients are for
 * @param pixels where the result is written, `rows.length * rowBytes` bytes
 */
function filterColumns(
  filtered: Uint8Array,
  firstRow: number,
  rowBytes: number,
  { first, taps, weights, stride }: AxisCoefficients,
  rows: Span,
  pixels: Uint8Array,
): void {
  const sums = new Int32Array(rowBytes);
  for (let row = 0; row < rows.length; row++) {
    const y = rows.start + row;
    sums.fill(ROUNDING);
    for (let tap = 0; tap < taps[y]!; tap++) {
      const weight = weights[y * stride + tap]!;
      const from = (first[y]! + tap - firstRow) * rowBytes;
      for (let index = 0; index < rowBytes; index++) {
        sums[index] = sums[index]! + Math.imul(weight, filtered[from + index]!);
      }
    }
    for (let index = 0; index < rowBytes; index++) pixels[row * rowBytes + index] = toByte(sums[index]!);
  }
}

/**
 * Resizes each part of a picture that `cut` names to `outWidth`×`outHeight` and returns what `columns` and `rows`
 * name of it, one part after another. The plain way; kernel-resize.ts does the same in vector instructions. A part is what Pillow makes of `crop` before `resize`.
 */
function resizePicture(picture: UprightPicture, wanted: WantedPicture): Uint8Array<ArrayBuffer> {
  const { outWidth, outHeight, columns, rows } = wanted;
  const { cut = cutViews(undefined, picture.width, picture.height) } = wanted;
  const acrossAll = [{ start: 0, length: picture.width }];
  const downAll = [{ start: 0, length: picture.height }];
  const [across, down] = cut.axis === 'x' ? [cut.spans, downAll] : [acrossAll, cut.spans];
  const horizontal = getAxisCoefficients(across[0]!.length, outWidth);
  const vertical = getAxisCoefficients(down[0]!.length, outHeight);
  const ofOnePart = inputSpan(vertical, rows);
  const start = down[0]!.start + ofOnePart.start;
  const end = down.at(-1)!.start + ofOnePart.start + ofOnePart.length;
  const inputRows = { start, length: end - start };
  const filtered = picture.isTurned
    ? across.map((part) => filterTurnedRows(picture, part.start, horizontal, columns, inputRows))
    : filterUprightRows(picture, across, horizontal, columns, inputRows);
  const rowBytes = columns.length * 3;
  const pixels = new Uint8Array(rowBytes * rows.length * cut.spans.length);
  const places = filtered.flatMap((part) => down.map((span) => ({ part, firstRow: start - span.start })));
  for (const [index, { part, firstRow }] of places.entries()) {
    const view = pixels.subarray(index * rowBytes * rows.length, (index + 1) * rowBytes * rows.length);
    filterColumns(part, firstRow, rowBytes, vertical, rows, view);
  }
  return pixels;
}

/** Resizes a whole picture to `outWidth`×`outHeight`, as Pillow's `Image.resize(…, BICUBIC)` does an RGB one. */
export function resizeBicubic(
  picture: PixelRows,
  outWidth: number,
  outHeight: number,
): Uint8Array<ArrayBuffer> {
  assertPictureSize(picture.width, picture.height);
  const upright = uprightPicture(picture, 0, false);
  return resizePicture(upright, wholeOf(outWidth, outHeight));
}

/**
 * A stored frame as the model's square input: upright, `spec.size`² RGB pixels, row by row; where it is cut into
 * views, as many squares of `spec.views.size` one after another.
 *
 * `centre-crop` follows Hugging Face's CLIPImageProcessor: the longer edge is rounded down, and so is
 * the margin that is cut at the left and the top.
 *
 * @param stored the frame as stored, before rotation
 */
export function resizeFrame(
  stored: PixelRows,
  spec: ResizeSpec,
  rotationDegrees: RotationDegrees = 0,
  orientation: ResizeOrientation = {},
): Uint8Array<ArrayBuffer> {
  return resizeFrameAndThumbnail(stored, spec, null, rotationDegrees, orientation).pixels;
}

/** What is made of a frame in one pass over its rows. */
export interface ResizedFrame {
  /** What `resizeFrame` gives. */
  pixels: Uint8Array<ArrayBuffer>;
  /** The whole frame as RGB bytes, row by row; null where making it so would not be the cheaper way. */
  thumbnail: Uint8Array<ArrayBuffer> | null;
}

/**
 * As `resizeFrame`, with the upright frame in a smaller size beside it where a kernel makes both.
 * @param thumbnail upright size; null where none is wanted
 */
export function resizeFrameAndThumbnail(
  stored: PixelRows,
  spec: ResizeSpec,
  thumbnail: { width: number; height: number } | null,
  rotationDegrees: RotationDegrees = 0,
  { flip = false, displayWidth = stored.width, displayHeight = stored.height }: ResizeOrientation = {},
): ResizedFrame {
  assertPictureSize(stored.width, stored.height);
  const picture = uprightPicture(stored, rotationDegrees, flip);
  const [shownWidth, shownHeight] = picture.isTurned
    ? [displayHeight, displayWidth]
    : [displayWidth, displayHeight];
  const wanted = wantedOf(picture, spec, shownWidth, shownHeight);
  const { vectors } = stored;
  if (!vectors) {
    return { pixels: timedNow('pixels', () => resizePicture(picture, wanted)), thumbnail: null };
  }
  const { width, height, isTurned, isXReversed, isYReversed } = picture;
  const views = partsOf(picture, wanted);
  const small = thumbnail && partsOf(picture, wholeOf(thumbnail.width, thumbnail.height));
  const shape = { width, height, isTurned, isXReversed, isYReversed };
  const made = timedNow('pixels', () => resizeByKernel(vectors, shape, [...views, ...(small ?? [])]));
  return {
    pixels: views.length === 1 ? made[0]! : joinBytes(made.slice(0, views.length)),
    thumbnail: small && made.at(-1)!,
  };
}

/** A picture resized, and what is wanted of that. */
interface WantedPicture {
  outWidth: number;
  outHeight: number;
  columns: Span;
  rows: Span;
  /** Parts of the picture that are resized each for itself; all of it as one where left out. */
  cut?: ViewCut;
}

function wholeOf(outWidth: number, outHeight: number): WantedPicture {
  return {
    outWidth,
    outHeight,
    columns: { start: 0, length: outWidth },
    rows: { start: 0, length: outHeight },
  };
}

function wantedOf(
  { width, height }: UprightShape,
  { size, fit, views }: ResizeSpec,
  shownWidth: number,
  shownHeight: number,
): WantedPicture {
  if (fit === 'stretch') {
    const cut = cutViews(views, width, height, shownWidth / shownHeight);
    const side = views && cut.spans.length > 1 ? views.size : size;
    return { ...wholeOf(side, side), cut };
  }
  const outWidth = shownWidth <= shownHeight ? size : Math.trunc((size * shownWidth) / shownHeight);
  const outHeight = shownWidth <= shownHeight ? Math.trunc((size * shownHeight) / shownWidth) : size;
  const columns = { start: Math.floor((outWidth - size) / 2), length: size };
  const rows = { start: Math.floor((outHeight - size) / 2), length: size };
  return { outWidth, outHeight, columns, rows };
}

function partsOf({ width, height }: UprightShape, { cut, ...wanted }: WantedPicture): ResizedPart[] {
  const across = { start: 0, length: width };
  const down = { start: 0, length: height };
  if (!cut) return [{ across, down, ...wanted }];
  return cut.spans.map((span) =>
    cut.axis === 'x' ? { across: span, down, ...wanted } : { across, down: span, ...wanted },
  );
}
