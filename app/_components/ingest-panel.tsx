import { Play, Square } from 'lucide-react';
import type { EventSummary } from '@/lib/db/clip-database';
import { isActive, type IngestStatus } from '@/lib/ingest/ingest-status';
import { formatBytes, formatRemaining, formatTime, plural } from '@/lib/shared/format';
import { Button } from './ui/button';
import { Notice } from './ui/notice';
import { ProgressBar } from './ui/progress-bar';

/** How far a clip has come: progress while it is read, and what is left to do when it was not read whole. */
export function IngestPanel({
  clip,
  status,
  onCancel,
  onResume,
}: {
  clip: EventSummary;
  status: IngestStatus | undefined;
  onCancel: () => void;
  onResume: () => void;
}) {
  if (status && isActive(status)) return <Working status={status} onCancel={onCancel} />;
  const planned = clip.framesPlanned ?? clip.embeddingCount;
  const failures = status?.failures ?? [];
  return (
    <>
      {clip.ingestState !== 'done' && (
        <Notice
          tone={clip.ingestState === 'failed' ? 'danger' : 'info'}
          actions={
            <Button onClick={onResume}>
              <Play aria-hidden /> Go on reading
            </Button>
          }
        >
          {clip.ingestState === 'failed' &&
            `${clip.ingestError ?? status?.error ?? 'Reading the clip failed.'} `}
          {plural(clip.embeddingCount, 'frame')} of {planned.toLocaleString('en')}{' '}
          {clip.embeddingCount === 1 ? 'is' : 'are'} in the library and can be searched.
        </Notice>
      )}
      {failures.length > 0 && (
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
