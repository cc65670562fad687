import { Users } from 'lucide-react';
import type { ComponentProps } from 'react';
import type { SharingState } from '@/lib/core/sharing-store';
import { Button } from '../ui/button';

/** Opens the dialog of shared libraries; says how far a transfer is, and that something waits to be read. */
export function LibrariesButton({
  sharing,
  ...rest
}: ComponentProps<typeof Button> & { sharing: SharingState }) {
  const news = sharing.state === 'ready' ? sharing.notices.length : 0;
  return (
    <Button variant="ghost" data-testid="libraries-button" aria-haspopup="dialog" {...rest}>
      <span className="relative">
        <Users aria-hidden />
        {news > 0 && (
          <span
            aria-hidden
            className="absolute -top-1 -right-1 size-2 rounded-full bg-accent forced-colors:bg-[Highlight]"
          />
        )}
      </span>
      <span className="max-lg:sr-only">{labelOf(sharing)}</span>
      {news > 0 && <span className="sr-only">, something to read</span>}
    </Button>
  );
}

function labelOf(sharing: SharingState): string {
  if (sharing.state !== 'ready') return 'Libraries';
  for (const status of Object.values(sharing.statuses))
    if (status.state === 'syncing' && status.progress)
      return `Libraries, ${Math.floor((status.progress.done / Math.max(status.progress.total, 1)) * 100)} %`;
  return 'Libraries';
}
