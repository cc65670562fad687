/**
 * Frame numbers drawn into made clips as stripes, read back from a picture of any size.
 *
 * `both`: 16 bars in the top sixth of the picture, the same inverted in the bottom sixth; 12 bits of number, highest
 * first, and a check of 4 bits. A bar counts as "top lighter than bottom", so colours and lossy coding do not matter.
 * `below`: 12 bars in the lower 30 %, white for 1.
 */
export type StripesKind = 'both' | 'below';

/**
 * The number in a picture; null where it carries none, or more than one frame is mixed in it.
 *
 * @param rgba 8 bits a channel, row by row, `width` × `height` × 4
 */
export function readStripes(
  rgba: ArrayLike<number>,
  width: number,
  height: number,
  kind: StripesKind,
): number | null {
  // This function travels into the page as its own text, so all that it needs is inside.
  const least = 30;
  const mean = (x0: number, x1: number, y0: number, y1: number): number => {
    let sum = 0;
    let count = 0;
    for (let y = Math.floor(y0); y < Math.max(y1, y0 + 1); y += 1) {
      for (let x = Math.floor(x0); x < Math.max(x1, x0 + 1); x += 1) {
        // Green stands for lightness: the bars are grey.
        sum += rgba[(y * width + x) * 4 + 1]!;
        count += 1;
      }
    }
    return sum / count;
  };
  if (kind === 'below') {
    let number = 0;
    for (let bar = 0; bar < 12; bar += 1) {
      const [x0, x1] = [((bar + 0.3) * width) / 12, ((bar + 0.7) * width) / 12];
      const level = mean(x0, x1, height * 0.8, height * 0.97);
      if (level > 125 - least && level < 125 + least) return null;
      number = (number << 1) | (level > 125 ? 1 : 0);
    }
    return number;
  }
  const band = height / 6;
  let value = 0;
  for (let bar = 0; bar < 16; bar += 1) {
    const [x0, x1] = [((bar + 0.3) * width) / 16, ((bar + 0.7) * width) / 16];
    const top = mean(x0, x1, band * 0.2, band * 0.75);
    const low = mean(x0, x1, height - band * 0.75, height - band * 0.2);
    if (Math.abs(top - low) < least) return null;
    value = (value << 1) | (top > low ? 1 : 0);
  }
  const number = value >> 4;
  const check = ((number >> 8) & 15) ^ ((number >> 4) & 15) ^ (number & 15) ^ 9;
  return (value & 15) === check ? number : null;
}
