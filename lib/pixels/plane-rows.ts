import { assertPictureSize, gatheredRows, IS_LITTLE_ENDIAN, rgbaRows, type PixelRows } from './pixel-rows';
import { MAX_KERNEL_COLUMNS, roundUp, VECTOR_BYTES, type KernelRows, type PixelKernel } from './pixel-kernel';
import { computeColourEquations, type ColourCoding } from './colour';

/**
 * [Note: From planes to RGB]
 *
 * Frames are converted here and not by the browser, so that a frame is the same RGB in every browser,
 * and known to be: the equations of H.273 with the clip's own matrix and range (lib/pixels/colour.ts),
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
 *
 * @param coding of a frame in luma and chroma; for others it means nothing
 * @param kernel whose memory `frame.bytes` are; it then converts the same rows in vector instructions
 */
export function planeRows(
  frame: CopiedFrame,
  coding: ColourCoding | null,
  kernel: PixelKernel | null = null,
): PixelRows {
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
    return yuvRows(frame, format, coding, kernel);
  }
  const [plane] = frame.layout;
  if (!plane) throw new RangeError('The frame has no plane.');
  const bytes = frame.bytes.subarray(plane.offset + wanted.y * plane.stride + wanted.x * 4);
  return format.order[0] === 0
    ? rgbaRows(bytes, wanted.width, wanted.height, plane.stride)
    : gatheredRows(bytes, wanted.width, wanted.height, plane.stride, [2, 1, 0], 4);
}

