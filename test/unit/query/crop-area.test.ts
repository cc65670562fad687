import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areaBetween,
  contains,
  describeArea,
  FIRST_AREA,
  MIN_SIDE,
  moveArea,
  resizeArea,
} from '@/app/_components/query/crop-area';
import { examplesFor } from '@/app/_components/query/query-help';
import { parseQuery } from '@/lib/query/parse';

describe('the part of a picture', () => {
  it.each([
    [{ x: 0.2, y: 0.3 }, { x: 0.6, y: 0.9 }, '20 % from the left, 30 % from the top, 40 % wide, 60 % high'],
    [{ x: 0.6, y: 0.9 }, { x: 0.2, y: 0.3 }, '20 % from the left, 30 % from the top, 40 % wide, 60 % high'],
    [{ x: -1, y: 0.5 }, { x: 2, y: 0.5 }, '0 % from the left, 50 % from the top, 100 % wide, 5 % high'],
    [{ x: 1, y: 1 }, { x: 1, y: 1 }, '95 % from the left, 95 % from the top, 5 % wide, 5 % high'],
  ])('is drawn between %j and %j', (a, b, area) => {
    expect(describeArea(areaBetween(a, b))).toBe(area);
  });

  it('moves as far as the picture goes', () => {
    expect(moveArea(FIRST_AREA, { x: 0.1, y: -0.1 })).toMatchObject({ x: 0.35, y: 0.15 });
    expect(moveArea(FIRST_AREA, { x: 9, y: -9 })).toEqual({ x: 0.5, y: 0, width: 0.5, height: 0.5 });
  });

  it('grows and shrinks at its right and lower edge', () => {
    expect(resizeArea(FIRST_AREA, { x: 0.1, y: -0.1 })).toEqual({
      x: 0.25,
      y: 0.25,
      width: 0.6,
      height: 0.4,
    });
    expect(resizeArea(FIRST_AREA, { x: 9, y: -9 })).toEqual({
      x: 0.25,
      y: 0.25,
      width: 0.75,
      height: MIN_SIDE,
    });
  });

  it('knows what lies in it', () => {
    expect(contains(FIRST_AREA, { x: 0.25, y: 0.75 })).toBe(true);
    expect(contains(FIRST_AREA, { x: 0.5, y: 0.76 })).toBe(false);
  });

  it('never leaves the picture and is never too small', () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    const point = fc.record({ x: number, y: number });
    fc.assert(
      fc.property(point, point, point, point, (a, b, move, resize) => {
        for (const area of [
          areaBetween(a, b),
          moveArea(areaBetween(a, b), move),
          resizeArea(areaBetween(a, b), resize),
        ]) {
          expect(area.x).toBeGreaterThanOrEqual(0);
          expect(area.y).toBeGreaterThanOrEqual(0);
          expect(area.width).toBeGreaterThanOrEqual(MIN_SIDE - 1e-9);
          expect(area.height).toBeGreaterThanOrEqual(MIN_SIDE - 1e-9);
          expect(area.x + area.width).toBeLessThanOrEqual(1 + 1e-9);
          expect(area.y + area.height).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });
});

describe('the examples of the help', () => {
  it('show every part of the language, and can all be read', () => {
    const shapes = examplesFor(['a dog', 'trees and grass']).map(({ text }) =>
      parseQuery(text, []).alternatives.map(({ terms }) => terms.map(({ weight }) => weight)),
    );
    expect(shapes).toEqual([[[1]], [[1], [1]], [[1, 1]], [[1, -1]], [[2, 1]], [[1]]]);
  });

  it('do not need the clip to have questions of its own', () => {
    for (const { text } of examplesFor([])) expect(() => parseQuery(text, [])).not.toThrow();
  });
});
