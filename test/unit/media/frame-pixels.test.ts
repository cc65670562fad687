import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROBE_PATCHES } from '@/lib/media/colour-probe';
import { toRgb, type ColourCoding } from '@/lib/pixels/colour';
import { FramePixelReader } from '@/lib/media/frame-pixels';
import { PixelKernel } from '@/lib/pixels/pixel-kernel';

const CODING: ColourCoding = { matrix: 'bt709', isFullRange: true };

/** Full range without colour: grey of the same number. */
const NEUTRAL = 128;

class FakeBitmap {
  readonly width = 2;
  readonly height = 1;
}

/** What is drawn on any canvas comes back as this. */
const DRAWN = 0x010203;
let drawings: unknown[][];

class FakeCanvas {
  readonly width: number;
  readonly height: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
  }

  getContext() {
    return {
      canvas: this,
      drawImage: (...args: unknown[]) => drawings.push(args),
      getImageData: () => ({
        data: new Uint8ClampedArray(this.width * this.height * 4).map(
          (_, index) => [3, 2, 1, 255][index % 4]!,
        ),
      }),
    };
  }
}

interface Copy {
  rect: { x: number; y: number; width: number; height: number };
}

/** An I420 frame of 8×8 coded pixels whose luma is 10 times the row plus the column. */
function fakeFrame(overrides: Record<string, unknown> = {}) {
  const copies: Copy[] = [];
  const frame = {
    format: 'I420',
    codedWidth: 8,
    codedHeight: 8,
    visibleRect: { x: 0, y: 0, width: 8, height: 8 },
    allocationSize: ({ rect }: Copy) => rect.width * rect.height * 2 + 100,
    copyTo: (target: Uint8Array, options: Copy) => {
      copies.push(options);
      const { x, y, width, height } = options.rect;
      const stride = width + 3;
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          target[5 + row * stride + column] = 10 * (y + row) + x + column;
        }
      }
      const chroma = 5 + height * stride;
      target.fill(NEUTRAL, chroma, chroma + 2 * 4 * 4);
      return Promise.resolve([
        { offset: 5, stride },
        { offset: chroma, stride: 4 },
        { offset: chroma + 16, stride: 4 },
      ]);
    },
    ...overrides,
  };
  return { frame: frame as unknown as VideoFrame, copies };
}

async function readReds(reader: FramePixelReader, frame: VideoFrame): Promise<number[][]> {
  const rows = await reader.read(frame);
  return Array.from({ length: rows.height }, (_, y) => Array.from(rows.readRow(y), (word) => word & 255));
}

beforeEach(() => {
  drawings = [];
  vi.stubGlobal('ImageBitmap', FakeBitmap);
  vi.stubGlobal('OffscreenCanvas', FakeCanvas);
});
afterEach(() => void vi.unstubAllGlobals());

