import { afterEach, describe, expect, it, vi } from 'vitest';
import { fitInside, ThumbnailWriter, thumbnailSize, uprightSize } from '@/lib/media/thumbnail';

/** A canvas that is encoded as it is when the encoding ends, as no browser may do, and what ends it. */
class SlowCanvas {
  static made = 0;
  static encodings: (() => void)[] = [];
  data = new Uint8ClampedArray(0);

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    SlowCanvas.made += 1;
  }

  getContext() {
    return {
      canvas: this,
      createImageData: (width: number, height: number) => ({
        data: new Uint8ClampedArray(4 * width * height),
      }),
      putImageData: ({ data }: { data: Uint8ClampedArray<ArrayBuffer> }) => (this.data = data),
    };
  }

  convertToBlob(): Promise<Blob> {
    return new Promise((resolve) =>
      SlowCanvas.encodings.push(() =>
        resolve(new Blob([Uint8Array.from(this.data.filter((_, i) => i % 4 < 3))])),
      ),
    );
  }
}

afterEach(() => vi.unstubAllGlobals());

describe('ThumbnailWriter', () => {
  const pixels = (value: number) => new Uint8Array(6).fill(value);

  it('writes several at once, each from a canvas of its own, and uses these again', async () => {
    vi.stubGlobal('OffscreenCanvas', SlowCanvas);
    const writer = new ThumbnailWriter();
    for (const round of [10, 20]) {
      const written = [1, 2, 3].map((i) => writer.writePixels(pixels(round + i), 2, 1));
      for (const end of SlowCanvas.encodings.splice(0).reverse()) end();
      expect(await Promise.all(written)).toEqual([1, 2, 3].map((i) => pixels(round + i)));
    }
    expect(SlowCanvas.made).toBe(3);
    const larger = writer.writePixels(new Uint8Array(12), 2, 2);
    SlowCanvas.encodings.splice(0).forEach((end) => end());
    expect(await larger).toHaveLength(12);
    expect(SlowCanvas.made).toBe(4);
  });
});

describe('thumbnailSize', () => {
  it.each([
    [1920, 1080, 320, 180],
    [1080, 1920, 180, 320],
    [3026, 1386, 320, 147],
    [200, 100, 200, 100],
    [10_000, 4, 320, 1],
  ])('%i×%i gives %i×%i', (width, height, thumbnailWidth, thumbnailHeight) => {
    expect(thumbnailSize(width, height)).toEqual({ width: thumbnailWidth, height: thumbnailHeight });
  });
});

describe('uprightSize', () => {
  it.each([
    [0, 640, 360],
    [90, 360, 640],
    [180, 640, 360],
    [270, 360, 640],
  ] as const)('turned by %i', (rotationDegrees, width, height) => {
    const orientation = { rotationDegrees, flip: false, displayWidth: 640, displayHeight: 360 };
    expect(uprightSize(orientation)).toEqual({ width, height });
  });
});

describe('fitInside', () => {
  it.each<[string, [number, number], [number, number], [number, number, number, number]]>([
    ['fills a canvas of its own shape', [640, 360], [320, 180], [0, 0, 320, 180]],
    ['stands upright between bars', [180, 320], [320, 180], [109.5, 0, 101, 180]],
    ['lies between bars above and below', [320, 180], [180, 320], [0, 109.5, 180, 101]],
    ['has no bar for an odd pixel', [321, 181], [320, 180], [0, 0, 320, 180]],
  ])('%s', (_what, [width, height], [canvasWidth, canvasHeight], [x, y, w, h]) => {
    expect(fitInside({ width, height }, { width: canvasWidth, height: canvasHeight })).toEqual({
      x,
      y,
      width: w,
      height: h,
    });
  });
});
