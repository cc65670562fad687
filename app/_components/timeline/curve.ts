import type { ClipCurve } from '@/lib/ports/search';
import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, curveMonotoneX, line } from 'd3-shape';
import { formatTime } from '@/lib/shared/format';

/** The drawing's own units; it is stretched to whatever room there is. */
export const CURVE_WIDTH = 1000;
export const CURVE_HEIGHT = 100;

/** Labels on the time axis, roughly. */
const TICKS = 5;

export interface CurvePaths {
  line: string;
  area: string;
  /** Heights of the levels from which a match counts as possible and as strong; null without a calibration. */
  levels: { possible: number; strong: number } | null;
}

/**
 * The score curve of a clip as SVG paths.
 *
 * With likelihoods its height says how likely, and a clip that does not show the thing has a low curve; scores without
 * a calibration mean nothing by themselves, and are spread over the height.
 */
export function curvePaths(
  { timestampsMs, scores, likelihoods }: Pick<ClipCurve, 'timestampsMs' | 'scores' | 'likelihoods'>,
  durationMs: number,
  levels: { possible: number; strong: number } | null,
): CurvePaths | null {
  if (scores.length === 0 || durationMs <= 0) return null;
  const values = likelihoods ?? scores;
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  const isRated = likelihoods !== null && levels !== null;
  const domain = isRated ? [0, Math.max(levels.strong, highest)] : [lowest, highest];
  const y = scaleLinear().domain(domain).range([CURVE_HEIGHT, 0]);
  // A flat curve without a scale of its own lies in the middle: neither high nor low.
  const heightAt = (value: number) => (domain[0] === domain[1] ? CURVE_HEIGHT / 2 : y(value));
  const x = scaleLinear().domain([0, durationMs]).range([0, CURVE_WIDTH]);
  const points = Array.from(values, (value, row): [number, number] => [
    x(Math.min(durationMs, Math.max(0, timestampsMs[row]!))),
    heightAt(value),
  ]);
  const only = points[0]!;
  // One frame speaks for the whole clip.
  const drawn: [number, number][] =
    points.length === 1
      ? [
          [0, only[1]],
          [CURVE_WIDTH, only[1]],
        ]
      : points;
  return {
    line: line().curve(curveMonotoneX)(drawn) ?? '',
    area: area().curve(curveMonotoneX).y0(CURVE_HEIGHT)(drawn) ?? '',
    levels: isRated ? { possible: y(levels.possible), strong: y(levels.strong) } : null,
  };
}

/** Width of a character of a label and the gap between two labels, in pixels. */
const LABEL_CHARACTER_PX = 7;
const LABEL_GAP_PX = 12;

/** Round times to label the axis with, in milliseconds: so few that labels on `widthPx` do not touch. */
export function timeTicks(durationMs: number, widthPx = Infinity): number[] {
  const scale = scaleUtc().domain([new Date(0), new Date(Math.max(1, durationMs))]);
  for (let count = TICKS; count > 1; count--) {
    const ticks = scale.ticks(count).map((date) => date.getTime());
    // Labels at either end are drawn inwards, which takes half a label more.
    const neededPx = 1.5 * formatTime(durationMs).length * LABEL_CHARACTER_PX + LABEL_GAP_PX;
    const stepPx = ((ticks[1]! - ticks[0]!) / durationMs) * widthPx;
    if (ticks.length < 2 || stepPx >= neededPx) return ticks;
  }
  return [0];
}

/** Position in `timestampsMs` (ascending) of the frame nearest to a time; the earlier of two as near; −1 for none. */
export function nearestFrame(timestampsMs: ArrayLike<number>, timeMs: number): number {
  let [low, high] = [0, timestampsMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestampsMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return timestampsMs.length === 0 ? -1 : 0;
  if (low === timestampsMs.length) return low - 1;
  return timeMs - timestampsMs[low - 1]! <= timestampsMs[low]! - timeMs ? low - 1 : low;
}
