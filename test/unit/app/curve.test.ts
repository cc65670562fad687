import { describe, expect, it } from 'vitest';
import {
  CURVE_HEIGHT,
  CURVE_WIDTH,
  curvePaths,
  nearestFrame,
  timeTicks,
} from '@/app/_components/timeline/curve';

const curve = (scores: number[], likelihoods: number[] | null = null) => ({
  timestampsMs: Int32Array.from(scores, (_, row) => row * 1000),
  scores: Float32Array.from(scores),
  likelihoods: likelihoods && Float32Array.from(likelihoods),
});

/** The points that a path goes through: the end of each of its segments. */
function pointsOf(path: string): [number, number][] {
  return [...path.matchAll(/[ML]([-\d.]+),([-\d.]+)|C[-\d.,]+,([-\d.]+),([-\d.]+)/g)].map(
    ([, x, y, cx, cy]) => [Number(x ?? cx), Number(y ?? cy)],
  );
}

describe('curvePaths', () => {
  const levels = { possible: 0.25, strong: 0.5 };

  it('spreads scores without a calibration over the height', () => {
    const paths = curvePaths(curve([0.1, 0.3, 0.2]), 2000, null)!;
    expect(paths.levels).toBeNull();
    expect(pointsOf(paths.line)).toEqual([
      [0, CURVE_HEIGHT],
      [CURVE_WIDTH / 2, 0],
      [CURVE_WIDTH, expect.closeTo(CURVE_HEIGHT / 2, 3)],
    ]);
  });

  it('keeps likelihoods below the levels low', () => {
    const paths = curvePaths(curve([0.1, 0.3], [0, 0.05]), 1000, levels)!;
    expect(pointsOf(paths.line).map(([, y]) => y)).toEqual([CURVE_HEIGHT, expect.closeTo(90, 3)]);
    expect(paths.levels).toEqual({ possible: CURVE_HEIGHT / 2, strong: 0 });
  });

  it('makes room for likelihoods above the levels', () => {
    const paths = curvePaths(curve([0.1, 0.3], [0.25, 1]), 1000, levels)!;
    expect(pointsOf(paths.line)[1]![1]).toBe(0);
    expect(paths.levels!.strong).toBe(CURVE_HEIGHT / 2);
  });

  it('draws one frame, and frames that are all the same, as a level line', () => {
    for (const scores of [[0.3], [0.3, 0.3, 0.3]]) {
      const points = pointsOf(curvePaths(curve(scores), 2000, null)!.line);
      expect(points.map(([, y]) => y)).toEqual(points.map(() => CURVE_HEIGHT / 2));
      expect([points[0]![0], points.at(-1)![0]]).toEqual([0, CURVE_WIDTH]);
    }
  });

  it('keeps frames that lie outside the stated length inside the drawing', () => {
    const path = curvePaths(curve([0.1, 0.2, 0.3, 0.4]), 2000, null)!.line;
    expect(Math.max(...pointsOf(path).map(([x]) => x))).toBe(CURVE_WIDTH);
  });

  it.each([
    [[], 1000],
    [[0.5], 0],
  ])('draws nothing for scores %j in %i ms', (scores, durationMs) => {
    expect(curvePaths(curve(scores), durationMs, null)).toBeNull();
  });
});

describe('nearestFrame', () => {
  const times = [0, 1000, 2000, 5000];
  it.each([
    [-5, 0],
    [400, 0],
    [500, 0],
    [501, 1],
    [3500, 2],
    [3501, 3],
    [9000, 3],
  ])('%i ms is nearest to frame %i', (timeMs, expected) => {
    expect(nearestFrame(times, timeMs)).toBe(expected);
  });
  it('is −1 where there is no frame', () => {
    expect(nearestFrame([], 100)).toBe(-1);
  });
});

it('ticks are round times inside the clip', () => {
  expect(timeTicks(48_000)).toEqual([0, 15_000, 30_000, 45_000]);
  expect(timeTicks(600_000)).toContain(300_000);
  expect(timeTicks(0)).toContain(0);
});
