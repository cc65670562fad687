import { useId, useState } from 'react';
import type { SharingStore } from '@/lib/core/sharing-store';
import type { ClipSummary } from '@/lib/ports/library';
import type { ClipShare, SharedLibrary } from '@/lib/ports/sharing';
import { clipName } from '@/lib/shared/clip-name';
import { plural } from '@/lib/shared/format';
import { guard } from '../../_hooks/guard';
import { Button } from '../ui/button';
import { LongList } from '../ui/long-list';

/** Which clips of this browser are in a shared library. */
export function SharedClips({
  store,
  shared,
  shares,
  clips,
}: {
  store: SharingStore;
  shared: SharedLibrary;
  shares: readonly ClipShare[];
  clips: readonly ClipSummary[];
}) {
  const titleId = useId();
  const [endingId, setEnding] = useState<string | null>(null);
  /** Clips that are about to be shared: a tick must not wait for the database. */
  const [ticked, setTicked] = useState<readonly string[]>([]);
  const byClip = new Map(shares.map((share) => [share.clipId, share]));
  const isShared = ({ id }: ClipSummary) => {
    const share = byClip.get(id);
    if (ticked.includes(id)) return true;
    return share !== undefined && share.waiting !== 'unshare';
  };
  const others = clips.filter((clip) => !isShared(clip));
  const share = (ids: string[]) =>
    guard(async () => {
      setTicked(ids);
      await store.share(shared.id, ids).finally(() => setTicked([]));
    });
  const canWrite = shared.scope === 'write';
  if (clips.length === 0)
    return (
      <p className="text-sm text-ink-2">Clips that others share appear here, and in the list of clips.</p>
    );
  return (
    <div className="space-y-1">
      <div className="flex flex-wrap items-center justify-between gap-x-4">
        <h4 id={titleId} className="text-sm font-medium">
          Clips in it{' '}
          <span className="font-normal text-ink-2 tabular-nums">
            {clips.length - others.length} of {clips.length}
          </span>
        </h4>
        {canWrite && others.length > 0 && (
          <Button variant="ghost" className="-mr-2" onClick={() => share(others.map(({ id }) => id))}>
            Share all
          </Button>
        )}
      </div>
      <LongList
        items={clips}
        keyOf={({ id }) => id}
        shown={clips.findIndex(({ id }) => id === endingId)}
        aria-labelledby={titleId}
        className="max-h-72 divide-y divide-line overflow-y-auto rounded-lg border border-line"
      >
        {(clip) => (
          <>
            <label className="flex min-h-11 items-center gap-3 px-3 py-1.5 text-sm hover:bg-surface-2">
              <input
                type="checkbox"
                className="size-4 shrink-0 accent-accent"
                checked={isShared(clip)}
                disabled={!canWrite}
                onChange={(event) => {
                  if (event.target.checked) share([clip.id]);
                  else setEnding(clip.id);
                }}
              />
              <span className="min-w-0 flex-1 truncate">
                <bdi>{clipName(clip)}</bdi>
              </span>
              <span className="shrink-0 text-xs text-ink-2">{stateOf(clip, byClip.get(clip.id))}</span>
            </label>
            {endingId === clip.id && (
              <div className="flex flex-wrap items-center gap-2 bg-surface-2 px-3 py-2 text-sm">
                <p className="min-w-48 flex-1">Others lose this clip. It stays here.</p>
                <Button
                  variant="danger"
                  autoFocus
                  onClick={() => {
                    setEnding(null);
                    guard(() => store.stopSharing(shared.id, [clip.id]));
                  }}
                >
                  Stop sharing
                </Button>
                <Button variant="ghost" onClick={() => setEnding(null)}>
                  Keep sharing
                </Button>
              </div>
            )}
          </>
        )}
      </LongList>
    </div>
  );
}

function stateOf(clip: ClipSummary, share: ClipShare | undefined): string {
  if (!share || share.waiting === 'unshare') return plural(clip.frameCount, 'frame');
  if (share.waiting === null) return 'shared';
  if (clip.ingestState !== 'done' && share.waiting === 'rows') return 'once it is read';
  return share.isKnown ? 'change to send' : 'to be sent';
}
