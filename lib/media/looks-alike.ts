/** Correlation of brightness from which two small pictures show the same. */
const ALIKE_CORRELATION = 0.8;

/** Standard deviation of brightness below which a picture is plain, and correlation tells nothing. */
const PLAIN = 6;

/**
 * Whether two pictures of one size show the same, whatever their colours' coding. A picture that a player decoded
 * without the pictures before it is grey or torn.
 *
 * @param a RGBA, 8 bits a channel
 */
export function looksAlike(a: Uint8ClampedArray, b: Uint8ClampedArray): boolean {
  const [first, second] = [centred(a), centred(b)];
  if (first.deviation < PLAIN || second.deviation < PLAIN) {
    return Math.abs(first.deviation - second.deviation) < 2 * PLAIN;
  }
  let product = 0;
  for (let i = 0; i < first.luma.length; i++) product += first.luma[i]! * second.luma[i]!;
  return product / (first.luma.length * first.deviation * second.deviation) >= ALIKE_CORRELATION;
}

/** Brightness (Rec. 601 luma) less its mean, and its standard deviation. */
function centred(pixels: Uint8ClampedArray): { luma: Float64Array; deviation: number } {
  const luma = new Float64Array(pixels.length >> 2);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * pixels[i * 4]! + 0.587 * pixels[i * 4 + 1]! + 0.114 * pixels[i * 4 + 2]!;
  }
  const mean = luma.reduce((sum, one) => sum + one, 0) / luma.length;
  let squares = 0;
  for (let i = 0; i < luma.length; i++) {
    luma[i] = luma[i]! - mean;
    squares += luma[i]! ** 2;
  }
  return { luma, deviation: Math.sqrt(squares / luma.length) };
}

/** Side of the square that pictures are compared in, in pixels. */
const COMPARED_SIDE = 32;

/** The pixels of a picture, looked at small. */
export function lookSmall(picture: CanvasImageSource): Uint8ClampedArray {
  const context = new OffscreenCanvas(COMPARED_SIDE, COMPARED_SIDE).getContext('2d', {
    willReadFrequently: true,
  });
  if (!context) return new Uint8ClampedArray();
  context.drawImage(picture, 0, 0, COMPARED_SIDE, COMPARED_SIDE);
  return context.getImageData(0, 0, COMPARED_SIDE, COMPARED_SIDE).data;
}
