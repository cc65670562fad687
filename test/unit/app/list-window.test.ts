import { describe, expect, it } from 'vitest';
import {
  itemsInSight,
  listWindow,
  MOST_DRAWN_WHOLE,
  nextItem,
  type DrawnItems,
} from '@/app/_components/ui/list-window';

const NOTHING = { first: 0, end: 0 };

/** Positions that are drawn, and how many items room is left for. */
function unfold(drawn: readonly DrawnItems[]): { positions: number[]; room: number } {
  const positions = drawn.flatMap(({ first, end }) =>
    Array.from({ length: end - first }, (_, i) => first + i),
  );
  return { positions, room: drawn.reduce((sum, { skipped }) => sum + skipped, 0) };
}

describe('the window of a list', () => {
  it('is all of a list that is not long', () => {
    expect(listWindow(MOST_DRAWN_WHOLE, NOTHING, [])).toEqual([
      { first: 0, end: MOST_DRAWN_WHOLE, skipped: 0 },
    ]);
    expect(listWindow(0, NOTHING, [-1])).toEqual([{ first: 0, end: 0, skipped: 0 }]);
  });

  it.each([
    ['the beginning', { first: 0, end: 20 }, []],
    ['the middle', { first: 900, end: 940 }, []],
    ['beyond the end', { first: 1990, end: 2020 }, []],
    ['nothing', NOTHING, []],
    ['the first and the last kept', { first: 900, end: 940 }, [0, 1999]],
    ['one kept at the edge of what is in sight', { first: 900, end: 940 }, [940, 899]],
    ['none kept', { first: 900, end: 940 }, [-1, 2000]],
    ['all kept in one place', { first: 900, end: 940 }, [10, 11, 12, 10]],
  ])('has each item once, in order, and room for all others: %s', (_, sight, kept) => {
    const { positions, room } = unfold(listWindow(2000, sight, kept));
    expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
    expect(positions.length + room).toBe(2000);
    for (let at = sight.first; at < Math.min(2000, sight.end); at += 1) expect(positions).toContain(at);
    for (const at of kept.filter((one) => one >= 0 && one < 2000))
      expect(positions).toEqual(
        expect.arrayContaining([at - 1, at, at + 1].filter((one) => one >= 0 && one < 2000)),
      );
  });

  it('puts the room where the items would be', () => {
    expect(listWindow(2000, { first: 900, end: 940 }, [5])).toEqual([
      { first: 4, end: 7, skipped: 4 },
      { first: 900, end: 940, skipped: 893 },
      { first: 1999, end: 2000, skipped: 1059 },
    ]);
  });
});

describe('the items in sight', () => {
  it('are those between two pixels, with some around them, and change in steps', () => {
    const { first, end } = itemsInSight(7400, 8400, 74, 2000);
    expect(first).toBeLessThanOrEqual(90);
    expect(end).toBeGreaterThanOrEqual(124);
    expect(end - first).toBeLessThan(60);
    expect(itemsInSight(7410, 8400, 74, 2000)).toEqual({ first, end });
  });

  it('are within the list, also where it is scrolled beyond', () => {
    expect(itemsInSight(-500, 300, 74, 2000).first).toBe(0);
    expect(itemsInSight(1e6, 1e6 + 800, 74, 150)).toEqual({ first: 150, end: 150 });
    expect(itemsInSight(-900, -100, 74, 2000)).toEqual({ first: 0, end: 12 });
  });
});

describe('nextItem', () => {
  it.each([
    ['ArrowDown', 3, false, 4],
    ['ArrowDown', 9, false, 9],
    ['ArrowUp', 0, false, 0],
    ['ArrowRight', 3, false, null],
    ['ArrowRight', 3, true, 4],
    ['ArrowLeft', 3, true, 2],
    ['ArrowDown', 3, true, null],
    ['Home', 3, true, 0],
    ['End', 3, false, 9],
    ['Tab', 3, false, null],
  ])('%s from %i', (key, at, isRow, next) => {
    expect(nextItem(key, at, 10, isRow)).toBe(next);
  });
});
