'use client';

import type { AnswerFrame } from '@/lib/ports/search';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { thumbnailKey, useFrameThumbnails } from '../../_hooks/use-frame-thumbnails';
import { FrameCard, type FrameActions } from './frame-card';
import { nextPosition } from '../ui/grid-keys';

/**
 * The frames of an answer. Tab comes to one of them; the arrow keys go on from there, Enter plays the clip from a
 * frame, Space pins it, Delete drops it and Escape goes back to the question.
 */
export function FrameGrid({
  frames,
  clipNames,
  currentKey,
  onEscape,
  ...actions
}: FrameActions & {
  frames: readonly AnswerFrame[];
  /** By clip; null where one clip alone was searched. */
  clipNames: ReadonlyMap<string, string> | null;
  /** Of the frame that the player was sent to. */
  currentKey: string | null;
  onEscape: () => void;
}) {
  const pictures = useFrameThumbnails(frames);
  const [focused, setFocused] = useState(0);
  const list = useRef<HTMLOListElement>(null);
  const buttons = useRef(new Map<number, HTMLButtonElement>());
  const tabStop = Math.min(focused, frames.length - 1);
  /** A dropped card takes the focus with it; the one that comes in its place gets it back. */
  const isFocusLost = useRef(false);

  useEffect(() => {
    if (!isFocusLost.current) return;
    isFocusLost.current = false;
    buttons.current.get(tabStop)?.focus();
  }, [frames, tabStop]);

  const drop = (frame: AnswerFrame) => {
    isFocusLost.current = true;
    actions.onDrop(frame);
  };

  const onKeyDown = (position: number, event: KeyboardEvent<HTMLElement>) => {
    // A menu that is open has its keys to itself; React sends them here through the portal.
    if (event.target instanceof HTMLElement && event.target.closest('[role=menu]')) return;
    const isOnPicture = event.target === buttons.current.get(position);
    const frame = frames[position]!;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') onEscape();
    else if (event.key === ' ' && isOnPicture) actions.onTogglePin(frame);
    else if ((event.key === 'Delete' || event.key === 'Backspace') && isOnPicture) drop(frame);
    else {
      const next = nextPosition(event.key, position, frames.length, columnsOf(list.current));
      if (next === null) return;
      setFocused(next);
      buttons.current.get(next)?.focus();
    }
    event.preventDefault();
  };

  return (
    <ol
      ref={list}
      aria-label="Frames of the answer"
      className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-3"
      data-testid="answer"
    >
      {frames.map((frame, position) => {
        const key = thumbnailKey(frame);
        return (
          <li key={key}>
            <FrameCard
              frame={frame}
              clipName={clipNames?.get(frame.clipId) ?? null}
              picture={pictures.get(key)}
              isCurrent={currentKey === key}
              isTabStop={position === tabStop}
              buttonRef={(element) => {
                if (element) buttons.current.set(position, element);
                else buttons.current.delete(position);
              }}
              onKeyDown={(event) => onKeyDown(position, event)}
              onFocus={() => setFocused(position)}
              actions={{ ...actions, onDrop: drop }}
            />
          </li>
        );
      })}
    </ol>
  );
}

/** How many cards lie side by side, as the browser has laid them out. */
function columnsOf(list: HTMLOListElement | null): number {
  return list ? getComputedStyle(list).gridTemplateColumns.split(' ').length : 1;
}
