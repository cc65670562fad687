import { describe, expect, it } from 'vitest';
import { computeColourEquations, type ColourCoding } from '@/lib/pixels/colour';
import { copyableRect, planeRows, type CopiedFrame, type PixelRect } from '@/lib/pixels/plane-rows';

const LIMITED_601: ColourCoding = { matrix: 'bt601', isFullRange: false };

/** Numbers that look like noise and are the same on every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Layout {
  across: number;
  down: number;
  bits: number;
  alpha?: boolean;
  interleaved?: boolean;
}

/** Written out from WebCodecs' descriptions, not with the code under test. */
const YUV_LAYOUTS: Record<string, Layout> = {
  I420: { across: 2, down: 2, bits: 8 },
  I420A: { across: 2, down: 2, bits: 8, alpha: true },
  I420P10: { across: 2, down: 2, bits: 10 },
  I420P12: { across: 2, down: 2, bits: 12 },
  I420AP10: { across: 2, down: 2, bits: 10, alpha: true },
  I422: { across: 2, down: 1, bits: 8 },
  I422A: { across: 2, down: 1, bits: 8, alpha: true },
  I422P10: { across: 2, down: 1, bits: 10 },
  I422P12: { across: 2, down: 1, bits: 12 },
  I444: { across: 1, down: 1, bits: 8 },
  I444A: { across: 1, down: 1, bits: 8, alpha: true },
  I444P10: { across: 1, down: 1, bits: 10 },
  I444AP12: { across: 1, down: 1, bits: 12, alpha: true },
  NV12: { across: 2, down: 2, bits: 8, interleaved: true },
};

interface Sampled {
  frame: CopiedFrame;
  /** A sample of a plane (0 luma, 1 Cb, 2 Cr) by column and row of that plane. */
  sample: (plane: 0 | 1 | 2, column: number, row: number) => number;
}

/** A copied frame of noise whose planes lie apart, with padded rows. */
function makeFrame(format: string, width: number, height: number, wanted: PixelRect): Sampled {
  const { across, down, bits, alpha, interleaved } = YUV_LAYOUTS[format]!;
  const sampleBytes = bits === 8 ? 1 : 2;
  const chromaWidth = Math.ceil(width / across);
  const chromaHeight = Math.ceil(height / down);
  const planes = [{ columns: width, rows: height }];
  if (interleaved) planes.push({ columns: 2 * chromaWidth, rows: chromaHeight });
  else
    planes.push({ columns: chromaWidth, rows: chromaHeight }, { columns: chromaWidth, rows: chromaHeight });
  if (alpha) planes.push({ columns: width, rows: height });

  let end = 2 * sampleBytes;
  const layout = planes.map(({ columns, rows }, index) => {
    const stride = (columns + index) * sampleBytes;
    const offset = end;
    end += stride * rows + sampleBytes;
    return { offset, stride };
  });
  const bytes = new Uint8Array(end + 6);
  const random = noise(width * 31 + height * 7 + bits);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + sampleBytes <= bytes.length; at += sampleBytes) {
    const value = Math.floor(random() * 2 ** bits);
    if (sampleBytes === 1) view.setUint8(at, value);
    else view.setUint16(at, value, true);
  }
  const sample = (plane: 0 | 1 | 2, column: number, row: number): number => {
    const inPlane = interleaved && plane > 0 ? 1 : plane;
    const inRow = interleaved && plane > 0 ? 2 * column + plane - 1 : column;
    const { offset, stride } = layout[inPlane]!;
    const at = offset + row * stride + inRow * sampleBytes;
    return sampleBytes === 1 ? view.getUint8(at) : view.getUint16(at, true);
  };
  return { frame: { format, bytes, layout, copiedWidth: width, copiedHeight: height, wanted }, sample };
}

/** Chroma at a pixel of luma, by where its samples lie: "left" siting, linear between samples. */
function chromaAt(
  { frame, sample }: Sampled,
  plane: 1 | 2,
  { across, down }: Layout,
  x: number,
  y: number,
): number {
  const lastColumn = Math.ceil(frame.copiedWidth / across) - 1;
  const lastRow = Math.ceil(frame.copiedHeight / down) - 1;
  const column = x / across;
  const row = down === 1 ? y : (y - 0.5) / 2;
  const mix = (first: number, second: number, share: number) => first * (1 - share) + second * share;
  const rowValue = (atRow: number) => {
    const inside = Math.min(Math.max(atRow, 0), lastRow);
    const left = Math.floor(column);
    return mix(
      sample(plane, left, inside),
      sample(plane, Math.min(left + 1, lastColumn), inside),
      column - left,
    );
  };
  const top = Math.floor(row);
  return mix(rowValue(top), rowValue(top + 1), row - top);
}

function expectedPixel(sampled: Sampled, coding: ColourCoding, x: number, y: number): number[] {
  const layout = YUV_LAYOUTS[sampled.frame.format]!;
  const equations = computeColourEquations(coding, layout.bits);
  const luma = equations.luma * (sampled.sample(0, x, y) - equations.black);
  const cb = chromaAt(sampled, 1, layout, x, y) - equations.neutral;
  const cr = chromaAt(sampled, 2, layout, x, y) - equations.neutral;
  return [
    luma + equations.crToRed * cr,
    luma - equations.cbToGreen * cb - equations.crToGreen * cr,
    luma + equations.cbToBlue * cb,
  ];
}

/** How far from a half a value must be before fixed point may be asked to round it as real numbers do. */
const TIE = 0.03;

