'use client';

import type { MatchStrength } from '@/lib/ports/encoder';
import type { AnswerFrame, AnswerSpan, ClipCurve, TimeRange } from '@/lib/ports/search';
import clsx from 'clsx';
import { useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { strengthOf } from '@/lib/shared/match-strength';
import type { Moment } from '@/lib/shared/clip-clock';
import { formatTime } from '@/lib/shared/format';
import { useWidth } from '../../_hooks/use-width';
import { thumbnailKey, useFrameThumbnails } from '../../_hooks/use-frame-thumbnails';
import { STRENGTHS } from '../answer/strength';
import { CURVE_HEIGHT, CURVE_WIDTH, curvePaths, nearestFrame, timeTicks } from './curve';

/** Half the width of the preview and a little, in pixels: it stops so far from either end. */
const PREVIEW_MARGIN_PX = 84;

const MARKS: Record<MatchStrength, string> = {
  strong: 'bg-accent mark-strong',
  possible: 'bg-warn mark-strong',
  weak: 'bg-ink-2 mark-faint',
  unrated: 'bg-accent mark-strong',
};

/** Likelihoods from which a match counts as possible and as strong; null without a calibration. */
type Levels = { possible: number; strong: number } | null;

/**
 * The evidence for an answer along a clip: how well each frame fits the question, where scenes change, which frames
 * were picked and where the player stands. Pointing shows the frame there; a click, or the arrow keys, go to it.
 */
export function Timeline({
  clipId,
  durationMs,
  curve,
  changesMs = [],
  levels,
  picks,
  spans,
  range,
  cursorMs,
  onSeek,
}: {
  clipId: string;
  durationMs: number;
  /** Null while nothing was asked: then there is the time alone. */
  curve: ClipCurve | null;
  /** Where the clip changes most, marked while nothing is asked. */
  changesMs?: readonly number[];
  levels: Levels;
  /** Those of this clip. */
  picks: readonly AnswerFrame[];
  spans: readonly AnswerSpan[];
  range: TimeRange | null;
  cursorMs: number;
  onSeek: (moment: Moment, frameIndex: number | null) => void;
}) {
  const track = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<{ row: number; leftPx: number } | null>(null);
  const paths = useMemo(() => curve && curvePaths(curve, durationMs, levels), [curve, durationMs, levels]);
  const widthPx = useWidth(track);
  const ticks = useMemo(() => timeTicks(durationMs, widthPx), [durationMs, widthPx]);
  const percent = (timeMs: number) => `${(Math.min(1, Math.max(0, timeMs / durationMs)) * 100).toFixed(3)}%`;
  // Centred on its time, a label there would stick out.
  const isAtEnd = (timeMs: number) => timeMs > durationMs * 0.95;
  const timestamps = curve?.timestampsMs ?? [];
  const hovered = curve && hover && hover.row < timestamps.length ? hover : null;
  const hoveredFrame = curve && hovered ? { clipId, frameIndex: curve.frameIndexes[hovered.row]! } : null;
  const picture = useFrameThumbnails(hoveredFrame ? [hoveredFrame] : []).get(
    hoveredFrame ? thumbnailKey(hoveredFrame) : '',
  );

  const timeAt = (event: PointerEvent) => {
    const box = track.current!.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return { timeMs: share * durationMs, leftPx: share * box.width, widthPx: box.width };
  };
  const point = (event: PointerEvent) => {
    const { timeMs, leftPx, widthPx } = timeAt(event);
    const row = nearestFrame(timestamps, timeMs);
    if (row < 0) return;
    const margin = Math.min(PREVIEW_MARGIN_PX, widthPx / 2);
    setHover({ row, leftPx: Math.min(widthPx - margin, Math.max(margin, leftPx)) });
  };
  const seekTo = (row: number) => onSeek(momentAt(curve!, row), curve!.frameIndexes[row]!);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || timestamps.length === 0) return;
    const row = nearestFrame(timestamps, cursorMs);
    const step = { ArrowLeft: row - 1, ArrowDown: row - 1, ArrowRight: row + 1, ArrowUp: row + 1 }[event.key];
    const byTime = picks.map(({ timestampMs }) => timestampMs).sort((a, b) => a - b);
    const pick =
      event.key === 'PageUp'
        ? byTime.findLast((timeMs) => timeMs < cursorMs - 1)
        : event.key === 'PageDown'
          ? byTime.find((timeMs) => timeMs > cursorMs + 1)
          : undefined;
    if (step !== undefined) seekTo(Math.min(timestamps.length - 1, Math.max(0, step)));
    else if (event.key === 'Home') seekTo(0);
    else if (event.key === 'End') seekTo(timestamps.length - 1);
    else if (pick !== undefined) seekTo(nearestFrame(timestamps, pick));
    else if (event.key !== 'PageUp' && event.key !== 'PageDown') return;
    event.preventDefault();
  };

  const cursorRow = nearestFrame(timestamps, cursorMs);
  return (
    <div className="select-none">
      <div
        ref={track}
        role="slider"
        tabIndex={0}
        aria-label="Timeline"
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.round(durationMs)}
        aria-valuenow={Math.round(Math.min(durationMs, cursorMs))}
        aria-valuetext={`${formatTime(cursorMs, { tenths: true })}${describe(curve, cursorRow, levels)}`}
        aria-describedby="timeline-help"
        data-testid="timeline"
        className="relative h-20 cursor-pointer touch-pan-y rounded-lg bg-surface-2 forced-colors:outline"
        onKeyDown={onKeyDown}
        onPointerMove={point}
        onPointerLeave={() => setHover(null)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          const { timeMs } = timeAt(event);
          const row = nearestFrame(timestamps, timeMs);
          onSeek({ timestampMs: timeMs, span: null }, row < 0 ? null : curve!.frameIndexes[row]!);
        }}
      >
        <div className="absolute inset-0 overflow-hidden rounded-lg">
          {!curve && (
            <p className="flex size-full items-center justify-center px-4 text-center text-xs text-ink-2">
              {/* Marks of changes pass behind it. */}
              <span className="z-10 rounded bg-surface-2 px-1">
                How well each moment fits your question will show here.
              </span>
            </p>
          )}
          {spans.map(({ startMs, endMs }) => (
            <div
              key={startMs}
              data-testid="timeline-span"
              className="mark-faint absolute inset-y-0 min-w-1 bg-accent-soft"
              style={{ left: percent(startMs), right: `calc(100% - ${percent(endMs)})` }}
            />
          ))}
          {curve?.shotChangesMs.map((timeMs) => (
            <div
              key={timeMs}
              data-testid="scene-change"
              className="absolute inset-y-0 border-l border-dashed border-line"
              style={{ left: percent(timeMs) }}
            />
          ))}
          {paths && (
            <svg
              aria-hidden
              viewBox={`0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`}
              preserveAspectRatio="none"
              className="absolute inset-x-0 top-1 bottom-2 h-[calc(100%-0.75rem)] w-full"
              data-testid="score-curve"
            >
              <path d={paths.area} className="fill-accent/25" />
              {paths.levels && (
                <line
                  x1={0}
                  x2={CURVE_WIDTH}
                  y1={paths.levels.possible}
                  y2={paths.levels.possible}
                  vectorEffect="non-scaling-stroke"
                  strokeDasharray="3 4"
                  className="stroke-ink-2/60"
                />
              )}
              <path
                d={paths.line}
                vectorEffect="non-scaling-stroke"
                className="fill-none stroke-accent stroke-[1.5] forced-colors:stroke-[CanvasText]"
              />
            </svg>
          )}
          {range && (
            <>
              <div
                className="absolute inset-y-0 left-0 bg-canvas/75"
                style={{ right: `calc(100% - ${percent(range.startMs)})` }}
              />
              <div
                className="absolute inset-y-0 right-0 bg-canvas/75"
                style={{ left: percent(range.endMs) }}
              />
            </>
          )}
        </div>
        {!curve &&
          changesMs.map((timeMs) => (
            <div
              key={timeMs}
              data-testid="timeline-change"
              title={`Much changes at ${formatTime(timeMs, { tenths: true })}`}
              className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-warn"
              style={{ left: percent(timeMs) }}
            />
          ))}
        {picks.map((frame) => (
          <div
            key={frame.frameIndex}
            data-testid="timeline-pick"
            className={clsx(
              'absolute bottom-0 w-1 -translate-x-1/2 rounded-t',
              MARKS[frame.strength],
              frame.isPinned ? 'h-7' : 'h-4',
            )}
            style={{ left: percent(frame.timestampMs) }}
          />
        ))}
        <div
          data-testid="timeline-cursor"
          className="mark pointer-events-none absolute -inset-y-1 w-0.5 -translate-x-1/2 rounded bg-ink"
          style={{ left: percent(cursorMs) }}
        />
        {curve && hovered && (
          <div
            data-testid="timeline-preview"
            className="pointer-events-none absolute bottom-full z-20 mb-2 w-40 -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-surface text-xs shadow-xl"
            style={{ left: hovered.leftPx }}
          >
            <div className="aspect-video bg-black">
              {picture && (
                // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
                <img src={picture} alt="" className="size-full object-contain" />
              )}
            </div>
            <div className="flex justify-between gap-2 px-2 py-1 tabular-nums">
              <span>{formatTime(timestamps[hovered.row]!, { tenths: true })}</span>
              <span className="text-ink-2">{valueAt(curve, hovered.row, levels)}</span>
            </div>
          </div>
        )}
      </div>
      <div aria-hidden className="relative mt-1 h-4 text-[0.6875rem] text-ink-2 tabular-nums">
        {ticks.map((timeMs) => (
          <span
            key={timeMs}
            data-testid="timeline-label"
            className={clsx(
              'absolute whitespace-nowrap',
              timeMs === 0 ? 'left-0' : isAtEnd(timeMs) ? 'right-0' : '-translate-x-1/2',
            )}
            style={timeMs === 0 || isAtEnd(timeMs) ? undefined : { left: percent(timeMs) }}
          >
            {formatTime(timeMs)}
          </span>
        ))}
      </div>
      <p id="timeline-help" className="sr-only">
        Arrow keys go from frame to frame, Page Up and Page Down from one picked frame to another.
      </p>
    </div>
  );
}

function momentAt({ timestampsMs, spansMs }: ClipCurve, row: number): Moment {
  const [startMs, endMs] = [spansMs[2 * row]!, spansMs[2 * row + 1]!];
  return { timestampMs: timestampsMs[row]!, span: startMs < endMs ? { startMs, endMs } : null };
}

/** What is said of a frame: how well it matches in words, or its score where nobody has measured the model. */
function valueAt({ likelihoods, scores }: ClipCurve, row: number, levels: Levels): string {
  const strength = STRENGTHS[strengthOf(likelihoods?.[row] ?? null, levels)];
  return strength?.label ?? scores[row]!.toFixed(3);
}

function describe(curve: ClipCurve | null, row: number, levels: Levels): string {
  if (!curve || row < 0) return '';
  const value = valueAt(curve, row, levels);
  return curve.likelihoods ? `, ${value}` : `, score ${value}`;
}
