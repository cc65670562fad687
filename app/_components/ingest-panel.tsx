'use client';

import type { ClipSummary } from '@/lib/ports/library';
import { Play, RotateCcw, Square } from 'lucide-react';
import { useRef } from 'react';
import { parseGaps } from '@/lib/shared/clip-gaps';
import { isActive, type IngestStatus } from '@/lib/ingest/ingest-status';
import { formatBytes, formatRemaining, formatTime, plural } from '@/lib/shared/format';
import { useChangedFile } from '../_hooks/use-changed-file';
import { Button } from './ui/button';
import { Notice } from './ui/notice';
import { ProgressBar } from './ui/progress-bar';

/** How far a clip has come: progress while it is read, and what is left to do when it was not read whole. */
export function IngestPanel({
  clip,
  status,
  onCancel,
  onResume,
  onReplace,
  onKeep,
}: {
  clip: ClipSummary;
  status: IngestStatus | undefined;
  onCancel: () => void;
  onResume: () => void;
  /** Reads a file anew in place of this clip. */
  onReplace: (file: File) => void;
  /** Takes the clip as it is. */
  onKeep: () => void;
}) {
  const isChanged = useChangedFile(clip.id, `${clip.ingestState} ${status?.stage ?? ''}`);
  if (status && isActive(status)) return <Working status={status} onCancel={onCancel} />;
  const planned = clip.framesPlanned ?? clip.embeddingCount;
  const failures = status?.failures ?? [];
  // Another tab may be reading the clip, whose row says nothing of what failed here.
  const failedHere = status?.stage === 'failed' ? status.error : null;
  const failure =
    clip.ingestState === 'failed'
      ? (clip.ingestError ?? failedHere ?? 'Reading the clip failed.')
      : failedHere;
  const gaps = clip.ingestState === 'done' ? parseGaps(clip.gaps) : [];
  return (
    <>
      {clip.ingestState !== 'done' && (
        <Notice
          tone={clip.ingestState === 'failed' ? 'danger' : 'info'}
          actions={
            isChanged ? (
              <>
                <ReplaceButton onReplace={onReplace} />
                {clip.embeddingCount > 0 && (
                  <Button variant="ghost" onClick={onKeep}>
                    Keep what was read
                  </Button>
                )}
              </>
            ) : (
              <Button onClick={onResume}>
                <Play aria-hidden /> Go on reading
              </Button>
            )
          }
        >
          {isChanged
            ? 'The file changed or moved after it was chosen, so reading cannot go on where it stopped. Choose it again to read it anew; this clip stays until that is done. '
            : failure && `${failure} `}
          {plural(clip.embeddingCount, 'frame')} of {planned.toLocaleString('en')}{' '}
          {clip.embeddingCount === 1 ? 'is' : 'are'} in the library and can be searched.
        </Notice>
      )}
      {gaps.length > 0 && (
        <Notice
          tone="warn"
          actions={
            <Button onClick={onResume}>
              <RotateCcw aria-hidden /> Try again
            </Button>
          }
        >
          <div data-testid="gaps">
            {failedHere && <p className="mb-1">{failedHere}</p>}
            <p>Parts of this clip gave no picture and cannot be found:</p>
            <ul className="mt-1 max-h-40 space-y-1 overflow-y-auto">
              {gaps.map(({ startMs, endMs, reason }) => (
                <li key={startMs}>
                  <span className="tabular-nums">
                    {formatTime(startMs, { tenths: true })}–{formatTime(endMs, { tenths: true })}
                  </span>
                  : {reason}
                </li>
              ))}
            </ul>
          </div>
        </Notice>
      )}
      {gaps.length === 0 && failures.length > 0 && (
        <Notice tone="warn">
          <details>
            <summary>{plural(failures.length, 'moment')} of this clip gave no picture.</summary>
            <ul className="mt-2 max-h-40 space-y-1 overflow-y-auto">
              {failures.map(({ frameIndex, timestampMs, reason }) => (
                <li key={frameIndex}>
                  {formatTime(timestampMs, { tenths: true })}: {reason}
                </li>
              ))}
            </ul>
          </details>
        </Notice>
      )}
    </>
  );
}

/** Asks for a file, since the browser does not read a changed one without its being chosen again. */
function ReplaceButton({ onReplace }: { onReplace: (file: File) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        hidden
        data-testid="replace-input"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onReplace(file);
          event.target.value = '';
        }}
      />
      <Button onClick={() => picker.current?.click()}>
        <RotateCcw aria-hidden /> Read it anew…
      </Button>
    </>
  );
}

function Working({ status, onCancel }: { status: IngestStatus; onCancel: () => void }) {
  const { framesStored, framesTotal, rate } = status;
  return (
    <div
      role="group"
      aria-label="Reading the clip"
      data-testid="ingest"
      className="space-y-2 rounded-2xl border border-line bg-surface px-4 py-3"
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <span className="font-medium">{stageText(status)}</span>
        <span className="text-ink-2 tabular-nums" data-testid="ingest-count">
          {framesStored.toLocaleString('en')} of {plural(framesTotal, 'frame')}
        </span>
        {rate && (
          <span className="text-ink-2 tabular-nums">
            {rate.perSecond.toFixed(1)} frames a second, {formatRemaining(rate.remainingMs)}
          </span>
        )}
        <Button className="ml-auto" onClick={onCancel}>
          <Square aria-hidden /> Stop
        </Button>
      </div>
      <ProgressBar
        value={status.stage === 'reading' ? framesStored : null}
        max={framesTotal}
        label="Frames read"
      />
    </div>
  );
}

function stageText({ stage, download }: IngestStatus): string {
  switch (stage) {
    case 'waiting':
      return 'Waiting for the clip before it';
    case 'loading-model':
      return download ? `Fetching the model, ${formatBytes(download.loadedBytes)}` : 'Starting the model';
    case 'reading':
      return 'Reading the clip';
    case 'done':
    case 'cancelled':
    case 'failed':
      return '';
  }
}
