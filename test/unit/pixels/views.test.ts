import { describe, expect, it } from 'vitest';
import { cutViews, meanRows, groupViews } from '@/lib/pixels/views';

const VIEWS = { count: 2, share: 0.58, size: 2 };

describe('cutViews', () => {
  it.each([
    ['a wide picture', 1920, 1080, undefined, 'x', [0, 806], 1114],
    ['a tall picture', 1080, 1920, undefined, 'y', [0, 806], 1114],
    ['a picture of 6:5', 120, 100, undefined, 'x', [0, 50], 70],
    ['a square that is shown wide', 100, 100, 16 / 9, 'x', [0, 42], 58],
    ['a wide picture that is shown tall', 120, 100, 0.5, 'y', [0, 42], 58],
    ['two pixels', 2, 1, undefined, 'x', [0, 1], 1],
  ] as const)('cuts %s along its longer edge', (_, width, height, aspect, axis, starts, length) => {
    expect(cutViews(VIEWS, width, height, aspect)).toEqual({
      axis,
      spans: starts.map((start) => ({ start, length })),
    });
  });

  it('spaces more than two pieces evenly, the last at the end', () => {
    const { spans } = cutViews({ count: 3, share: 0.5, size: 2 }, 400, 100);
    expect(spans.map(({ start }) => start)).toEqual([0, 100, 200]);
  });

  it.each([
    ['without views', undefined, 400, 100],
    ['of a nearly square picture', VIEWS, 119, 100],
    ['of a nearly square tall picture', VIEWS, 100, 119],
  ])('keeps the whole %s', (_, views, width, height) => {
    expect(cutViews(views, width, height)).toEqual({ axis: 'x', spans: [{ start: 0, length: width }] });
  });
});

describe('groupViews', () => {
  const spec = { size: 3, fit: 'stretch', views: VIEWS } as const;
  const whole = new Uint8Array(27).fill(1);
  const cut = new Uint8Array(24).fill(2, 0, 12).fill(3, 12);

  it('puts whole and cut pictures into runs of one size, and says whose the views are', () => {
    const groups = groupViews([cut, whole, cut], spec);
    expect(groups.map(({ side, counts, places }) => ({ side, counts, places }))).toEqual([
      { side: 2, counts: [2, 2], places: [0, 2] },
      { side: 3, counts: [1], places: [1] },
    ]);
    expect(groups[0]!.views.map((view) => [view.length, view[0]])).toEqual([
      [12, 2],
      [12, 3],
      [12, 2],
      [12, 3],
    ]);
    expect(groups[1]!.views).toEqual([whole]);
  });

  it.each([0, 12, 26, 36])('refuses %i bytes where a picture has 27 and its views 24', (length) => {
    expect(() => groupViews([new Uint8Array(length)], spec)).toThrow(RangeError);
  });
});

describe('meanRows', () => {
  it('is the mean of as many rows as each picture has views', () => {
    const rows = new Float32Array([1, 2, 3, 4, 5, 8]);
    expect(Array.from(meanRows(rows, [1, 2], 2))).toEqual([1, 2, 4, 6]);
  });
});
