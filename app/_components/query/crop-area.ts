import type { PictureArea } from '@/lib/ask/query-images';

/** Smallest side of a part, as a share of the picture's: a smaller one has nothing left to see. */
export const MIN_SIDE = 0.05;

/** What is chosen before a person chooses: the middle. */
export const FIRST_AREA: PictureArea = { x: 0.25, y: 0.25, width: 0.5, height: 0.5 };

export interface Point {
  x: number;
  y: number;
}

/** The area between two corners, in the picture and no smaller than may be. */
export function areaBetween(a: Point, b: Point): PictureArea {
  const [left, width] = spanBetween(a.x, b.x);
  const [top, height] = spanBetween(a.y, b.y);
  return { x: left, y: top, width, height };
}

function spanBetween(a: number, b: number): [start: number, length: number] {
  const start = clamp(Math.min(a, b), 0, 1 - MIN_SIDE);
  const end = clamp(Math.max(a, b), start + MIN_SIDE, 1);
  return [start, end - start];
}

/** The area pushed by so much, as far as the picture goes. */
export function moveArea({ x, y, width, height }: PictureArea, by: Point): PictureArea {
  return { x: clamp(x + by.x, 0, 1 - width), y: clamp(y + by.y, 0, 1 - height), width, height };
}

/** The area with its right and lower edge pushed by so much. */
export function resizeArea({ x, y, width, height }: PictureArea, by: Point): PictureArea {
  return {
    x,
    y,
    width: clamp(width + by.x, MIN_SIDE, 1 - x),
    height: clamp(height + by.y, MIN_SIDE, 1 - y),
  };
}

export function contains({ x, y, width, height }: PictureArea, point: Point): boolean {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}

/** "from 25 % left, 30 % down, 50 % wide, 40 % high", for who does not see it. */
export function describeArea({ x, y, width, height }: PictureArea): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return `${percent(x)} from the left, ${percent(y)} from the top, ${percent(width)} wide, ${percent(height)} high`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
