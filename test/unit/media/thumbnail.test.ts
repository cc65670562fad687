import { describe, expect, it } from 'vitest';
import { fitInside, thumbnailSize, uprightSize } from '@/lib/media/thumbnail';

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
