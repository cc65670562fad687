import { describe, expect, it } from 'vitest';
import { contrastOf, firstTelling } from '@/lib/media/contrast';

const pixels = (...lumas: number[]) =>
  Uint8ClampedArray.from(lumas.flatMap((luma) => [luma, luma, luma, 255]));

describe('contrast of a picture', () => {
  it.each([
    [[], 0],
    [[0, 0, 0, 0], 0],
    [[200, 200], 0],
    [[0, 255], 127.5],
    [[100, 110], 5],
  ])('of brightness %j is %d', (lumas, contrast) =>
    expect(contrastOf(pixels(...lumas))).toBeCloseTo(contrast),
  );
});

describe('the picture that stands for a clip', () => {
  it.each([
    ['is the first that shows something', [0, 2, 40, 90], 2],
    ['is the clearest where none shows much', [0, 9, 4], 1],
    ['is the first where that shows something', [30, 90], 0],
    ['is none of none', [], -1],
  ])('%s', (_, contrasts, position) => expect(firstTelling(contrasts)).toBe(position));
});
