'use client';

import {
  useEffect,
  useRef,
  useState,
  type ComponentPropsWithoutRef,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { flushSync } from 'react-dom';
import { scrollBehavior } from '../../_hooks/motion';
import { itemsInSight, listWindow, MOST_DRAWN_WHOLE, nextItem } from './list-window';

/*
 * [Note: Long lists] Of a list of thousands the items in sight are drawn, and room is left for the others: as a margin, so that the
 * list has no children but items. An item that has the focus stays drawn wherever the list is scrolled to, with its neighbours, so
 * that Tab goes on from there. A screen reader is told the place of each item and how many there are.
 */

/** Pixels from one item to the next before any was measured. */
const USUAL_PITCH = 74;

/** Items that are drawn before the list was looked at. */
const FIRST_DRAWN = 24;

/** How a list lies on the screen. */
interface Layout {
  isRow: boolean;
  pitch: number;
  first: number;
  end: number;
}

/** A list that draws what is in sight. Arrows, Home and End go from item to item. */
export function LongList<T>({
  items,
  keyOf,
  shown,
  itemClassName,
  children,
  ...rest
}: Omit<ComponentPropsWithoutRef<'ul'>, 'children'> & {
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Position of an item that is drawn wherever the list is scrolled to, and that a row is scrolled to; −1 for none. */
  shown: number;
  itemClassName?: string;
  children: (item: T) => ReactNode;
}) {
  const list = useRef<HTMLUListElement>(null);
  const [layout, setLayout] = useState<Layout>({
    isRow: false,
    pitch: USUAL_PITCH,
    first: 0,
    end: FIRST_DRAWN,
  });
  const [focused, setFocused] = useState(-1);
  const count = items.length;
  const isLong = count > MOST_DRAWN_WHOLE;

  useEffect(() => {
    const element = list.current;
    if (!isLong || !element) return undefined;
    const look = () => setLayout((before) => layoutOf(element, before, count));
    look();
    // Whatever scrolls: the list, what it lies in, or the page.
    document.addEventListener('scroll', look, { capture: true, passive: true });
    window.addEventListener('resize', look);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      document.removeEventListener('scroll', look, { capture: true });
      window.removeEventListener('resize', look);
      observer.disconnect();
    };
  }, [isLong, count]);

  const shownItem = items[shown];
  const shownKey = shownItem && keyOf(shownItem);
  useEffect(() => {
    const element = list.current;
    const item = element?.querySelector(`[data-key="${CSS.escape(shownKey ?? '')}"]`);
    // A column lies in the page, which is not scrolled without being asked to.
    if (element && item && liesInRow(element)) scrollRowTo(element, item);
    // A long row lies where it will be once it has been measured.
  }, [shownKey, layout.isRow]);

  const drawn = listWindow(count, layout, [shown, focused]);
  const roomFor = (skipped: number): CSSProperties | undefined =>
    skipped === 0
      ? undefined
      : { [layout.isRow ? 'marginInlineStart' : 'marginBlockStart']: `${skipped * layout.pitch}px` };

  const go = (event: KeyboardEvent<HTMLUListElement>) => {
    const at = positionOf(event.target);
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const isText = event.target instanceof HTMLInputElement && event.target.type === 'text';
    if (at === null || !isPlain || isText) return;
    const next = nextItem(event.key, at, count, liesInRow(event.currentTarget));
    if (next === null) return;
    event.preventDefault();
    // One that is far away has to be drawn first.
    flushSync(() => setFocused(next));
    list.current?.querySelector<HTMLElement>(`[data-position="${next}"] :is(button, input)`)?.focus();
  };

  return (
    <ul
      {...rest}
      ref={list}
      onKeyDown={go}
      onFocus={(event) => setFocused(positionOf(event.target) ?? -1)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setFocused(-1);
      }}
    >
      {drawn.flatMap(({ first, end, skipped }) =>
        items.slice(first, end).map((item, i) => (
          <li
            key={keyOf(item)}
            data-key={keyOf(item)}
            data-position={first + i}
            className={itemClassName}
            style={i === 0 ? roomFor(skipped) : undefined}
            {...(isLong && { 'aria-setsize': count, 'aria-posinset': first + i + 1 })}
          >
            {children(item)}
          </li>
        )),
      )}
    </ul>
  );
}

/** Position of the item that an element is in; null where it is in none. */
function positionOf(target: EventTarget): number | null {
  const item = target instanceof Element ? target.closest('[data-position]') : null;
  return item instanceof HTMLElement ? Number(item.dataset.position) : null;
}

/** Whether items lie side by side, as on a phone. */
function liesInRow(list: HTMLUListElement): boolean {
  const { display, flexDirection } = getComputedStyle(list);
  return display === 'flex' && flexDirection === 'row';
}

/** Scrolls a row, and nothing around it, just as far as brings all of an item into sight. */
function scrollRowTo(list: HTMLUListElement, item: Element): void {
  const box = list.getBoundingClientRect();
  const { left, right } = item.getBoundingClientRect();
  const missing = left < box.left ? left - box.left : Math.max(0, right - box.right);
  if (missing !== 0) list.scrollBy({ left: missing, behavior: scrollBehavior() });
}

/** How the list lies now: the same object where nothing of it changed. */
function layoutOf(list: HTMLUListElement, before: Layout, count: number): Layout {
  const isRow = liesInRow(list);
  const pitch = pitchOf(list, isRow) ?? before.pitch;
  const box = list.getBoundingClientRect();
  const isScroller = list.scrollHeight > list.clientHeight + 1;
  const [from, to] = isRow
    ? [list.scrollLeft, list.scrollLeft + list.clientWidth]
    : isScroller
      ? [list.scrollTop, list.scrollTop + list.clientHeight]
      : [-box.top, window.innerHeight - box.top];
  const { first, end } = itemsInSight(from, to, pitch, count);
  const isSame =
    before.isRow === isRow && before.pitch === pitch && before.first === first && before.end === end;
  return isSame ? before : { isRow, pitch, first, end };
}

/** Pixels from an item to the one behind it, as they lie there; null while no two are drawn. */
function pitchOf(list: HTMLUListElement, isRow: boolean): number | null {
  for (let item = list.firstElementChild; item instanceof HTMLElement; item = item.nextElementSibling) {
    const next = item.nextElementSibling;
    if (!(next instanceof HTMLElement)) return null;
    if (Number(next.dataset.position) !== Number(item.dataset.position) + 1) continue;
    const pitch = isRow ? next.offsetLeft - item.offsetLeft : next.offsetTop - item.offsetTop;
    if (pitch > 0) return pitch;
  }
  return null;
}
