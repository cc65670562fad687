'use client';

import type { TimeRange } from '@/lib/ports/search';
import clsx from 'clsx';
import { Slider } from 'radix-ui';
import { useState } from 'react';
import { formatTime } from '@/lib/shared/format';
import { Button } from '../ui/button';

/** Steps that a slider divides a clip into at most, and the shortest step. */
const STEPS = 1000;
const SHORTEST_STEP_MS = 100;

/** Narrows a question to a stretch of a clip. */
export function RangeChoice({
  durationMs,
  range,
  onRange,
}: {
  durationMs: number;
  /** Null for the whole clip. */
  range: TimeRange | null;
  onRange: (range: TimeRange | null) => void;
}) {
  // While a thumb is moved; the question is asked again when it is let go.
  const [moving, setMoving] = useState<TimeRange | null>(null);
  const { startMs, endMs } = moving ?? range ?? { startMs: 0, endMs: durationMs };
  const isNarrowed = range !== null || moving !== null;
  const step = Math.max(SHORTEST_STEP_MS, Math.round(durationMs / STEPS));
  const read = ([start, end]: number[]): TimeRange => ({
    startMs: start!,
    endMs: Math.min(end!, durationMs),
  });
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-2">
      <span className="whitespace-nowrap">Search</span>
      <Slider.Root
        value={[startMs, endMs]}
        min={0}
        max={durationMs}
        step={step}
        minStepsBetweenThumbs={1}
        onValueChange={(values) => setMoving(read(values))}
        onValueCommit={(values) => {
          const next = read(values);
          setMoving(null);
          onRange(next.startMs <= 0 && next.endMs >= durationMs - step ? null : next);
        }}
        className="relative my-2.5 flex h-6 min-w-32 flex-1 touch-none items-center"
      >
        <Slider.Track className="mark-faint relative h-1 grow rounded-full bg-line">
          <Slider.Range
            data-testid="range-track"
            className="mark-strong absolute h-full rounded-full bg-accent"
          />
        </Slider.Track>
        {(['Search from', 'Search to'] as const).map((label, index) => (
          <Slider.Thumb
            key={label}
            aria-label={label}
            aria-valuetext={formatTime(index === 0 ? startMs : endMs, { tenths: true })}
            className="relative block size-5 rounded-full border-2 border-accent bg-surface shadow"
          >
            {isNarrowed && (
              // The one above and the other below, so that they do not touch where the handles do.
              <span
                aria-hidden
                data-testid="range-handle-time"
                className={clsx(
                  'absolute text-[0.6875rem] leading-4 whitespace-nowrap text-ink tabular-nums',
                  index === 0 ? 'bottom-full' : 'top-full',
                  (index === 0 ? startMs : endMs) < durationMs / 2 ? 'left-0' : 'right-0',
                )}
              >
                {formatTime(index === 0 ? startMs : endMs, { tenths: true })}
              </span>
            )}
          </Slider.Thumb>
        ))}
      </Slider.Root>
      <span className="whitespace-nowrap tabular-nums" data-testid="time-range">
        {range || moving ? `${formatTime(startMs)}–${formatTime(endMs)}` : 'the whole clip'}
      </span>
      {range && (
        <Button variant="ghost" onClick={() => onRange(null)}>
          Whole clip
        </Button>
      )}
    </div>
  );
}
