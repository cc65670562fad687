import type { ResizeSpec } from '@/lib/shared/frames';

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
 * Rotation costs nothing: the passes walk the stored picture with the strides (signed) of the upright
 * one, so the result is what Pillow gives for the picture after it was turned.
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

/** Pillow's PRECISION_BITS: 8 bits of picture and 2 of head room leave 22 of 32 for coefficients. */
const PRECISION_BITS = 32 - 8 - 2;
const ROUNDING = 1 << (PRECISION_BITS - 1);

const BICUBIC_SUPPORT = 2;

function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/** How each output position of one axis is made of input positions. */
interface AxisCoefficients {
  /** First input position of each output position. */
  first: Int32Array;
  /** How many input positions each output position takes. */
  taps: Int32Array;
  /** `stride` fixed-point weights for each output position; those beyond `taps` are unused. */
  weights: Int32Array;
  stride: number;
}

function computeAxisCoefficients(inSize: number, outSize: number): AxisCoefficients {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = BICUBIC_SUPPORT * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const perUnit = 1 / filterScale;
  const first = new Int32Array(outSize);
  const taps = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  for (let out = 0; out < outSize; out++) {
    const centre = (out + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - support + 0.5), 0);
    const count = Math.min(Math.trunc(centre + support + 0.5), inSize) - low;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = bicubic((tap + low - centre + 0.5) * perUnit);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = sum === 0 ? exact[tap]! : exact[tap]! / sum;
      const scaled = weight * (1 << PRECISION_BITS);
      weights[out * stride + tap] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    first[out] = low;
    taps[out] = count;
  }
  return { first, taps, weights, stride };
}

/** A clip has one size, so one pair of tables; a few more for query pictures dropped in between. */
const MAX_CACHED_TABLES = 16;
const tables = new Map<string, AxisCoefficients>();

function getAxisCoefficients(inSize: number, outSize: number): AxisCoefficients {
  const key = `${inSize}>${outSize}`;
  let table = tables.get(key);
  if (!table) {
    table = computeAxisCoefficients(inSize, outSize);
    if (tables.size >= MAX_CACHED_TABLES) tables.delete(tables.keys().next().value!);
    tables.set(key, table);
  }
  return table;
}

/** Pixels laid out by strides, in bytes: `bytes[origin + x * xStride + y * yStride]` is the red of (x, y). */
interface PixelGrid {
  bytes: Uint8Array | Uint8ClampedArray;
  origin: number;
  xStride: number;
  yStride: number;
}

/** Part of an axis: output positions from `start`, `length` of them. */
interface Span {
  start: number;
  length: number;
}

/**
 * Rounds a fixed-point sum to a byte, as Pillow's clip8. The shift of a sum above 2^31 cannot happen:
 * the weights of one output add up to 2^22, and their absolute values to well under 2^23.
 */
function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Filters along x where neighbours in x lie side by side: walks the taps innermost. Writes packed RGB. */
function filterByTaps(
  source: PixelGrid,
  { first, taps, weights, stride }: AxisCoefficients,
  columns: Span,
  rows: Span,
  target: PixelGrid,
): void {
  const { bytes, xStride } = source;
  const out = target.bytes;
  for (let row = 0; row < rows.length; row++) {
    const rowOrigin = source.origin + (rows.start + row) * source.yStride;
    let to = target.origin + row * target.yStride;
    for (let column = columns.start; column < columns.start + columns.length; column++) {
      const weightsStart = column * stride;
      const weightsEnd = weightsStart + taps[column]!;
      let from = rowOrigin + first[column]! * xStride;
      let red = ROUNDING;
      let green = ROUNDING;
      let blue = ROUNDING;
      for (let index = weightsStart; index < weightsEnd; index++) {
        const weight = weights[index]!;
        red = (red + Math.imul(weight, bytes[from]!)) | 0;
        green = (green + Math.imul(weight, bytes[from + 1]!)) | 0;
        blue = (blue + Math.imul(weight, bytes[from + 2]!)) | 0;
        from += xStride;
      }
      out[to] = toByte(red);
      out[to + 1] = toByte(green);
      out[to + 2] = toByte(blue);
      to += target.xStride;
    }
  }
}

/**
 * Filters along x where neighbours in y lie side by side: adds up a whole column at a time, so that
 * memory is read in its own order. `columnSums` holds three sums a row.
 */
