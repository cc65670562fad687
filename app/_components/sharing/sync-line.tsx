import { Check, CloudOff, CircleAlert, Pause, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { SharedLibrary } from '@/lib/ports/sharing';
import { formatRemaining, plural } from '@/lib/shared/format';
import type { SyncProgress, SyncStatus } from '@/lib/sync/sync-status';
import { Button } from '../ui/button';
import { ProgressBar } from '../ui/progress-bar';

/** How a library's sync goes, in a line. */
export function SyncLine({
  status,
  shared,
  waiting,
  onCancel,
}: {
  status: SyncStatus;
  shared: SharedLibrary;
  /** Clips that are to be sent. */
  waiting: number;
  onCancel: () => void;
}) {
  const nowMs = useNow();
  const progress = status.state === 'syncing' ? status.progress : null;
  const { icon: Icon, style } = LOOKS[shared.isPaused ? 'paused' : status.state];
  return (
    <div className="space-y-2 text-sm">
      <div className="flex items-start gap-2">
        <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${style}`} />
        {/* What changes by the second is not read out: the line without it is. */}
        <p role="status" className={status.state === 'failed' ? 'text-danger' : ''} data-testid="sync-status">
          {textOf(status, shared, waiting, nowMs)}
        </p>
      </div>
      {progress && (
        <div className="flex items-center gap-3">
          <div className="flex-1">
            <ProgressBar value={progress.done} max={progress.total} label={labelOf(progress)} />
            <p className="mt-1 text-xs text-ink-2 tabular-nums">{rateOf(progress)}</p>
          </div>
          <Button variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      )}
    </div>
  );
}

const LOOKS = {
  waiting: { icon: RefreshCw, style: 'text-ink-2' },
  syncing: { icon: RefreshCw, style: 'text-accent motion-safe:animate-spin' },
  done: { icon: Check, style: 'text-accent' },
  away: { icon: CloudOff, style: 'text-warn' },
  failed: { icon: CircleAlert, style: 'text-danger' },
  paused: { icon: Pause, style: 'text-ink-2' },
} as const;

function textOf(status: SyncStatus, shared: SharedLibrary, waiting: number, nowMs: number): string {
  const last = shared.syncedAt === null ? '' : ` Last synced ${agoOf(nowMs - shared.syncedAt.getTime())}.`;
  const rest = waiting === 0 ? '' : ` ${plural(waiting, 'change')} to send.`;
  if (shared.isPaused) return `Stopped.${rest}${last}`;
  switch (status.state) {
    case 'waiting':
      return `Waiting for its turn.${rest}${last}`;
    case 'syncing':
      return status.progress ? `${labelOf(status.progress)}…` : 'Looking for news…';
    case 'done':
      return waiting === 0
        ? `Up to date, synced ${agoOf(nowMs - status.at)}.`
        : `${plural(waiting, 'change')} to send, once the clip is read.`;
    case 'away':
      return `${status.message} Next try ${inOf(status.retryAt - nowMs)}.${rest}`;
    case 'failed':
      return `${status.message}${rest}${last}`;
  }
}

function labelOf({ direction }: SyncProgress): string {
  return direction === 'sending' ? 'Sending' : 'Receiving';
}

function rateOf({ done, total, rate }: SyncProgress): string {
  const count = `${done.toLocaleString('en')} of ${plural(total, 'frame')}`;
  if (!rate) return count;
  return `${count}, ${Math.round(rate.perSecond).toLocaleString('en')} frames/s, ${formatRemaining(rate.remainingMs)}`;
}

function agoOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ago` : `${plural(Math.floor(hours / 24), 'day')} ago`;
}

function inOf(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 15) return 'soon';
  return seconds < 60 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} min`;
}

/** The time, some times a minute: a screen reader would read out every second. */
function useNow(): number {
  const [nowMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
