import {
  assertPictureSize,
  gatheredRows,
  IS_LITTLE_ENDIAN,
  rgbaRows,
  type PixelRows,
} from '@/lib/shared/pixel-rows';
import { computeColourEquations, type ColourCoding } from './colour';

/**
 * [Note: From planes to RGB]
 *
 * Frames are converted here and not by the browser, so that a frame is the same RGB in every browser,
 * and known to be: the equations of H.273 with the clip's own matrix and range (lib/video/colour.ts),
 * rounded to the nearest byte. Conversion comes before resizing, as in Python, where Pillow gets RGB:
 * resizing the planes first would be cheaper, but clips and rounds elsewhere and is another picture.
 *
 * Chroma of half resolution is brought to full by linear interpolation, with its samples where H.264 and
 * HEVC have them unless told otherwise (Annex E, chroma_sample_loc_type 0), which FFmpeg calls "left": in a row at
 * every second luma sample, in a column half-way between two. WebCodecs does not tell where a file wants
 * them; a wrong guess moves colours by half a stored pixel at most.
 *
 * Fixed point of 20 bits: before rounding, a value is within 0.01 of the equations' own at 8 bits of
 * depth, and at 12 within 0.03.
 */

/** How a format of WebCodecs lies in memory (https://www.w3.org/TR/webcodecs/#pixel-format). */
type PlaneFormat = { kind: 'rgb'; order: readonly [number, number, number] } | YuvFormat;

interface YuvFormat {
  kind: 'yuv';
  /** Luma samples for each chroma sample, across and down. */
  across: 1 | 2;
  down: 1 | 2;
  bitDepth: 8 | 10 | 12;
  /** Whether Cb and Cr lie side by side in one plane. */
  isInterleaved: boolean;
}

const RGB_FORMATS = new Map<string, PlaneFormat>([
  ['RGBA', { kind: 'rgb', order: [0, 1, 2] }],
  ['RGBX', { kind: 'rgb', order: [0, 1, 2] }],
  ['BGRA', { kind: 'rgb', order: [2, 1, 0] }],
  ['BGRX', { kind: 'rgb', order: [2, 1, 0] }],
]);

const SUBSAMPLING = new Map<string, { across: 1 | 2; down: 1 | 2 }>([
  ['I420', { across: 2, down: 2 }],
  ['I422', { across: 2, down: 1 }],
  ['I444', { across: 1, down: 1 }],
]);

/** "I420", "I420A" with alpha, "I422P10" of 10 bits, "I444AP12" of both. */
const PLANAR_NAME = /^(?<layout>I4\d\d)A?(?:P(?<depth>10|12))?$/;

/** Null for a format that is not known here. */
function findFormat(name: string): PlaneFormat | null {
  if (name === 'NV12') return { kind: 'yuv', across: 2, down: 2, bitDepth: 8, isInterleaved: true };
  const { layout = '', depth } = PLANAR_NAME.exec(name)?.groups ?? {};
  const subsampling = SUBSAMPLING.get(layout);
  if (!subsampling) return RGB_FORMATS.get(name) ?? null;
  const bitDepth = depth === '10' ? 10 : depth === '12' ? 12 : 8;
  return { kind: 'yuv', ...subsampling, bitDepth, isInterleaved: false };
}

/** Part of a picture, in pixels. */
export interface PixelRect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The smallest part of a frame that contains `visible` and that can be copied, since a copy begins with
 * a whole chroma sample. Null for a format that cannot be read here.
 */
export function copyableRect(format: string, visible: PixelRect): PixelRect | null {
  const found = findFormat(format);
  if (!found) return null;
  const { across, down } = found.kind === 'yuv' ? found : { across: 1, down: 1 };
  const x = visible.x - (visible.x % across);
  const y = visible.y - (visible.y % down);
  return { x, y, width: visible.x - x + visible.width, height: visible.y - y + visible.height };
}

