import { formatRemaining, plural } from '@/lib/shared/format';
import type { RatedProgress } from '@/lib/core/answer-store';
import { ProgressBar } from '../ui/progress-bar';

const STAGES: Record<RatedProgress['stage'], string> = {
  reading: 'Fetching frames from the library',
};

/** How far the first question about many frames is. */
export function SearchProgressBar({ progress }: { progress: RatedProgress }) {
  const { stage, done, total, rate } = progress;
  const label = STAGES[stage];
  return (
    <div data-testid="search-progress" className="space-y-1.5 text-sm text-ink-2">
      <ProgressBar value={done} max={total} label={label} />
      <p>
        {label}, {done.toLocaleString('en')} of {plural(total, 'frame')}
        {rate && (
          <>
            {' · '}
            {Math.round(rate.perSecond).toLocaleString('en')} a second · {formatRemaining(rate.remainingMs)}
          </>
        )}
        . Only the first question has to wait for this.
      </p>
    </div>
  );
}