describe('FramePixelReader', () => {
  it('converts a decoder’s own planes, where the browser says that they lie', async () => {
    const { frame, copies } = fakeFrame();
    const reds = await readReds(new FramePixelReader(CODING), frame);
    expect(reds[0]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(reds[7]).toEqual([70, 71, 72, 73, 74, 75, 76, 77]);
    expect(copies).toEqual([{ rect: { x: 0, y: 0, width: 8, height: 8 } }]);
    expect(drawings).toEqual([]);
  });

  it('cuts what is not to be seen, at odd positions too', async () => {
    const { frame, copies } = fakeFrame({ visibleRect: { x: 3, y: 1, width: 4, height: 2 } });
    const reds = await readReds(new FramePixelReader(CODING), frame);
    expect(reds).toEqual([
      [13, 14, 15, 16],
      [23, 24, 25, 26],
    ]);
    expect(copies).toEqual([{ rect: { x: 2, y: 0, width: 5, height: 3 } }]);
  });

  it('keeps no pixel of the frame before', async () => {
    const reader = new FramePixelReader(CODING);
    await readReds(reader, fakeFrame().frame);
    const small = fakeFrame({ visibleRect: { x: 4, y: 4, width: 2, height: 2 } });
    expect(await readReds(reader, small.frame)).toEqual([
      [44, 45],
      [54, 55],
    ]);
  });

  it.each([
    ['has no format', CODING, { format: null }],
    ['has a format that nobody knows yet', CODING, { format: 'NV16' }],
    ['is green, blue and red in planes', null, {}],
    ['cannot be copied', CODING, { copyTo: () => Promise.reject(new TypeError('no')) }],
    [
      'has no size that is told',
      CODING,
      {
        allocationSize: () => {
          throw new DOMException('no', 'NotSupportedError');
        },
      },
    ],
  ])('draws a frame on a canvas that %s', async (_what, coding, overrides) => {
    const { frame } = fakeFrame({ visibleRect: { x: 0, y: 0, width: 3, height: 2 }, ...overrides });
    const rows = await new FramePixelReader(coding).read(frame);
    expect([rows.width, rows.height]).toEqual([3, 2]);
    expect(rows.readRow(1)[2]! & 0xffffff).toBe(DRAWN);
    expect(drawings).toEqual([[frame, 0, 0, 3, 2]]);
  });

  it('goes back to planes after a frame that could not be copied', async () => {
    const reader = new FramePixelReader(CODING);
    await reader.read(fakeFrame({ copyTo: () => Promise.reject(new TypeError('no')) }).frame);
    expect((await readReds(reader, fakeFrame().frame))[1]![1]).toBe(11);
    expect(drawings.length).toBe(1);
  });

  it('brings red, green and blue to the colours of the clip, as far as the browser’s are measured', async () => {
    const greys = PROBE_PATCHES.map(([y]): [number, number, number] => [y, y, y]);
    // Colours of BT.601 in limited range for a clip of full range: luma 128 is seen as 130.
    const seen = PROBE_PATCHES.map((patch) => toRgb(patch, { matrix: 'bt601', isFullRange: false }));
    const readGrey = async (measure: () => Promise<typeof seen | null>) => {
      const { frame } = fakeFrame({
        format: 'BGRX',
        visibleRect: { x: 0, y: 0, width: 1, height: 1 },
        copyTo: (target: Uint8Array) => {
          target.set([130, 130, 130, 255]);
          return Promise.resolve([{ offset: 0, stride: 4 }]);
        },
      });
      const rows = await new FramePixelReader(CODING, null, measure).read(frame);
      return rows.readRow(0)[0]! & 255;
    };
    expect(await readGrey(() => Promise.resolve(seen))).toBe(128);
    expect(await readGrey(() => Promise.resolve(null))).toBe(130);
    expect(await readGrey(() => Promise.resolve(greys))).toBe(130);
  });

  it('gives of red, green and blue what it gives of the planes that they were made of', async () => {
    const coding: ColourCoding = { matrix: 'bt601', isFullRange: false };
    const made: ColourCoding = { matrix: 'bt709', isFullRange: false };
    const seen = PROBE_PATCHES.map((patch) => toRgb(patch, made));
    const luma = (x: number, y: number) => 80 + 10 * y + 3 * x;
    const chroma = (x: number, y: number) => 100 + 9 * (x >> 1) + 5 * (y >> 1);
    // What is to be seen begins within a block.
    const visibleRect = { x: 1, y: 1, width: 5, height: 6 };
    const copyPlanes = (target: Uint8Array) => {
      for (let at = 0; at < 64; at++) target[at] = luma(at % 8, at >> 3);
      for (let at = 0; at < 16; at++) target[64 + at] = target[80 + at] = chroma(2 * (at % 4), 2 * (at >> 2));
      return Promise.resolve([0, 64, 80].map((offset) => ({ offset, stride: offset ? 4 : 8 })));
    };
    const copyRgb = (target: Uint8Array) => {
      for (let at = 0; at < 64; at++) {
        const [x, y] = [at % 8, at >> 3];
        const colours = toRgb([luma(x, y), chroma(x, y), chroma(x, y)], made);
        target.set(colours.map(Math.round).reverse(), at * 4);
      }
      return Promise.resolve([{ offset: 0, stride: 32 }]);
    };
    const whole = { allocationSize: () => 256, visibleRect };
    const planes = fakeFrame({ ...whole, copyTo: copyPlanes }).frame;
    const rgb = fakeFrame({ ...whole, format: 'BGRX', copyTo: copyRgb }).frame;
    const measure = () => Promise.resolve(seen);
    const rowsOf = async (frame: VideoFrame, kernel: PixelKernel | null) => {
      const rows = await new FramePixelReader(coding, kernel, measure).read(frame);
      return Array.from({ length: rows.height }, (_, y) =>
        Array.from(rows.readRow(y), (word) => word & 0xffffff),
      );
    };
    const expected = await rowsOf(planes, null);
    expect(await rowsOf(rgb, null)).toEqual(expected);
    expect(await rowsOf(rgb, PixelKernel.create())).toEqual(expected);
  });

  it('takes frames of red, green and blue without a coding', async () => {
    const { frame } = fakeFrame({
      format: 'BGRX',
      visibleRect: { x: 0, y: 0, width: 1, height: 1 },
      copyTo: (target: Uint8Array) => {
        target.set([1, 2, 3, 4]);
        return Promise.resolve([{ offset: 0, stride: 4 }]);
      },
    });
    const rows = await new FramePixelReader(null).read(frame);
    expect(rows.readRow(0)[0]! & 0xffffff).toBe(0x010203);
    expect(drawings).toEqual([]);
  });

  it('fails with a frame that was closed', async () => {
    const closed = new DOMException('closed', 'InvalidStateError');
    const { frame } = fakeFrame({ copyTo: () => Promise.reject(closed) });
    await expect(new FramePixelReader(CODING).read(frame)).rejects.toBe(closed);
  });

  it('draws pictures', async () => {
    const bitmap = new FakeBitmap();
    const rows = await new FramePixelReader(CODING).read(bitmap as unknown as ImageBitmap);
    expect([rows.width, rows.height]).toEqual([2, 1]);
    expect(drawings).toEqual([[bitmap, 0, 0, 2, 1]]);
  });
});
