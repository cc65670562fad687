import { Square } from 'lucide-react';
import { formatBytes, formatRemaining } from '@/lib/shared/format';
import type { RunningDownload } from '@/lib/core/models-store';
import { Button } from '../ui/button';
import { ProgressBar } from '../ui/progress-bar';

/** How far a model's download is: bytes, rate, time left, and a way to stop. */
export function DownloadProgress({ download, onStop }: { download: RunningDownload; onStop: () => void }) {
  const { progress, name } = download;
  const loaded = progress?.loadedBytes ?? 0;
  const total = progress?.totalBytes ?? null;
  return (
    <div role="group" aria-label={`Downloading ${name}`} className="space-y-2" data-testid="model-download">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <span className="tabular-nums" data-testid="model-download-bytes">
          {progress === null
            ? 'Beginning…'
            : `${formatBytes(loaded)}${total === null ? '' : ` of ${formatBytes(total)}`}`}
        </span>
        {progress?.rate && (
          <span className="text-ink-2 tabular-nums">
            {formatBytes(progress.rate.perSecond)} a second, {formatRemaining(progress.rate.remainingMs)}
          </span>
        )}
        <Button className="ml-auto" onClick={onStop}>
          <Square aria-hidden /> Stop
        </Button>
      </div>
      <ProgressBar value={total === null ? null : loaded} max={total ?? 1} label={`${name}, downloaded`} />
      {progress?.isInMemory && (
        <p className="text-sm text-warn">
          This browser’s storage is full: the model is kept in memory and is gone when the page is closed.
        </p>
      )}
    </div>
  );
}
