'use client';

import type { AnswerFrame } from '@/lib/ports/search';
import clsx from 'clsx';
import { DropdownMenu } from 'radix-ui';
import { Crop, Ellipsis, ImageUp, Pin, PinOff, X } from 'lucide-react';
import { useState, type ComponentProps, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import { formatMoment } from '@/lib/shared/format';
import { STRENGTHS } from './strength';

/** What can be done with a frame of an answer. */
export interface FrameActions {
  onJump: (frame: AnswerFrame) => void;
  onTogglePin: (frame: AnswerFrame) => void;
  onDrop: (frame: AnswerFrame) => void;
  onMoreLikeThis: (frame: AnswerFrame) => void;
  onCrop: (frame: AnswerFrame) => void;
}

/**
 * A frame of an answer: its picture plays the clip from there, and can be pinned, dropped or searched with.
 * Of all cards in a grid only one can be reached with Tab; the grid moves between them with the arrow keys.
 */
export function FrameCard({
  frame,
  clipName,
  picture,
  isCurrent,
  isTabStop,
  buttonRef,
  onKeyDown,
  onFocus,
  actions,
}: {
  frame: AnswerFrame;
  /** Said where the answer is of several clips. */
  clipName: string | null;
  picture: string | undefined;
  isCurrent: boolean;
  isTabStop: boolean;
  buttonRef: (element: HTMLButtonElement | null) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  onFocus: () => void;
  actions: FrameActions;
}) {
  const strength = STRENGTHS[frame.strength];
  const time = formatMoment(frame);
  const tabIndex = isTabStop ? 0 : -1;
  // In 16:9 the picture of an upright clip would be a stripe.
  const [isUpright, setIsUpright] = useState(false);
  return (
    <div
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      className={clsx(
        'group relative overflow-hidden rounded-xl border bg-surface transition-shadow focus-within:shadow-md hover:shadow-md',
        isCurrent ? 'mark-chosen border-accent ring-1 ring-accent' : 'border-line',
        frame.strength === 'weak' && 'border-dashed',
      )}
    >
      <button
        ref={buttonRef}
        type="button"
        tabIndex={tabIndex}
        onClick={() => actions.onJump(frame)}
        aria-keyshortcuts="Enter Space Delete"
        aria-current={isCurrent || undefined}
        data-testid="frame"
        data-clip-id={frame.clipId}
        data-frame-index={frame.frameIndex}
        data-timestamp-ms={frame.timestampMs}
        data-span-start-ms={frame.span?.startMs}
        data-span-end-ms={frame.span?.endMs}
        data-score={frame.score}
        data-rank={frame.rank}
        data-likelihood={frame.likelihood ?? undefined}
        data-strength={frame.strength}
        data-pinned={frame.isPinned}
        className="block w-full rounded-xl text-left -outline-offset-2"
      >
        <span className={clsx('relative block bg-black', isUpright ? 'aspect-[3/4]' : 'aspect-video')}>
          <span className="sr-only">Play from </span>
          {picture && (
            // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
            <img
              src={picture}
              alt=""
              onLoad={({ currentTarget }) =>
                setIsUpright(currentTarget.naturalHeight > currentTarget.naturalWidth)
              }
              className="size-full object-contain"
            />
          )}
          <span className="absolute bottom-1 left-1 rounded bg-black/75 px-1.5 py-0.5 text-xs text-white tabular-nums">
            {time}
          </span>
          {frame.isPinned && <span className="sr-only">, pinned</span>}
          {clipName !== null && (
            <span className="absolute right-1 bottom-1 max-w-[60%] truncate rounded bg-black/75 px-1.5 py-0.5 text-xs text-white">
              <span className="sr-only"> of </span>
              <bdi>{clipName}</bdi>
            </span>
          )}
        </span>
        <span className="flex items-baseline justify-between gap-2 px-2.5 py-1.5 text-xs">
          <span className={clsx('truncate', strength?.style)} title={`Score ${frame.score.toFixed(3)}`}>
            <span className="font-semibold text-ink tabular-nums">
              <span className="sr-only">, rank </span>
              {frame.rank}
            </span>
            {strength && <span> {strength.label}</span>}
          </span>
          {!strength && (
            <span className="whitespace-nowrap text-ink-2 tabular-nums">
              <span className="sr-only">, score </span>
              {frame.score.toFixed(3)}
            </span>
          )}
        </span>
      </button>
      <div
        className={clsx(
          'absolute top-1 right-1 flex gap-1 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 [@media(hover:none)]:opacity-100',
          !frame.isPinned && 'opacity-0',
        )}
      >
        <Overlay
          tabIndex={tabIndex}
          aria-label={`${frame.isPinned ? 'Unpin' : 'Pin'} ${time}`}
          aria-pressed={frame.isPinned}
          onClick={() => actions.onTogglePin(frame)}
          className={clsx(frame.isPinned && 'bg-accent! text-accent-ink!')}
        >
          {frame.isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
        </Overlay>
        <Overlay tabIndex={tabIndex} aria-label={`Drop ${time}`} onClick={() => actions.onDrop(frame)}>
          <X aria-hidden />
        </Overlay>
        {/* Modal, it would lock scrolling with a <style> element, which the site's policy refuses. */}
        <DropdownMenu.Root modal={false}>
          <DropdownMenu.Trigger asChild>
            <Overlay tabIndex={tabIndex} aria-label={`More for ${time}`}>
              <Ellipsis aria-hidden />
            </Overlay>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              sideOffset={4}
              className="z-30 min-w-52 rounded-xl border border-line bg-surface p-1 text-sm shadow-xl"
            >
              <Item onSelect={() => actions.onMoreLikeThis(frame)}>
                <ImageUp aria-hidden /> More like this
              </Item>
              <Item onSelect={() => actions.onCrop(frame)}>
                <Crop aria-hidden /> Search with a part of it…
              </Item>
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
      </div>
    </div>
  );
}

function Overlay({ className, ...rest }: ComponentProps<'button'> & { ref?: RefObject<HTMLButtonElement> }) {
  return (
    <button
      type="button"
      className={clsx(
        'inline-flex size-8 items-center justify-center rounded-lg bg-black/75 text-white hover:bg-black [&_svg]:size-4',
        className,
      )}
      {...rest}
    />
  );
}

function Item({ children, onSelect }: { children: ReactNode; onSelect: () => void }) {
  return (
    <DropdownMenu.Item
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2 rounded-lg px-3 py-2 outline-none data-[highlighted]:bg-surface-2 [&_svg]:size-4"
    >
      {children}
    </DropdownMenu.Item>
  );
}
