import { X } from 'lucide-react';
import type { TaskState } from '@/lib/core/task-store';
import { Button } from '../ui/button';
import { ProgressBar } from '../ui/progress-bar';

/** How far an export is, with a way to end it; what came of it, until that is dismissed. */
export function ExportStatus({
  exporting,
  onCancel,
  onDismiss,
}: {
  exporting: TaskState;
  onCancel: () => void;
  onDismiss: () => void;
}) {
  const isRunning = exporting.state === 'running';
  return (
    // Always there: a live region that appears together with its text is not read out.
    <div
      role="status"
      data-testid="export-status"
      data-state={exporting.state}
      className="fixed right-4 bottom-4 z-20 w-[min(24rem,calc(100vw-2rem))] space-y-2 rounded-xl border border-line bg-surface p-3 text-sm shadow-xl data-[state=idle]:sr-only"
    >
      {exporting.state !== 'idle' && (
        <div className="flex items-start gap-3">
          <p
            className={`flex-1 [overflow-wrap:anywhere] ${exporting.state === 'failed' ? 'text-danger' : ''}`}
          >
            {isRunning ? `${exporting.title}…` : exporting.message}
          </p>
          {isRunning ? (
            <Button onClick={onCancel}>Cancel</Button>
          ) : (
            <Button variant="ghost" icon aria-label="Dismiss" onClick={onDismiss}>
              <X aria-hidden />
            </Button>
          )}
        </div>
      )}
      {isRunning && (
        <ProgressBar
          value={exporting.total === 0 ? null : exporting.done}
          max={exporting.total}
          label={exporting.title}
        />
      )}
    </div>
  );
}