/** Compares every wanted pixel with the equations in real numbers. */
function expectExact(sampled: Sampled, coding: ColourCoding): void {
  const { wanted } = sampled.frame;
  const rows = planeRows(sampled.frame, coding);
  expect([rows.width, rows.height]).toEqual([wanted.width, wanted.height]);
  let compared = 0;
  for (let y = 0; y < wanted.height; y++) {
    const row = rows.readRow(y);
    expect(row.length).toBe(wanted.width);
    for (let x = 0; x < wanted.width; x++) {
      const expected = expectedPixel(sampled, coding, wanted.x + x, wanted.y + y);
      const actual = [row[x]! & 255, (row[x]! >> 8) & 255, (row[x]! >> 16) & 255];
      expected.forEach((value, channel) => {
        const isTie = Math.abs(value - Math.floor(value) - 0.5) < TIE;
        const nearest = Math.min(255, Math.max(0, Math.round(value)));
        if (isTie) expect(Math.abs(actual[channel]! - nearest)).toBeLessThanOrEqual(1);
        else expect(actual[channel], `channel ${channel} of ${x}, ${y}`).toBe(nearest);
        compared += 1;
      });
    }
  }
  expect(compared).toBe(wanted.width * wanted.height * 3);
}

const whole = (width: number, height: number): PixelRect => ({ x: 0, y: 0, width, height });

const sizes: [number, number][] = [
  [8, 6],
  [7, 5],
  [1, 1],
  [2, 1],
  [1, 4],
  [33, 17],
];

describe('planeRows', () => {
  describe.each(Object.keys(YUV_LAYOUTS))('%s', (format) => {
    it.each(sizes)('of %i×%i pixels is what the equations give', (width, height) => {
      expectExact(makeFrame(format, width, height, whole(width, height)), LIMITED_601);
    });

    it.each([
      { x: 1, y: 1, width: 6, height: 4 },
      { x: 1, y: 0, width: 1, height: 1 },
      { x: 0, y: 1, width: 7, height: 3 },
      { x: 2, y: 2, width: 5, height: 3 },
    ])('cut at $x, $y keeps its colours where they are', (wanted) => {
      expectExact(makeFrame(format, 9, 7, wanted), LIMITED_601);
    });
  });

  it.each(
    (['bt601', 'bt709', 'bt2020'] as const).flatMap((matrix) =>
      [false, true].flatMap((isFullRange) =>
        ['I420', 'I444P10', 'I422P12'].map((format) => ({ format, matrix, isFullRange })),
      ),
    ),
  )('takes $matrix, full range $isFullRange, in $format', ({ format, matrix, isFullRange }) => {
    expectExact(makeFrame(format, 16, 8, whole(16, 8)), { matrix, isFullRange });
  });

  it('reads samples of two bytes from any address', () => {
    const sampled = makeFrame('I420P10', 6, 4, whole(6, 4));
    const moved = new Uint8Array(sampled.frame.bytes.length + 1);
    moved.set(sampled.frame.bytes, 1);
    const aligned = planeRows(sampled.frame, LIMITED_601);
    const unaligned = planeRows({ ...sampled.frame, bytes: moved.subarray(1) }, LIMITED_601);
    for (let y = 0; y < 4; y++) expect(unaligned.readRow(y)).toEqual(aligned.readRow(y));
  });

  it.each([
    ['RGBA', [10, 20, 30, 99]],
    ['RGBX', [10, 20, 30, 0]],
    ['BGRA', [30, 20, 10, 99]],
    ['BGRX', [30, 20, 10, 255]],
  ])('%s keeps red, green and blue', (format, pixel) => {
    // 5×3 copied, rows 24 bytes apart, the plane 8 bytes in; the pixel at 3, 2 is the one that is told apart.
    const layout = [{ offset: 8, stride: 24 }];
    const bytes = new Uint8Array(8 + 24 * 3).fill(200);
    bytes.set(pixel, 8 + 2 * 24 + 3 * 4);
    const wanted = { x: 1, y: 1, width: 3, height: 2 };
    const rows = planeRows({ format, bytes, layout, copiedWidth: 5, copiedHeight: 3, wanted }, null);
    const colours = [0, 1].map((y) => Array.from(rows.readRow(y), (word) => word & 0xffffff));
    const [grey, told] = [0xc8c8c8, 10 | (20 << 8) | (30 << 16)];
    expect(colours).toEqual([
      [grey, grey, grey],
      [grey, grey, told],
    ]);
  });

  it('refuses what it cannot read', () => {
    const { frame } = makeFrame('I420', 4, 4, whole(4, 4));
    expect(() => planeRows({ ...frame, format: 'NV21' }, LIMITED_601)).toThrow(/NV21/);
    expect(() => planeRows(frame, null)).toThrow(/matrix/);
    expect(() => planeRows({ ...frame, wanted: whole(5, 4) }, LIMITED_601)).toThrow(RangeError);
    expect(() => planeRows({ ...frame, wanted: whole(0, 4) }, LIMITED_601)).toThrow(RangeError);
    expect(() => planeRows({ ...frame, layout: frame.layout.slice(0, 2) }, LIMITED_601)).toThrow(/plane/);
  });
});

describe('copyableRect', () => {
  const visible = { x: 3, y: 5, width: 10, height: 7 };

  it.each([
    ['I420', { x: 2, y: 4, width: 11, height: 8 }],
    ['NV12', { x: 2, y: 4, width: 11, height: 8 }],
    ['I420AP12', { x: 2, y: 4, width: 11, height: 8 }],
    ['I422P10', { x: 2, y: 5, width: 11, height: 7 }],
    ['I444', visible],
    ['BGRA', visible],
  ])('begins with a whole chroma sample of %s', (format, expected) => {
    expect(copyableRect(format, visible)).toEqual(expected);
  });

  it.each(['NV12P10', 'I420P16', 'I410', 'xI420', 'toString', ''])('does not know “%s”', (format) => {
    expect(copyableRect(format, visible)).toBeNull();
  });
});
