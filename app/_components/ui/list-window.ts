import { nextPosition } from './grid-keys';

/** Items one behind the other, the last excluded, and how many that are not drawn lie before them. */
export interface DrawnItems {
  first: number;
  end: number;
  skipped: number;
}

/** Lists up to this length are drawn whole. */
export const MOST_DRAWN_WHOLE = 100;

/** Items that are drawn before and behind those in sight, so that Tab and a quick hand find the next ones there. */
const MARGIN = 12;

/** What is in sight is taken to whole multiples, so that few steps of scrolling draw anew. */
const STEP = 8;

/** The items in sight, first and end, of a list that is seen from `from` to `to` pixels behind its beginning. */
export function itemsInSight(
  from: number,
  to: number,
  pitch: number,
  count: number,
): { first: number; end: number } {
  const first = Math.floor(Math.max(0, from) / pitch / STEP) * STEP - MARGIN;
  const end = Math.ceil(Math.max(0, to) / pitch / STEP) * STEP + MARGIN;
  return { first: Math.max(0, Math.min(first, count)), end: Math.max(0, Math.min(end, count)) };
}

/**
 * What is drawn of a list: what is in sight, each item of `kept` with its neighbours, from which Tab goes on, and the last item. All
 * room is then before an item; room behind the last would be the list's own, whose box would grow by it.
 *
 * @param kept positions that stay drawn wherever the list is scrolled to; those that are none are left out
 */
export function listWindow(
  count: number,
  sight: { first: number; end: number },
  kept: readonly number[],
): DrawnItems[] {
  if (count <= MOST_DRAWN_WHOLE) return [{ first: 0, end: count, skipped: 0 }];
  const ranges = [
    { first: sight.first, end: Math.min(sight.end, count) },
    ...kept
      .filter((at) => at >= 0 && at < count)
      .map((at) => ({ first: Math.max(0, at - 1), end: Math.min(count, at + 2) })),
    { first: count - 1, end: count },
  ]
    .filter(({ first, end }) => end > first)
    .sort((a, b) => a.first - b.first);
  const drawn: DrawnItems[] = [];
  let done = 0;
  for (const { first, end } of ranges) {
    if (end <= done) continue;
    const last = drawn.at(-1);
    if (last && first <= done) last.end = end;
    else drawn.push({ first, end, skipped: first - done });
    done = end;
  }
  return drawn;
}

/** Where a key leads from an item of a list; null for a key that leads nowhere, as arrows across the list. */
export function nextItem(key: string, at: number, count: number, isRow: boolean): number | null {
  const across = isRow ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
  return across.includes(key) ? null : nextPosition(key, at, count, isRow ? count : 1);
}