/** What `VideoFrame.copyTo` leaves behind. */
export interface CopiedFrame {
  /** WebCodecs' name of the pixel format. */
  format: string;
  bytes: Uint8Array;
  /** Where each plane begins and how far apart its rows are, in bytes. */
  layout: readonly { offset: number; stride: number }[];
  /** Size of what was copied, in pixels. */
  copiedWidth: number;
  copiedHeight: number;
  /** What of it is wanted. */
  wanted: PixelRect;
}

/**
 * The wanted part of a copied frame as rows of RGB, 8 bits each, converted as they are read.
 * @param coding of a frame in luma and chroma; for others it means nothing
 */
export function planeRows(frame: CopiedFrame, coding: ColourCoding | null): PixelRows {
  const { wanted, copiedWidth, copiedHeight } = frame;
  assertPictureSize(wanted.width, wanted.height);
  if (
    wanted.x < 0 ||
    wanted.y < 0 ||
    wanted.x + wanted.width > copiedWidth ||
    wanted.y + wanted.height > copiedHeight
  ) {
    throw new RangeError('More of the frame is wanted than was copied.');
  }
  const format = findFormat(frame.format);
  if (!format) throw new RangeError(`Frames in ${frame.format} cannot be read.`);
  if (format.kind === 'yuv') {
    if (!coding) throw new RangeError(`Frames in ${frame.format} need a matrix and a range.`);
    return format.bitDepth === 8
      ? yuvRows(frame, format, coding, frame.bytes)
      : yuvRows(frame, format, coding, asSamples(frame.bytes));
  }
  const [plane] = frame.layout;
  if (!plane) throw new RangeError('The frame has no plane.');
  const bytes = frame.bytes.subarray(plane.offset + wanted.y * plane.stride + wanted.x * 4);
  return format.order[0] === 0
    ? rgbaRows(bytes, wanted.width, wanted.height, plane.stride)
    : gatheredRows(bytes, wanted.width, wanted.height, plane.stride, [2, 1, 0], 4);
}

/** Samples of more than 8 bits take two bytes each, the lower first. */
function asSamples(bytes: Uint8Array): Uint16Array {
  if (!IS_LITTLE_ENDIAN || bytes.byteOffset % 2 !== 0) {
    return Uint16Array.from(
      { length: bytes.length >> 1 },
      (_, index) => bytes[index * 2]! | (bytes[index * 2 + 1]! << 8),
    );
  }
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
}

const FRACTION_BITS = 20;
const ONE = 2 ** FRACTION_BITS;

/** The colour equations in fixed point, for chroma in quarters of a sample's unit. */
function fixedPointEquations(coding: ColourCoding, bitDepth: number) {
  const { black, neutral, luma, ...chroma } = computeColourEquations(coding, bitDepth);
  return {
    luma: Math.round(luma * ONE),
    /** Half a unit for rounding, less what black comes to. */
    offset: Math.round((0.5 - luma * black) * ONE),
    neutral: 4 * neutral,
    crToRed: Math.round((chroma.crToRed * ONE) / 4),
    crToGreen: Math.round((chroma.crToGreen * ONE) / 4),
    cbToGreen: Math.round((chroma.cbToGreen * ONE) / 4),
    cbToBlue: Math.round((chroma.cbToBlue * ONE) / 4),
  };
}

function clampToByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/**
 * Two steps a row. What chroma adds to each colour is computed once a chroma sample, from two rows of it
 * where it has half of luma's; then each pixel takes luma and what chroma adds there. The
 * mean of two samples' additions is the addition of their mean, so nothing is lost by this order.
 */
