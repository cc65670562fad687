import { describe, expect, it } from 'vitest';
import { thumbnailSize, uprightSize } from '@/lib/video/thumbnail';

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