/** Samples of more than 8 bits take two bytes each, the lower first. */
function asSamples(bytes: Uint8Array, { bitDepth }: YuvFormat): Samples {
  if (bitDepth === 8) return bytes;
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

type Samples = Uint8Array | Uint16Array;

type FixedPointEquations = ReturnType<typeof fixedPointEquations>;

/** Where the samples of one row of pixels begin. */
interface RowPosition {
  luma: number;
  /** The row of chroma that counts three times, and the one that counts once; the same where chroma has all rows. */
  cbNear: number;
  cbFar: number;
  crNear: number;
  crFar: number;
}

function clampToByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function toWord(brightness: number, red: number, green: number, blue: number): number {
  return (
    clampToByte((brightness + red) >> FRACTION_BITS) |
    (clampToByte((brightness + green) >> FRACTION_BITS) << 8) |
    (clampToByte((brightness + blue) >> FRACTION_BITS) << 16)
  );
}

/**
 * A row with a chroma sample for every pixel.
 * Like convertPairs a function of its own and not a closure, which V8 compiles to slower code.
 */
function convertEach(
  samples: Samples,
  { luma, cbNear, cbFar, crNear, crFar }: RowPosition,
  step: number,
  _last: number,
  equations: FixedPointEquations,
  words: Uint32Array,
): void {
  const { crToRed, crToGreen, cbToGreen, cbToBlue, neutral } = equations;
  for (let x = 0; x < words.length; x++) {
    const at = x * step;
    const cb = 3 * samples[cbNear + at]! + samples[cbFar + at]! - neutral;
    const cr = 3 * samples[crNear + at]! + samples[crFar + at]! - neutral;
    const brightness = (Math.imul(samples[luma + x]!, equations.luma) + equations.offset) | 0;
    const green = (Math.imul(cb, cbToGreen) + Math.imul(cr, crToGreen)) | 0;
    words[x] = toWord(brightness, Math.imul(cr, crToRed), -green | 0, Math.imul(cb, cbToBlue));
  }
}

/**
 * A row with a chroma sample at every even pixel; odd ones lie half-way to the next. Begins at an even
 * pixel, and `words` ends with an odd one. What chroma adds to each colour is computed once a sample:
 * the mean of two samples' additions is the addition of their mean.
 *
 * @param last Chroma samples of the row after the first; beyond, the last one goes on.
 */
function convertPairs(
  samples: Samples,
  { luma, cbNear, cbFar, crNear, crFar }: RowPosition,
  step: number,
  last: number,
  equations: FixedPointEquations,
  words: Uint32Array,
): void {
  const { crToRed, crToGreen, cbToGreen, cbToBlue, neutral } = equations;
  let red = 0;
  let green = 0;
  let blue = 0;
  // The first round computes the first sample only, for the pair that begins there.
  for (let x = -2; x < words.length; x += 2) {
    const at = Math.min((x >> 1) + 1, last) * step;
    const cb = 3 * samples[cbNear + at]! + samples[cbFar + at]! - neutral;
    const cr = 3 * samples[crNear + at]! + samples[crFar + at]! - neutral;
    const nextRed = Math.imul(cr, crToRed);
    const nextGreen = (0 - Math.imul(cb, cbToGreen) - Math.imul(cr, crToGreen)) | 0;
    const nextBlue = Math.imul(cb, cbToBlue);
    if (x >= 0) {
      const even = (Math.imul(samples[luma + x]!, equations.luma) + equations.offset) | 0;
      words[x] = toWord(even, red, green, blue);
      const odd = (Math.imul(samples[luma + x + 1]!, equations.luma) + equations.offset) | 0;
      words[x + 1] = toWord(odd, (red + nextRed) >> 1, (green + nextGreen) >> 1, (blue + nextBlue) >> 1);
    }
    red = nextRed;
    green = nextGreen;
    blue = nextBlue;
  }
}

/** How the rows of a frame's wanted part lie in its planes; all positions in samples. */
interface YuvLayout {
  /** Where a row of chroma begins that belongs to the row of luma `y` of the wanted part, and so on. */
  positionOf: (pictureRow: number) => RowPosition;
  /** From one chroma sample to the next. */
  step: number;
  /** Chroma samples of the row after the one that the wanted part begins with. */
  last: number;
  /** Pixels before the first that is wanted, for pairs begin at an even one. */
  lead: number;
  /** Chroma samples that the wanted part touches. */
  chromaCount: number;
}

function layOutPlanes(
  { layout, copiedWidth, copiedHeight, wanted }: CopiedFrame,
  { across, down, isInterleaved }: YuvFormat,
  sampleBytes: number,
): YuvLayout {
  const [lumaPlane, cbPlane, crPlane] = layout.map(({ offset, stride }) => ({
    offset: offset / sampleBytes,
    stride: stride / sampleBytes,
  }));
  if (!lumaPlane || !cbPlane || (!isInterleaved && !crPlane)) {
    throw new RangeError('The frame lacks a plane.');
  }
  const crOfPair = { offset: cbPlane.offset + 1, stride: cbPlane.stride };
  const cr = crPlane && !isInterleaved ? crPlane : crOfPair;
  const step = isInterleaved ? 2 : 1;
  const lastChromaRow = Math.ceil(copiedHeight / down) - 1;
  const firstChroma = Math.floor(wanted.x / across);
  const chromaCount = Math.floor((wanted.x + wanted.width - 1) / across) - firstChroma + 1;
  const last = Math.ceil(copiedWidth / across) - 1 - firstChroma;
  // Pairs of pixels begin at an even column, which may be one before the first that is wanted, and end
  // at an odd one, which may be one after the last.
  const lead = across === 2 ? wanted.x % 2 : 0;

  const positionOf = (pictureRow: number): RowPosition => {
    const y = wanted.y + pictureRow;
    const near = down === 1 ? y : y >> 1;
    // The other row of chroma that this row of luma lies between: above an even row, below an odd one.
    const other = down === 1 ? near : near + (y % 2 === 0 ? -1 : 1);
    const far = Math.min(Math.max(other, 0), lastChromaRow);
    return {
      luma: lumaPlane.offset + y * lumaPlane.stride + wanted.x - lead,
      cbNear: cbPlane.offset + near * cbPlane.stride + firstChroma * step,
      cbFar: cbPlane.offset + far * cbPlane.stride + firstChroma * step,
      crNear: cr.offset + near * cr.stride + firstChroma * step,
      crFar: cr.offset + far * cr.stride + firstChroma * step,
    };
  };
  return { positionOf, step, last, lead, chromaCount };
}

function yuvRows(
  frame: CopiedFrame,
  format: YuvFormat,
  coding: ColourCoding,
  kernel: PixelKernel | null,
): PixelRows {
  const { byteOffset, byteLength } = frame.bytes;
  let samples = asSamples(frame.bytes, format);
  const equations = fixedPointEquations(coding, format.bitDepth);
  const planes = layOutPlanes(frame, format, samples.BYTES_PER_ELEMENT);
  const { positionOf, step, last, lead, chromaCount } = planes;
  const { width, height } = frame.wanted;
  const words = new Uint32Array(chromaCount * format.across);
  const row = words.subarray(lead, lead + width);
  const convert = format.across === 1 ? convertEach : convertPairs;
  const readRow = (pictureRow: number): Uint32Array => {
    // A memory that grew has another buffer.
    if (kernel && samples.buffer !== kernel.buffer) {
      samples = asSamples(new Uint8Array(kernel.buffer, byteOffset, byteLength), format);
    }
    convert(samples, positionOf(pictureRow), step, last, equations, words);
    return row;
  };
  if (!kernel || width > MAX_KERNEL_COLUMNS) return { width, height, readRow };
  const vectors = yuvVectors(kernel, byteOffset, planes, format, equations);
  return { width, height, readRow, vectors };
}

/** The rows of planes that lie in a kernel's memory from `start` on. */
function yuvVectors(
  kernel: PixelKernel,
  start: number,
  { positionOf, last, lead, chromaCount }: YuvLayout,
  { across, bitDepth, isInterleaved }: YuvFormat,
  equations: FixedPointEquations,
): KernelRows {
  const sampleBytes = bitDepth === 8 ? 1 : 2;
  const isWide = Number(sampleBytes === 2);
  // One sample more than there are pixels for: an odd pixel lies half-way to it.
  const mostSamples = Math.min(chromaCount + 1, last + 1);
  const rowBytes = roundUp((mostSamples + 1) * 2, VECTOR_BYTES) + 2 * VECTOR_BYTES;
  const numbers = Int32Array.of(
    2 * equations.luma,
    2 * equations.offset - MIDDLE * 2 ** (FRACTION_BITS + 1),
    equations.crToRed,
    equations.crToGreen,
    equations.cbToGreen,
    equations.cbToBlue,
  );
  const at = kernel.reserve('conversion', 2 * VECTOR_BYTES + 2 * rowBytes);
  const [cb, cr] = [at + 2 * VECTOR_BYTES, at + 2 * VECTOR_BYTES + rowBytes];
  new Int32Array(kernel.buffer, at, numbers.length).set(numbers);

  const convert: KernelRows['convert'] = (y, first, count, target) => {
    const row = positionOf(y);
    // Pixels before the first that is asked for, to begin with a whole chroma sample, and the sample's place.
    const skipped = across === 2 ? (lead + first) % 2 : 0;
    const sample = (lead + first - skipped) / across;
    const samplesNeeded = Math.min(Math.ceil((count + skipped) / across) + 1, last + 1 - sample);
    const addressOf = (position: number): number => start + position * sampleBytes;
    if (isInterleaved) {
      const [near, far] = [addressOf(row.cbNear + 2 * sample), addressOf(row.cbFar + 2 * sample)];
      kernel.run.mixChromaPairs(near, far, samplesNeeded, equations.neutral, cb, cr);
    } else {
      for (const [near, far, mixed] of [
        [row.cbNear, row.cbFar, cb],
        [row.crNear, row.crFar, cr],
      ] as const) {
        const [nearAt, farAt] = [addressOf(near + sample), addressOf(far + sample)];
        kernel.run.mixChroma(nearAt, farAt, samplesNeeded, isWide, equations.neutral, mixed);
      }
    }
    kernel.run.convertRow(
      addressOf(row.luma + lead + first - skipped),
      cb,
      cr,
      count + skipped,
      isWide,
      Number(across === 2),
      at,
      target - 2 * skipped,
    );
  };
  return { kernel, convert };
}

/** Colours in a kernel are numbers less this. */
const MIDDLE = 128;
