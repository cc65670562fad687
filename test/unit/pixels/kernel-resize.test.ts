import { describe, expect, it } from 'vitest';
import {
  resizeBicubic,
  resizeFrame,
  resizeFrameAndThumbnail,
  type ResizeOrientation,
  type RotationDegrees,
} from '@/lib/pixels/resize';
import type { ResizeSpec } from '@/lib/shared/frames';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';
import { packedRows, type PixelRows } from '@/lib/pixels/pixel-rows';
import type { ColourCoding, ColourMatrix } from '@/lib/pixels/colour';
import { planeRows, type CopiedFrame, type PixelRect } from '@/lib/pixels/plane-rows';
import { seededRandom } from '@/test/support/random';

const SQUARE: ResizeSpec = { size: 32, fit: 'stretch' };
const VIEWS: ResizeSpec = { size: 32, fit: 'stretch', views: { count: 2, share: 0.58, size: 24 } };
const CROP: ResizeSpec = { size: 20, fit: 'centre-crop' };

const ROTATIONS: readonly RotationDegrees[] = [0, 90, 180, 270];
const MATRICES: readonly ColourMatrix[] = ['bt601', 'bt709', 'bt2020'];

interface Planes {
  across: 1 | 2;
  down: 1 | 2;
  bits: 8 | 10 | 12;
  isInterleaved?: boolean;
}

const FORMATS: Record<string, Planes> = {
  I420: { across: 2, down: 2, bits: 8 },
  I422: { across: 2, down: 1, bits: 8 },
  I444: { across: 1, down: 1, bits: 8 },
  NV12: { across: 2, down: 2, bits: 8, isInterleaved: true },
  I420P10: { across: 2, down: 2, bits: 10 },
  I422P12: { across: 2, down: 1, bits: 12 },
  I444P10: { across: 1, down: 1, bits: 10 },
};

interface Drawing {
  format: string;
  width: number;
  height: number;
  coding?: ColourCoding;
  wanted?: PixelRect;
  /** `noise` has sharp edges everywhere, `smooth` colours that change slowly, `extreme` the first and last number alone. */
  content?: 'noise' | 'smooth' | 'extreme';
}

/** The same frame read in both ways: in a kernel's memory, and in plain code. */
function drawFrame({
  format,
  width,
  height,
  coding = { matrix: 'bt709', isFullRange: false },
  wanted = { x: 0, y: 0, width, height },
  content = 'noise',
}: Drawing): { fast: PixelRows; plain: PixelRows } {
  const { across, down, bits, isInterleaved = false } = FORMATS[format]!;
  const sampleBytes = bits === 8 ? 1 : 2;
  const [chromaWidth, chromaHeight] = [Math.ceil(width / across), Math.ceil(height / down)];
  const chroma = isInterleaved
    ? [{ columns: 2 * chromaWidth, rows: chromaHeight }]
    : [1, 2].map(() => ({ columns: chromaWidth, rows: chromaHeight }));
  let end = 2 * sampleBytes;
  const planes = [{ columns: width, rows: height }, ...chroma].map(({ columns, rows }, index) => {
    const plane = { columns, rows, offset: end, stride: (columns + index) * sampleBytes };
    end += plane.stride * rows + 2 * sampleBytes;
    return plane;
  });
  const kernel = PixelKernel.create()!;
  const at = kernel.reserve('frame', end);
  const bytes = new Uint8Array(kernel.buffer, at, end);
  const samples = sampleBytes === 1 ? bytes : new Uint16Array(kernel.buffer, at, end / 2);
  const noise = seededRandom(width * 31 + height);
  const largest = 2 ** bits - 1;
  for (const [index, { columns, rows, offset, stride }] of planes.entries()) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        const wave = Math.sin((x / columns) * 5 + (y / rows) * 3 + index) / 2 + 0.5;
        const share = content === 'noise' ? noise() : content === 'smooth' ? wave : Math.round(noise());
        samples[(offset + y * stride) / sampleBytes + x] = Math.round(share * largest);
      }
    }
  }
  const layout = planes.map(({ offset, stride }) => ({ offset, stride }));
  const frame: Omit<CopiedFrame, 'bytes'> = {
    format,
    layout,
    copiedWidth: width,
    copiedHeight: height,
    wanted,
  };
  return {
    plain: planeRows({ ...frame, bytes: bytes.slice() }, coding),
    fast: planeRows({ ...frame, bytes }, coding, kernel),
  };
}

