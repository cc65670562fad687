import { LogOut, RefreshCw } from 'lucide-react';
import { useId, useState } from 'react';
import type { SharingState, SharingStore } from '@/lib/core/sharing-store';
import type { ClipSummary } from '@/lib/ports/library';
import { isAway } from '@/lib/shared/away';
import type { SharedLibrary } from '@/lib/ports/sharing';
import { plural } from '@/lib/shared/format';
import { getFramesift } from '../../_hooks/framesift';
import { guard } from '../../_hooks/guard';
import { Button } from '../ui/button';
import { HoldingChoice } from './holding-choice';
import { NoticeList } from './notice-list';
import { SharedClips } from './shared-clips';
import { SyncLine } from './sync-line';

/** One shared library: how it goes, what others did, and which clips are in it. */
export function LibraryCard({
  store,
  sharing,
  shared,
  clips,
}: {
  store: SharingStore;
  sharing: Extract<SharingState, { state: 'ready' }>;
  shared: SharedLibrary;
  clips: readonly ClipSummary[];
}) {
  const titleId = useId();
  const [isLeaving, setLeaving] = useState(false);
  const shares = sharing.shares.filter(({ libraryId }) => libraryId === shared.id);
  const status = sharing.statuses[shared.id] ?? { state: 'waiting' };
  return (
    <section
      aria-labelledby={titleId}
      data-testid="shared-library"
      className="space-y-3 rounded-xl border border-line p-3 sm:p-4"
    >
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div className="min-w-0">
          <h3 id={titleId} className="font-semibold [overflow-wrap:anywhere]">
            <bdi>{shared.name}</bdi>
          </h3>
          <p className="text-xs text-ink-2">
            {new URL(shared.server).host}
            {shared.scope === 'read' && ', which you may read'}
          </p>
        </div>
        <div className="-mx-2 flex [&>button]:px-2">
          <Button
            variant="ghost"
            disabled={status.state === 'syncing'}
            onClick={() => guard(() => store.syncNow(shared.id))}
          >
            <RefreshCw aria-hidden /> {shared.isPaused ? 'Go on' : 'Sync now'}
          </Button>
          <Button variant="ghost" aria-expanded={isLeaving} onClick={() => setLeaving(!isLeaving)}>
            <LogOut aria-hidden /> Leave…
          </Button>
        </div>
      </div>
      {isLeaving && (
        <div className="space-y-2 rounded-lg bg-surface-2 p-3 text-sm">
          <p>
            {shares.length === 0
              ? 'This device leaves the library.'
              : `This device leaves the library. ${shared.holding === 'copies' ? `Its ${plural(shares.length, 'clip')} stay${shares.length === 1 ? 's' : ''} here` : 'Of its clips those that were opened stay here'}, and others keep what is shared.`}{' '}
            To come back you need an invitation.
          </p>
          <div className="flex gap-2">
            <Button variant="danger" onClick={() => guard(() => store.leave(shared.id))}>
              Leave the library
            </Button>
            <Button variant="ghost" onClick={() => setLeaving(false)}>
              Stay
            </Button>
          </div>
        </div>
      )}
      <SyncLine
        status={status}
        shared={shared}
        waiting={shares.filter(({ waiting }) => waiting !== null).length}
        onCancel={() => guard(() => store.pause(shared.id))}
      />
      {shared.holding !== 'undecided' && (
        <HoldingChoice
          holding={shared.holding}
          onChoose={(holding) =>
            guard(async () => {
              if (holding === 'undecided') return;
              await store.hold(shared.id, holding);
              await getFramesift().clips.refresh();
            })
          }
        />
      )}
      <NoticeList
        store={store}
        notices={sharing.notices.filter(({ libraryId }) => libraryId === shared.id)}
      />
      <SharedClips
        store={store}
        shared={shared}
        shares={shares}
        // Of a library that is searched there the list of clips may be long, and nobody chooses among them here.
        clips={clips.filter((clip) => !isAway(clip))}
      />
    </section>
  );
}
