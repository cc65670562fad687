/** Opacity of each pixel, 0…255. */
export interface AlphaPlane {
  bytes: Uint8Array;
  /** Bytes from row to row. */
  stride: number;
  width: number;
  height: number;
}

/** Black of video whose luma runs from 16 to 235. */
export const LIMITED_BLACK = 16;
const NO_COLOUR = 128;

/**
 * Lays an I420 picture over black, in place: each number moves towards black by what is clear of its pixel. The
 * matrix is linear, so this is the same as laying red, green and blue over black. Where four pixels share a chroma
 * sample, their mean opacity counts.
 *
 * @param layout of the three planes in `bytes`
 */
export function layOverBlack(
  bytes: Uint8Array,
  layout: readonly PlaneLayout[],
  { width, height }: { width: number; height: number },
  isFullRange: boolean,
  opacity: AlphaPlane,
): void {
  const [luma, ...chroma] = layout;
  const black = isFullRange ? 0 : LIMITED_BLACK;
  const at = (x: number, y: number) =>
    opacity.bytes[Math.min(y, opacity.height - 1) * opacity.stride + Math.min(x, opacity.width - 1)]!;
  for (let y = 0; y < height; y += 1) {
    const row = luma!.offset + y * luma!.stride;
    for (let x = 0; x < width; x += 1) {
      const share = at(x, y);
      if (share === 255) continue;
      bytes[row + x] = black + Math.round(((bytes[row + x]! - black) * share) / 255);
    }
  }
  for (const { offset, stride } of chroma) {
    for (let y = 0; y * 2 < height; y += 1) {
      const row = offset + y * stride;
      for (let x = 0; x * 2 < width; x += 1) {
        const [left, top] = [x * 2, y * 2];
        const right = Math.min(left + 1, width - 1);
        const bottom = Math.min(top + 1, height - 1);
        const sum = at(left, top) + at(right, top) + at(left, bottom) + at(right, bottom);
        if (sum === 4 * 255) continue;
        bytes[row + x] = NO_COLOUR + Math.round(((bytes[row + x]! - NO_COLOUR) * sum) / (4 * 255));
      }
    }
  }
}
