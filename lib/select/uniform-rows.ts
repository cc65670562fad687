/** The middle row of each of `count` equal parts of [0, frames), ascending; all rows when `count` is no fewer. */
export function uniformRows(frames: number, count: number): number[] {
  const taken = Math.min(frames, count);
  return Array.from({ length: taken }, (_, part) => Math.floor(((2 * part + 1) * frames) / (2 * taken)));
}
