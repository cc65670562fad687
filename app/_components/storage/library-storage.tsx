'use client';

import type { ClipSummary } from '@/lib/ports/library';
import { Archive, ArchiveRestore } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import { largestClip, roomOf, tellsOfFullDisk } from '@/lib/core/room';
import { estimateStorage, isStorageKept } from '@/lib/shared/browser-storage';
import { clipName } from '@/lib/shared/clip-name';
import { formatBytes } from '@/lib/shared/format';
import { useBackup } from '../../_hooks/use-backup';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { ProgressBar } from '../ui/progress-bar';

/** How often the room is looked at anew: it shrinks while a clip is read, and for reasons of others. */
const LOOK_EVERY_MS = 15_000;

/** What the library takes of the browser's storage, how much room is left, and all of it as one file. */
export function LibraryStorage({
  clips,
  statuses,
  onRestore,
}: {
  clips: readonly ClipSummary[];
  statuses: ReadonlyMap<string, IngestStatus>;
  onRestore: () => void;
}) {
  const { backup, backUp, cancel } = useBackup();
  const storage = useStorage(clips.map(({ id, ingestState }) => id + ingestState).join());
  const room = storage && roomOf(storage);
  const largest = largestClip(clips);
  // A full disk may have no room for the clip's row to say so.
  const isFull = clips.some(({ id, ingestError }) =>
    [ingestError, statuses.get(id)?.error].some(tellsOfFullDisk),
  );

  return (
    <section
      aria-label="Storage"
      data-testid="storage"
      className="space-y-2 border-t border-line px-1 pt-3 text-xs text-ink-2"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-2">
        <p className="tabular-nums" data-testid="room">
          {room
            ? `${formatBytes(room.usedBytes)} used of at most ${formatBytes(room.allowedBytes)}`
            : storage && 'This browser does not tell how much room there is.'}
        </p>
        <div className="-mx-2 flex [&>button]:px-2">
          <Button variant="ghost" onClick={backUp} disabled={backup.state === 'running'}>
            <Archive aria-hidden /> Back up
          </Button>
          <Button variant="ghost" onClick={onRestore}>
            <ArchiveRestore aria-hidden /> Restore…
          </Button>
        </div>
      </div>
      {(isFull || room?.isLittle) && (
        <Notice tone="warn">
          {isFull ? 'A clip stopped being read because the disk is full.' : 'Little room is left.'}
          {largest && (
            <>
              {' '}
              Deleting <bdi>{clipName(largest.clip)}</bdi> frees about {formatBytes(largest.bytes)}; removing
              a model that is not in use frees more.
            </>
          )}
        </Notice>
      )}
      {storage && !storage.isKept && (
        <p className="max-md:hidden">
          The browser may delete the library when space runs short. A backup keeps it.
        </p>
      )}
      {backup.state === 'running' && (
        <div className="flex items-center gap-3">
          <ProgressBar
            value={backup.total === 0 ? null : backup.done}
            max={backup.total}
            label={backup.title}
          />
          <Button variant="ghost" onClick={cancel}>
            Cancel
          </Button>
        </div>
      )}
      {/* Always there: a live region that appears together with its text is not read out. */}
      <p
        role="status"
        data-testid="backup-status"
        className={`[overflow-wrap:anywhere] ${backup.state === 'failed' ? 'text-danger' : ''}`}
      >
        {backup.state === 'running' ? 'Backing up…' : backup.state !== 'idle' && backup.message}
      </p>
    </section>
  );
}

interface Storage {
  usageBytes: number | null;
  quotaBytes: number | null;
  isKept: boolean;
}

/** @param changed looked at anew with every other value */
function useStorage(changed: string): Storage | null {
  const [storage, setStorage] = useState<Storage | null>(null);
  useEffect(() => {
    const look = () =>
      void Promise.all([estimateStorage(), isStorageKept()]).then(
        ([{ usage, quota }, isKept]) =>
          setStorage({ usageBytes: usage ?? null, quotaBytes: quota ?? null, isKept }),
        () => undefined,
      );
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [changed]);
  return storage;
}
