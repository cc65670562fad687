/** Standard deviation of the brightness from which a picture shows something; black, white and fades have less. */
export const TELLING_CONTRAST = 18;

/** Standard deviation of the brightness (Rec. 601 luma, 0 to 255) of RGBA pixels; 0 for none. */
export function contrastOf(pixels: Uint8ClampedArray): number {
  const count = pixels.length >> 2;
  if (count === 0) return 0;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < pixels.length; i += 4) {
    const luma = 0.299 * pixels[i]! + 0.587 * pixels[i + 1]! + 0.114 * pixels[i + 2]!;
    sum += luma;
    squares += luma * luma;
  }
  const mean = sum / count;
  return Math.sqrt(Math.max(0, squares / count - mean * mean));
}

/** Position of the first contrast that tells something, or else of the highest; −1 for none. */
export function firstTelling(contrasts: readonly number[]): number {
  const first = contrasts.findIndex((contrast) => contrast >= TELLING_CONTRAST);
  return first >= 0 ? first : contrasts.indexOf(Math.max(...contrasts));
}

/** Side of the square that pictures are looked at in, in pixels. */
const LOOK_SIDE = 24;

/** The contrast of a picture, looked at small. */
export function measureContrast(picture: CanvasImageSource): number {
  const context = new OffscreenCanvas(LOOK_SIDE, LOOK_SIDE).getContext('2d', { willReadFrequently: true });
  if (!context) return 0;
  context.drawImage(picture, 0, 0, LOOK_SIDE, LOOK_SIDE);
  return contrastOf(context.getImageData(0, 0, LOOK_SIDE, LOOK_SIDE).data);
}