function expectSame(
  { fast, plain }: { fast: PixelRows; plain: PixelRows },
  spec: ResizeSpec,
  rotation: RotationDegrees = 0,
  orientation: ResizeOrientation = {},
): void {
  expect(fast.vectors).toBeDefined();
  expect(plain.vectors).toBeUndefined();
  const actual = resizeFrame(fast, spec, rotation, orientation);
  const expected = resizeFrame(plain, spec, rotation, orientation);
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

describe('the pixel kernel gives the bytes of the plain code', () => {
  it.each(
    Object.keys(FORMATS).flatMap((format) =>
      MATRICES.flatMap((matrix) => [true, false].map((isFullRange) => ({ format, matrix, isFullRange }))),
    ),
  )('for $format in $matrix, full range $isFullRange', ({ format, ...coding }) => {
    for (const content of ['noise', 'smooth', 'extreme'] as const) {
      expectSame(drawFrame({ format, width: 90, height: 52, coding, content }), SQUARE);
    }
  });

  it.each([
    [1, 1],
    [2, 1],
    [1, 5],
    [7, 3],
    [15, 17],
    [33, 18],
    [64, 48],
    [131, 77],
    [640, 360],
    [361, 643],
  ])('for %i×%i pixels, however the picture is turned, cut and mirrored', (width, height) => {
    for (const format of ['I420', 'NV12', 'I444']) {
      const frame = drawFrame({ format, width, height });
      for (const rotation of ROTATIONS) {
        for (const flip of [false, true]) {
          for (const spec of [SQUARE, VIEWS, CROP]) expectSame(frame, spec, rotation, { flip });
        }
      }
    }
  });

  it.each([
    { x: 1, y: 1, width: 61, height: 40 },
    { x: 2, y: 3, width: 9, height: 11 },
    { x: 3, y: 0, width: 1, height: 1 },
  ])('for the part of a frame that is seen, from $x, $y on', (wanted) => {
    for (const format of ['I420', 'I422', 'NV12', 'I420P10']) {
      const frame = drawFrame({ format, width: 63, height: 43, wanted });
      for (const rotation of [0, 270] as const) expectSame(frame, VIEWS, rotation);
    }
  });

  it('for pixels that are not square', () => {
    const frame = drawFrame({ format: 'I420', width: 72, height: 57 });
    for (const spec of [VIEWS, CROP]) expectSame(frame, spec, 0, { displayWidth: 128, displayHeight: 57 });
  });

  it('for frames whose size changes, one after another in one memory', () => {
    const first = drawFrame({ format: 'I420', width: 40, height: 30 });
    const second = drawFrame({ format: 'I420', width: 400, height: 300 });
    const again = [
      resizeFrame(first.fast, VIEWS),
      resizeFrame(second.fast, VIEWS),
      resizeFrame(first.fast, CROP),
    ];
    const plain = [
      resizeFrame(first.plain, VIEWS),
      resizeFrame(second.plain, VIEWS),
      resizeFrame(first.plain, CROP),
    ];
    expect(again).toEqual(plain);
    // Memory has grown meanwhile, and rows are read as before.
    for (let y = 0; y < 30; y++) expect(first.fast.readRow(y)).toEqual(first.plain.readRow(y));
  });
});

describe('resizeFrameAndThumbnail', () => {
  const size = { width: 32, height: 18 };

  it.each(ROTATIONS)('makes both in one pass, turned by %i°', (rotation) => {
    const { fast, plain } = drawFrame({ format: 'I420', width: 128, height: 72 });
    const both = resizeFrameAndThumbnail(fast, VIEWS, size, rotation);
    expect(both.pixels).toEqual(resizeFrame(plain, VIEWS, rotation));
    expect(both.thumbnail).toHaveLength(size.width * size.height * 3);
    if (rotation === 0) expect(both.thumbnail).toEqual(resizeBicubic(plain, size.width, size.height));
  });

  it('leaves thumbnails of pictures without planes to a canvas', () => {
    const picture = packedRows(new Uint8Array(12 * 4).fill(90), 4, 3);
    expect(resizeFrameAndThumbnail(picture, SQUARE, size)).toMatchObject({ thumbnail: null });
  });
});