function filterByColumns(
  source: PixelGrid,
  { first, taps, weights, stride }: AxisCoefficients,
  columns: Span,
  rows: Span,
  target: PixelGrid,
): void {
  const { bytes, xStride, yStride } = source;
  const out = target.bytes;
  const columnSums = new Int32Array(rows.length * 3);
  for (let column = 0; column < columns.length; column++) {
    const position = columns.start + column;
    columnSums.fill(ROUNDING);
    for (let tap = 0; tap < taps[position]!; tap++) {
      const weight = weights[position * stride + tap]!;
      let from = source.origin + (first[position]! + tap) * xStride + rows.start * yStride;
      for (let sum = 0; sum < columnSums.length; sum += 3) {
        columnSums[sum] = columnSums[sum]! + Math.imul(weight, bytes[from]!);
        columnSums[sum + 1] = columnSums[sum + 1]! + Math.imul(weight, bytes[from + 1]!);
        columnSums[sum + 2] = columnSums[sum + 2]! + Math.imul(weight, bytes[from + 2]!);
        from += yStride;
      }
    }
    let to = target.origin + column * target.xStride;
    for (let sum = 0; sum < columnSums.length; sum += 3) {
      out[to] = toByte(columnSums[sum]!);
      out[to + 1] = toByte(columnSums[sum + 1]!);
      out[to + 2] = toByte(columnSums[sum + 2]!);
      to += target.yStride;
    }
  }
}

/**
 * filterByTaps for RGBA, one 32-bit load a pixel in place of three: this pass reads every pixel of a
 * frame about four times over, and takes a quarter less time so. Little-endian, as every browser's machine is.
 */
function filterRgbaByTaps(
  words: Uint32Array,
  source: PixelGrid,
  { first, taps, weights, stride }: AxisCoefficients,
  columns: Span,
  rows: Span,
  target: PixelGrid,
): void {
  const out = target.bytes;
  const step = source.xStride >> 2;
  for (let row = 0; row < rows.length; row++) {
    const rowOrigin = (source.origin + (rows.start + row) * source.yStride) >> 2;
    let to = target.origin + row * target.yStride;
    for (let column = columns.start; column < columns.start + columns.length; column++) {
      const weightsStart = column * stride;
      const weightsEnd = weightsStart + taps[column]!;
      let from = rowOrigin + first[column]! * step;
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
      out[to] = toByte(red);
      out[to + 1] = toByte(green);
      out[to + 2] = toByte(blue);
      to += target.xStride;
    }
  }
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The same memory as 32-bit words, where strides and alignment allow. */
function asWords({ bytes, xStride, yStride }: PixelGrid): Uint32Array | null {
  const aligned = (bytes.byteOffset | bytes.byteLength | xStride | yStride) % 4 === 0;
  return IS_LITTLE_ENDIAN && aligned
    ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    : null;
}

function filterAlongX(
  source: PixelGrid,
  coefficients: AxisCoefficients,
  columns: Span,
  rows: Span,
  target: PixelGrid,
): void {
  if (Math.abs(source.xStride) > Math.abs(source.yStride)) {
    filterByColumns(source, coefficients, columns, rows, target);
    return;
  }
  const words = Math.abs(source.xStride) === 4 ? asWords(source) : null;
  if (words) filterRgbaByTaps(words, source, coefficients, columns, rows, target);
  else filterByTaps(source, coefficients, columns, rows, target);
}

function transposed(grid: PixelGrid): PixelGrid {
  return { ...grid, xStride: grid.yStride, yStride: grid.xStride };
}

/** The stored picture as a grid in upright coordinates. */
function uprightGrid(
  bytes: PixelGrid['bytes'],
  width: number,
  height: number,
  channels: number,
  rotation: RotationDegrees,
  flip: boolean,
): PixelGrid & { width: number; height: number } {
  const row = width * channels;
  const lastColumn = (width - 1) * channels;
  const lastRow = (height - 1) * row;
  let grid: PixelGrid & { width: number; height: number };
  switch (rotation) {
    case 0:
      grid = { bytes, origin: 0, xStride: channels, yStride: row, width, height };
      break;
    case 90:
      grid = { bytes, origin: lastRow, xStride: -row, yStride: channels, width: height, height: width };
      break;
    case 180:
      grid = { bytes, origin: lastRow + lastColumn, xStride: -channels, yStride: -row, width, height };
      break;
    case 270:
      grid = { bytes, origin: lastColumn, xStride: row, yStride: -channels, width: height, height: width };
      break;
  }
  if (!flip) return grid;
  return { ...grid, origin: grid.origin + (grid.width - 1) * grid.xStride, xStride: -grid.xStride };
}

/** Resizes the upright `grid` to `outWidth`×`outHeight` and returns the part that `columns` and `rows` name. */
function resizeGrid(
  grid: PixelGrid & { width: number; height: number },
  outWidth: number,
  outHeight: number,
  columns: Span,
  rows: Span,
): Uint8Array<ArrayBuffer> {
  const horizontal = getAxisCoefficients(grid.width, outWidth);
  const vertical = getAxisCoefficients(grid.height, outHeight);
  // Rows of the input that some wanted row of the output is made of.
  const lastRow = rows.start + rows.length - 1;
  const firstInputRow = vertical.first[rows.start]!;
  const inputRows: Span = {
    start: firstInputRow,
    length: vertical.first[lastRow]! + vertical.taps[lastRow]! - firstInputRow,
  };

  const between: PixelGrid = {
    bytes: new Uint8Array(columns.length * inputRows.length * 3),
    origin: 0,
    xStride: 3,
    yStride: columns.length * 3,
  };
  filterAlongX(grid, horizontal, columns, inputRows, between);

  const pixels = new Uint8Array(columns.length * rows.length * 3);
  const result: PixelGrid = { bytes: pixels, origin: 0, xStride: 3, yStride: columns.length * 3 };
  const uncut = { ...between, origin: -firstInputRow * between.yStride };
  filterAlongX(transposed(uncut), vertical, rows, { start: 0, length: columns.length }, transposed(result));
  return pixels;
}

function channelsOf(bytes: PixelGrid['bytes'], width: number, height: number): 3 | 4 {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`A picture of ${width}×${height} pixels cannot be resized.`);
  }
  if (bytes.length >= width * height * 4) return 4;
  if (bytes.length === width * height * 3) return 3;
  throw new RangeError(`${bytes.length} bytes are neither RGB nor RGBA of ${width}×${height} pixels.`);
}

