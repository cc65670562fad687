import type { ResizeSpec } from '@/lib/shared/frames';

/**
 * [Note: Pictures that did not change]
 *
 * A fixed camera shows one picture for minutes, but for noise. A frame that looks like the last one that was embedded takes
 * over its vector (decision 038). They are compared as the model sees them: the mean colour of squares of 8×8 pixels of
 * its input, in which noise and compression cancel out and what is worth a vector does not. Red, green and blue count
 * apart: a red car may be as bright as the road.
 */

/** Side of a square whose mean is one number, in pixels of the model's input. */
const CELL = 8;

const CHANNELS = 3;

/**
 * The mean red, green and blue of each square of a picture, 0…255, view after view, row by row.
 * @param pixels what `resizeFrame` makes of a frame with that `spec`
 */
export function smallPicture(pixels: Uint8Array, { size, views }: ResizeSpec): Float32Array<ArrayBuffer> {
  const isCut = views !== undefined && pixels.length === views.count * views.size ** 2 * CHANNELS;
  const side = isCut ? views.size : size;
  const count = isCut ? views.count : 1;
  const cells = Math.ceil(side / CELL);
  const sums = new Float32Array(count * cells * cells * CHANNELS);
  const areas = new Float32Array(sums.length);
  for (let row = 0, from = 0; row < count * side; row += 1) {
    const [view, y] = [Math.floor(row / side), row % side];
    const first = (view * cells + Math.floor(y / CELL)) * cells;
    for (let x = 0; x < side; x += 1) {
      const cell = (first + Math.floor(x / CELL)) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel += 1, from += 1) {
        sums[cell + channel]! += pixels[from]!;
        areas[cell + channel]! += 1;
      }
    }
  }
  return sums.map((sum, i) => sum / areas[i]!);
}

/**
 * Change of a colour, 0…255, up to which a frame takes over another's vector. Chosen on real clips, see decision 038.
 */
export const LARGEST_CHANGE_UNSEEN = 6;

/** How far two pictures are apart where they differ most; infinite for pictures of different shapes. */
export function largestChange(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return Infinity;
  let largest = 0;
  for (let cell = 0; cell < one.length; cell += 1) {
    largest = Math.max(largest, Math.abs(one[cell]! - other[cell]!));
  }
  return largest;
}

/** Numbers pictures: one that looks like the last picture with a number of its own has that number, too. */
export class PictureNumbers {
  readonly #spec: ResizeSpec;
  readonly #tellsAllApart: boolean;
  /** The picture that others are compared with. It is the one that is embedded, so small changes do not add up unseen. */
  #small: Float32Array | null = null;
  #number = 0;

  /** @param tellsAllApart gives each picture a number of its own, however alike they are */
  constructor(spec: ResizeSpec, tellsAllApart = false) {
    this.#spec = spec;
    this.#tellsAllApart = tellsAllApart;
  }

  /**
   * @param pixels what `resizeFrame` makes of a frame
   * @param hasSameSize whether the frame is as large as the one before
   */
  numberOf(pixels: Uint8Array, hasSameSize: boolean): number {
    const small = this.#tellsAllApart ? null : smallPicture(pixels, this.#spec);
    const before = hasSameSize ? this.#small : null;
    const isUnchanged = small && before && largestChange(small, before) <= LARGEST_CHANGE_UNSEEN;
    if (!isUnchanged) {
      this.#small = small;
      this.#number += 1;
    }
    return this.#number;
  }
}
