'use client';

import type { AnswerFrame, AnswerSpan } from '@/lib/ports/search';
import { ToggleGroup } from 'radix-ui';
import { SearchX, Undo2 } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StrategyId } from '@/lib/select/selection';
import { STRATEGIES } from '@/lib/select/strategies';
import { plural } from '@/lib/shared/format';
import type { AnswerState, LibraryParts } from '@/lib/core/answer-store';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import type { FrameActions } from './frame-card';
import { FrameGrid } from './frame-grid';
import { SearchProgressBar } from './search-progress';
import { VerdictLine } from './verdict-line';

type AnswerOrder = 'relevance' | 'time';

/** How many frames can be asked for. */
const COUNTS = [4, 8, 16, 32, 64] as const;

/** How an answer is chosen and shown. */
export interface AnswerSettings {
  count: number;
  strategy: StrategyId;
  order: AnswerOrder;
}

export const DEFAULT_SETTINGS: AnswerSettings = { count: 8, strategy: 'auto', order: 'relevance' };

const FIELD = 'min-h-9 max-w-44 rounded-lg border border-line bg-surface px-2 text-ink';

/** The frames that answer the question, or a sentence on why there are none. */
export function AnswerPanel({
  state,
  questionText,
  hasUnknownWordsOnly,
  isReading,
  clipNames,
  libraryNames,
  currentKey,
  settings,
  droppedCount,
  tools,
  onSettings,
  onUndoDrop,
  onRestoreAll,
  onSpan,
  onEscape,
  ...actions
}: FrameActions & {
  state: AnswerState;
  questionText: string;
  /** The model knows no word of the question. */
  hasUnknownWordsOnly: boolean;
  isReading: boolean;
  /** By clip; null where one clip alone is searched. */
  clipNames: ReadonlyMap<string, string> | null;
  /** Of libraries that are searched on their servers, by id. */
  libraryNames: ReadonlyMap<string, string>;
  currentKey: string | null;
  settings: AnswerSettings;
  droppedCount: number;
  /** What else can be done with the answer, beside its settings. */
  tools: ReactNode;
  onSettings: (settings: AnswerSettings) => void;
  onUndoDrop: () => void;
  onRestoreAll: () => void;
  onSpan: (span: AnswerSpan) => void;
  onEscape: () => void;
}) {
  const answer = state.state === 'ready' ? state.answer : null;
  const frames = answer?.frames ?? [];
  const shown = settings.order === 'time' ? byTime(frames, clipNames) : frames;
  const strategy = STRATEGIES.find(({ id }) => id === settings.strategy);

  return (
    <section
      aria-labelledby="answer-title"
      aria-busy={state.state === 'ready' && state.isStale}
      className="space-y-3"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 id="answer-title" className="mr-auto text-sm font-semibold">
          Frames
        </h2>
        {tools}
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <label className="flex items-center gap-2 text-sm text-ink-2">
          Show
          <select
            className={FIELD}
            aria-label="Number of frames to show"
            value={settings.count}
            onChange={(event) => onSettings({ ...settings, count: Number(event.target.value) })}
          >
            {COUNTS.map((value) => (
              <option key={value}>{value}</option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-2 text-sm text-ink-2">
          chosen by
          <select
            className={FIELD}
            aria-label="How frames are chosen"
            aria-describedby="strategy-summary"
            title={strategy?.summary}
            value={settings.strategy}
            onChange={(event) => {
              const chosen = STRATEGIES.find(({ id }) => id === event.target.value);
              if (chosen) onSettings({ ...settings, strategy: chosen.id });
            }}
          >
            {STRATEGIES.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <span id="strategy-summary" className="sr-only">
            {strategy?.summary}
          </span>
        </label>
        <ToggleGroup.Root
          type="single"
          value={settings.order}
          aria-label="Order"
          onValueChange={(value) => {
            if (value === 'relevance' || value === 'time') onSettings({ ...settings, order: value });
          }}
          className="inline-flex rounded-lg border border-line bg-surface p-0.5 text-sm"
        >
          {(['relevance', 'time'] as const).map((value) => (
            <ToggleGroup.Item
              key={value}
              value={value}
              className="min-h-8 rounded-md px-2.5 text-ink-2 data-[state=on]:mark-chosen data-[state=on]:bg-accent-soft data-[state=on]:text-ink"
            >
              {value === 'relevance' ? 'Best first' : 'By time'}
            </ToggleGroup.Item>
          ))}
        </ToggleGroup.Root>
      </div>

      <p aria-live="polite" data-testid="answer-status" className="text-sm text-ink-2">
        {statusText(state, questionText, isReading)}
      </p>
      {state.state === 'ready' && <LibraryLines libraries={state.libraries} names={libraryNames} />}
      {droppedCount > 0 && (
        <div role="status" className="flex flex-wrap items-center gap-2 text-sm text-ink-2">
          {plural(droppedCount, 'frame')} dropped.
          <Button variant="ghost" onClick={onUndoDrop}>
            <Undo2 aria-hidden /> Bring the last one back
          </Button>
          {droppedCount > 1 && (
            <Button variant="ghost" onClick={onRestoreAll}>
              Bring all back
            </Button>
          )}
        </div>
      )}
      {state.state === 'searching' && state.progress && <SearchProgressBar progress={state.progress} />}
      {state.state === 'failed' && <Notice tone="danger">{state.message}</Notice>}
      {answer && (
        <VerdictLine
          answer={answer}
          questionText={questionText}
          hasUnknownWordsOnly={hasUnknownWordsOnly}
          isReading={isReading}
          clipNames={clipNames}
          onSpan={onSpan}
        />
      )}
      {answer?.framesSearched === 0 && (
        <div className="flex flex-col items-center gap-2 rounded-2xl border border-dashed border-line px-4 py-10 text-center text-sm text-ink-2">
          <SearchX aria-hidden className="size-6" />
          {emptyText(isReading, clipNames !== null)}
        </div>
      )}
      <FrameGrid
        frames={shown}
        clipNames={clipNames}
        currentKey={currentKey}
        onEscape={onEscape}
        {...actions}
      />
    </section>
  );
}

/** Which libraries are not in the answer yet, or will not be. */
function LibraryLines({
  libraries: { asking, failed },
  names,
}: {
  libraries: LibraryParts;
  names: ReadonlyMap<string, string>;
}) {
  const nameOf = (libraryId: string) => `“${names.get(libraryId) ?? 'the shared library'}”`;
  return (
    <div role="status" data-testid="library-parts" className="space-y-1 text-sm text-ink-2 empty:hidden">
      {asking.length > 0 && <p>Asking {asking.map(nameOf).join(', ')}…</p>}
      {failed.map(({ libraryId, message }) => (
        <p key={libraryId} className="text-warn">
          {nameOf(libraryId)} is not in this answer. {message}
        </p>
      ))}
    </div>
  );
}

/** Clip by clip in the order of their list, and by time within each. */
function byTime(
  frames: readonly AnswerFrame[],
  clipNames: ReadonlyMap<string, string> | null,
): AnswerFrame[] {
  const order = new Map(Array.from(clipNames?.keys() ?? [], (clipId, position) => [clipId, position]));
  return [...frames].sort(
    (a, b) =>
      (order.get(a.clipId) ?? 0) - (order.get(b.clipId) ?? 0) ||
      a.timestampMs - b.timestampMs ||
      a.frameIndex - b.frameIndex,
  );
}

function emptyText(isReading: boolean, isSeveral: boolean): string {
  if (isReading) return 'The first frames are on their way.';
  return isSeveral
    ? 'No frame of these clips is in the library in a form that this model can compare.'
    : 'No frame of this clip is in the library for this stretch of time. Widen it, or read the clip again.';
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
      const { frames, framesSearched, clipsSearched, clipsSkipped, isOfBestClips, isByIndex } = state.answer;
      const searched = `${plural(framesSearched, 'frame')}${isReading ? ' read so far' : ''}`;
      const clips = isOfBestClips
        ? `, ${plural(clipsSearched, 'clip')} looked at${isByIndex ? ' that an approximate index found' : ''}`
        : clipsSearched > 1
          ? ` of ${plural(clipsSearched, 'clip')}`
          : '';
      const skipped =
        clipsSkipped > 0 ? ` ${plural(clipsSkipped, 'clip')} read with another model left out.` : '';
      return `${plural(frames.length, 'frame')} for “${questionText}”, out of ${searched}${clips}.${skipped}`;
    }
  }
}