/**
 * Resizes a whole picture to `outWidth`×`outHeight`, as Pillow's `Image.resize(…, BICUBIC)` does an RGB one.
 * @param bytes RGBA (alpha is ignored; the buffer may be longer than the picture) or exactly RGB.
 */
export function resizeBicubic(
  bytes: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  outWidth: number,
  outHeight: number,
): Uint8Array<ArrayBuffer> {
  const grid = uprightGrid(bytes, width, height, channelsOf(bytes, width, height), 0, false);
  const columns = { start: 0, length: outWidth };
  return resizeGrid(grid, outWidth, outHeight, columns, { start: 0, length: outHeight });
}

/**
 * A stored frame as the model's square input: upright, `spec.size`² RGB pixels, row by row.
 *
 * `centre-crop` follows Hugging Face's CLIPImageProcessor: the longer edge is rounded down, and so is
 * the margin that is cut at the left and the top.
 *
 * @param rgba RGBA (alpha is ignored; the buffer may be longer than the picture) or exactly RGB.
 * @param width Stored size in pixels, before rotation.
 */
export function resizeFrame(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  spec: ResizeSpec,
  rotationDegrees: RotationDegrees = 0,
  { flip = false, displayWidth = width, displayHeight = height }: ResizeOrientation = {},
): Uint8Array<ArrayBuffer> {
  const { size } = spec;
  const channels = channelsOf(rgba, width, height);
  const grid = uprightGrid(rgba, width, height, channels, rotationDegrees, flip);
  if (spec.fit === 'stretch') {
    const whole = { start: 0, length: size };
    return resizeGrid(grid, size, size, whole, whole);
  }
  const turned = rotationDegrees === 90 || rotationDegrees === 270;
  const shownWidth = turned ? displayHeight : displayWidth;
  const shownHeight = turned ? displayWidth : displayHeight;
  const outWidth = shownWidth <= shownHeight ? size : Math.trunc((size * shownWidth) / shownHeight);
  const outHeight = shownWidth <= shownHeight ? Math.trunc((size * shownHeight) / shownWidth) : size;
  const columns = { start: Math.floor((outWidth - size) / 2), length: size };
  const rows = { start: Math.floor((outHeight - size) / 2), length: size };
  return resizeGrid(grid, outWidth, outHeight, columns, rows);
}