function yuvRows(
  { layout, copiedWidth, copiedHeight, wanted }: CopiedFrame,
  { across, down, bitDepth, isInterleaved }: YuvFormat,
  coding: ColourCoding,
  samples: Uint8Array | Uint16Array,
): PixelRows {
  const equations = fixedPointEquations(coding, bitDepth);
  const inSamples = ({ offset, stride }: { offset: number; stride: number }) => ({
    offset: offset / samples.BYTES_PER_ELEMENT,
    stride: stride / samples.BYTES_PER_ELEMENT,
  });
  const [lumaPlane, cbPlane, crPlane] = layout.map(inSamples);
  if (!lumaPlane || !cbPlane || (!isInterleaved && !crPlane))
    throw new RangeError('The frame lacks a plane.');
  const cb = cbPlane;
  const cr = crPlane && !isInterleaved ? crPlane : { offset: cb.offset + 1, stride: cb.stride };
  const chromaStep = isInterleaved ? 2 : 1;
  const lastChromaRow = Math.ceil(copiedHeight / down) - 1;
  const lastChromaColumn = Math.ceil(copiedWidth / across) - 1;

  const firstChroma = Math.floor(wanted.x / across);
  /** One more than is passed, since the last pixel may lie half-way to it. */
  const chromaCount = Math.floor((wanted.x + wanted.width - 1) / across) - firstChroma + 1;
  const redAdded = new Int32Array(chromaCount + 1);
  const greenAdded = new Int32Array(chromaCount + 1);
  const blueAdded = new Int32Array(chromaCount + 1);
  const { crToRed, crToGreen, cbToGreen, cbToBlue, neutral } = equations;

  const addChroma = (y: number): void => {
    const near = down === 1 ? y : y >> 1;
    // The other row of chroma that this row of luma lies between: above an even row, below an odd one.
    const other = down === 1 ? near : near + (y % 2 === 0 ? -1 : 1);
    const far = Math.min(Math.max(other, 0), lastChromaRow);
    for (let index = 0; index <= chromaCount; index++) {
      const column = Math.min(firstChroma + index, lastChromaColumn) * chromaStep;
      const cbNear = samples[cb.offset + near * cb.stride + column]!;
      const cbFar = samples[cb.offset + far * cb.stride + column]!;
      const crNear = samples[cr.offset + near * cr.stride + column]!;
      const crFar = samples[cr.offset + far * cr.stride + column]!;
      const cbQuarters = 3 * cbNear + cbFar - neutral;
      const crQuarters = 3 * crNear + crFar - neutral;
      redAdded[index] = Math.imul(crQuarters, crToRed);
      greenAdded[index] = -(Math.imul(cbQuarters, cbToGreen) + Math.imul(crQuarters, crToGreen));
      blueAdded[index] = Math.imul(cbQuarters, cbToBlue);
    }
  };

  // Pairs of pixels begin at an even column, which may be one before the first that is wanted, and end
  // at an odd one, which may be one after the last.
  const lead = across === 2 ? wanted.x % 2 : 0;
  const words = new Uint32Array(lead + wanted.width + 1);
  const row = words.subarray(lead, lead + wanted.width);
  const { luma, offset } = equations;
  const toWord = (brightness: number, red: number, green: number, blue: number): number =>
    clampToByte((brightness + red) >> FRACTION_BITS) |
    (clampToByte((brightness + green) >> FRACTION_BITS) << 8) |
    (clampToByte((brightness + blue) >> FRACTION_BITS) << 16);

  const readRow = (pictureRow: number): Uint32Array => {
    const y = wanted.y + pictureRow;
    addChroma(y);
    const lumaStart = lumaPlane.offset + y * lumaPlane.stride + wanted.x - lead;
    if (across === 1) {
      for (let x = 0; x < wanted.width; x++) {
        const brightness = (Math.imul(samples[lumaStart + x]!, luma) + offset) | 0;
        words[x] = toWord(brightness, redAdded[x]!, greenAdded[x]!, blueAdded[x]!);
      }
      return row;
    }
    for (let index = 0; index < chromaCount; index++) {
      const red = redAdded[index]!;
      const green = greenAdded[index]!;
      const blue = blueAdded[index]!;
      const x = index * 2;
      const even = (Math.imul(samples[lumaStart + x]!, luma) + offset) | 0;
      words[x] = toWord(even, red, green, blue);
      const odd = (Math.imul(samples[lumaStart + x + 1]!, luma) + offset) | 0;
      words[x + 1] = toWord(
        odd,
        (red + redAdded[index + 1]!) >> 1,
        (green + greenAdded[index + 1]!) >> 1,
        (blue + blueAdded[index + 1]!) >> 1,
      );
    }
    return row;
  };
  return { width: wanted.width, height: wanted.height, readRow };
}
