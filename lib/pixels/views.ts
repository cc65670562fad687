import type { ResizeSpec, ViewSpec } from '@/lib/shared/frames';

/**
 * [Note: Views of a frame]
 *
 * A small model that sees a whole frame squeezed into a square misses what is small in it. Where its
 * `preprocessor_config.json` says `views`, a wide or tall picture is cut into overlapping pieces along its longer edge,
 * each piece is encoded, and the picture's vector is the mean of their unit vectors (decision 023). A query picture is
 * cut as a frame is, so a frame and a picture of it have one vector.
 */

/** From this ratio of longer to shorter edge on a picture has views; training/common.py repeats it. */
const MIN_ASPECT = 1.2;

/** Part of an axis: positions from `start`, `length` of them. */
export interface Span {
  start: number;
  length: number;
}

/** Which parts of a picture its views are: spans of one axis, each over the whole of the other. */
export interface ViewCut {
  axis: 'x' | 'y';
  spans: readonly Span[];
}

/**
 * Where a picture is cut.
 *
 * @param width upright size in stored pixels, in which the spans are counted
 * @param aspect width by height as it is shown, which differs where pixels are not square
 */
export function cutViews(
  views: ViewSpec | undefined,
  width: number,
  height: number,
  aspect = width / height,
): ViewCut {
  if (!views || views.count < 2 || Math.max(aspect, 1 / aspect) < MIN_ASPECT) {
    return { axis: 'x', spans: [{ start: 0, length: width }] };
  }
  const axis = aspect > 1 ? 'x' : 'y';
  const edge = axis === 'x' ? width : height;
  const length = Math.max(1, Math.round(edge * views.share));
  const spans = Array.from({ length: views.count }, (_, index) => ({
    start: Math.round(((edge - length) * index) / (views.count - 1)),
    length,
  }));
  return { axis, spans };
}

/** Pictures whose views are of one size, so that they can be encoded in one run. */
export interface ViewGroup {
  /** Side of each view, in pixels. */
  side: number;
  views: Uint8Array[];
  /** How many of the views each picture has, and which of the pictures it is. */
  counts: number[];
  places: number[];
}

/**
 * The views of several pictures: whole ones and cut ones are of different sizes.
 *
 * @param pictures what `resizeFrame` makes of each with that `spec`
 * @throws RangeError where a picture is neither whole nor cut into views
 */
export function groupViews(pictures: readonly Uint8Array[], { size, views }: ResizeSpec): ViewGroup[] {
  const groups = new Map<number, ViewGroup>();
  for (const [place, picture] of pictures.entries()) {
    const isCut = views && picture.length === views.count * rgbBytes(views.size);
    if (!isCut && picture.length !== rgbBytes(size)) {
      throw new RangeError(`A picture has ${picture.length} bytes where ${rgbBytes(size)} were expected.`);
    }
    const [side, count] = isCut ? [views.size, views.count] : [size, 1];
    const group = groups.get(side) ?? { side, views: [], counts: [], places: [] };
    groups.set(side, group);
    group.counts.push(count);
    group.places.push(place);
    const bytes = rgbBytes(side);
    for (let view = 0; view < count; view += 1) {
      group.views.push(picture.subarray(view * bytes, (view + 1) * bytes));
    }
  }
  return [...groups.values()];
}

function rgbBytes(side: number): number {
  return side * side * 3;
}

/**
 * Means of consecutive rows.
 *
 * @param rows row-major, `dimension` numbers a row
 * @param counts how many rows each mean is of
 */
export function meanRows(
  rows: Float32Array,
  counts: readonly number[],
  dimension: number,
): Float32Array<ArrayBuffer> {
  const means = new Float32Array(counts.length * dimension);
  let row = 0;
  for (const [index, count] of counts.entries()) {
    for (const end = row + count; row < end; row += 1) {
      for (let column = 0; column < dimension; column += 1) {
        means[index * dimension + column]! += rows[row * dimension + column]! / count;
      }
    }
  }
  return means;
}
