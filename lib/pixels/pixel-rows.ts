import type { KernelRows } from './pixel-kernel';

/**
 * A picture that is read a row at a time, so that it need not exist as RGB as a whole: a decoded frame
 * is converted while it is resized, and never fills a buffer of its own.
 */
export interface PixelRows {
  readonly width: number;
  readonly height: number;
  /**
   * Row `y` as one 32-bit word a pixel: red in the lowest byte, then green, then blue; the highest byte
   * means nothing. Belongs to the picture and is overwritten by the next call.
   */
  readRow: (y: number) => Uint32Array;
  /** The same rows in vector instructions; left out where there are none or the picture is of no planes. */
  readonly vectors?: KernelRows;
}

/** Whether RGBA bytes, seen as 32-bit words, are words of `PixelRows`; so on every machine with a browser. */
export const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** Throws unless there can be a picture of this size. */
export function assertPictureSize(width: number, height: number): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`There is no picture of ${width}×${height} pixels.`);
  }
}

/**
 * Packed bytes as rows.
 * @param bytes RGBA (alpha is ignored; the buffer may be longer than the picture) or exactly RGB, row by row
 */
export function packedRows(bytes: Uint8Array | Uint8ClampedArray, width: number, height: number): PixelRows {
  assertPictureSize(width, height);
  if (bytes.length >= width * height * 4) return rgbaRows(bytes, width, height);
  if (bytes.length !== width * height * 3) {
    throw new RangeError(`${bytes.length} bytes are neither RGB nor RGBA of ${width}×${height} pixels.`);
  }
  return gatheredRows(bytes, width, height, width * 3, [0, 1, 2], 3);
}

/** RGBA rows, `stride` bytes apart. Read in place where the machine and the alignment allow. */
export function rgbaRows(
  bytes: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  stride = width * 4,
): PixelRows {
  if (!IS_LITTLE_ENDIAN || (bytes.byteOffset | stride) % 4 !== 0) {
    return gatheredRows(bytes, width, height, stride, [0, 1, 2], 4);
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  const wordStride = stride / 4;
  return { width, height, readRow: (y) => words.subarray(y * wordStride, y * wordStride + width) };
}

/** Rows of pixels whose red, green and blue lie at the byte positions `order` of each `pixelStride` bytes. */
export function gatheredRows(
  bytes: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  stride: number,
  order: readonly [red: number, green: number, blue: number],
  pixelStride: 3 | 4,
): PixelRows {
  const [red, green, blue] = order;
  const row = new Uint32Array(width);
  return {
    width,
    height,
    readRow: (y) => {
      let from = y * stride;
      for (let x = 0; x < width; x++) {
        row[x] = bytes[from + red]! | (bytes[from + green]! << 8) | (bytes[from + blue]! << 16);
        from += pixelStride;
      }
      return row;
    },
  };
}
