'use client';

import clsx from 'clsx';
import { ToggleGroup } from 'radix-ui';
import { SearchX } from 'lucide-react';
import type { AnswerFrame } from '@/lib/ask/answer';
import type { MatchStrength } from '@/lib/clip/calibration';
import { formatTime, plural } from '@/lib/shared/format';
import type { AnswerState } from '../_hooks/use-answer';
import { useThumbnails } from '../_hooks/use-thumbnails';
import { AnswerExport } from './export/answer-export';
import { Notice } from './ui/notice';

export type AnswerOrder = 'relevance' | 'time';

/** How many frames can be asked for. */
const COUNTS = [4, 8, 16, 32, 64] as const;
export const DEFAULT_COUNT = 8;

const STRENGTHS: Record<MatchStrength, { label: string; style: string } | null> = {
  strong: { label: 'strong match', style: 'text-accent' },
  possible: { label: 'possible match', style: 'text-warn' },
  weak: { label: 'weak match', style: 'text-ink-2' },
  unrated: null,
};

/** The frames that answer the question, or a sentence on why there are none. */
export function AnswerGrid({
  eventId,
  state,
  questionText,
  isReading,
  order,
  count,
  currentFrame,
  onOrder,
  onCount,
  onJump,
}: {
  eventId: string;
  state: AnswerState;
  questionText: string;
  isReading: boolean;
  order: AnswerOrder;
  count: number;
  currentFrame: number | null;
  onOrder: (order: AnswerOrder) => void;
  onCount: (count: number) => void;
  onJump: (frame: AnswerFrame) => void;
}) {
  const answer = state.state === 'ready' ? state.answer : null;
  const frames = answer?.frames ?? [];
  const thumbnails = useThumbnails(
    eventId,
    frames.map(({ frameIndex }) => frameIndex),
  );
  const shown = order === 'time' ? [...frames].sort((a, b) => a.timestampMs - b.timestampMs) : frames;
  const isNothingRelevant = frames.length > 0 && frames[0]!.strength === 'weak';

  return (
    <section aria-labelledby="answer-title" className="space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 id="answer-title" className="mr-auto text-sm font-semibold">
          Frames
        </h2>
        <label className="flex items-center gap-2 text-sm text-ink-2">
          Show
          <select
            className="min-h-9 rounded-lg border border-line bg-surface px-2 text-ink"
            aria-label="Number of frames to show"
            value={count}
            onChange={(event) => onCount(Number(event.target.value))}
          >
            {COUNTS.map((value) => (
              <option key={value}>{value}</option>
            ))}
          </select>
        </label>
        <ToggleGroup.Root
          type="single"
          value={order}
          aria-label="Order"
          onValueChange={(value) => {
            if (value === 'relevance' || value === 'time') onOrder(value);
          }}
          className="inline-flex rounded-lg border border-line bg-surface p-0.5 text-sm"
        >
          {(['relevance', 'time'] as const).map((value) => (
            <ToggleGroup.Item
              key={value}
              value={value}
              className="min-h-8 rounded-md px-2.5 text-ink-2 data-[state=on]:bg-accent-soft data-[state=on]:text-ink"
            >
              {value === 'relevance' ? 'Best first' : 'By time'}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
        <AnswerExport eventId={eventId} answer={answer} questionText={questionText} count={count} />
      </div>

      <p aria-live="polite" data-testid="answer-status" className="text-sm text-ink-2">
        {statusText(state, questionText, isReading)}
      </p>
      {state.state === 'failed' && <Notice tone="danger">{state.message}</Notice>}
      {isNothingRelevant && (
        <Notice tone="warn">
          Nothing {isReading ? 'read so far' : 'in this clip'} looks like “{questionText}”. These are the
          closest frames.
        </Notice>
      )}
      {answer?.framesSearched === 0 && (
        <div className="flex flex-col items-center gap-2 rounded-2xl border border-dashed border-line py-10 text-center text-sm text-ink-2">
          <SearchX aria-hidden className="size-6" />
          {isReading
            ? 'The first frames are on their way.'
            : 'No frame of this clip is in the library. Read it again to ask about it.'}
        </div>
      )}
      <ol className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-3" data-testid="answer">
        {shown.map((frame) => (
          <li key={frame.frameIndex}>
            <FrameCard
              frame={frame}
              picture={thumbnails.get(frame.frameIndex)}
              isCurrent={currentFrame === frame.frameIndex}
              onJump={() => onJump(frame)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

function statusText(state: AnswerState, questionText: string, isReading: boolean): string {
  switch (state.state) {
    case 'idle':
      return 'Ask a question to find frames.';
    case 'searching':
      return 'Looking…';
    case 'failed':
      return '';
    case 'ready': {
      const { frames, framesSearched } = state.answer;
      const searched = `${plural(framesSearched, 'frame')}${isReading ? ' read so far' : ''}`;
      return `${plural(frames.length, 'frame')} for “${questionText}”, out of ${searched}.`;
    }
  }
}

/** "83 %"; never a certainty, which no fit can promise. */
function formatLikelihood(likelihood: number): string {
  const percent = Math.round(likelihood * 100);
  if (percent < 1) return '< 1 %';
  return percent > 99 ? '> 99 %' : `${percent} %`;
}

function FrameCard({
  frame,
  picture,
  isCurrent,
  onJump,
}: {
  frame: AnswerFrame;
  picture: string | undefined;
  isCurrent: boolean;
  onJump: () => void;
}) {
  const strength = STRENGTHS[frame.strength];
  const time = formatTime(frame.timestampMs, { tenths: true });
  return (
    <button
      type="button"
      onClick={onJump}
      data-testid="frame"
      data-frame-index={frame.frameIndex}
      data-timestamp-ms={frame.timestampMs}
      data-score={frame.score}
      data-likelihood={frame.likelihood ?? undefined}
      data-strength={frame.strength}
      className={clsx(
        'w-full overflow-hidden rounded-xl border bg-surface text-left transition-shadow hover:shadow-md',
        isCurrent ? 'border-accent ring-1 ring-accent' : 'border-line',
      )}
    >
      <span className="relative block aspect-video bg-black">
        <span className="sr-only">Play from </span>
        {picture && (
          // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
          <img
            src={picture}
            alt=""
            className={clsx('size-full object-contain', frame.strength === 'weak' && 'opacity-60')}
          />
        )}
        <span className="absolute bottom-1 left-1 rounded bg-black/75 px-1.5 py-0.5 text-xs text-white tabular-nums">
          {time}
        </span>
        {frame.similarCount > 0 && (
          <span className="absolute right-1 bottom-1 rounded bg-black/75 px-1.5 py-0.5 text-xs text-white">
            +{frame.similarCount} alike
          </span>
        )}
      </span>
      <span className="flex items-baseline justify-between gap-2 px-2.5 py-1.5 text-xs">
        <span className={clsx('truncate', strength?.style)}>{strength?.label ?? `no. ${frame.rank}`}</span>
        <span className="text-ink-2 tabular-nums">
          {frame.likelihood === null ? (
            <>
              <span className="sr-only">score </span>
              {frame.score.toFixed(3)}
            </>
          ) : (
            <span title={`How likely this frame shows it. Cosine ${frame.score.toFixed(3)}.`}>
              {formatLikelihood(frame.likelihood)}
              <span className="sr-only"> likely</span>
            </span>
          )}
        </span>
      </span>
    </button>
  );
}
