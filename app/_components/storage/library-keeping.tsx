import type { LibraryState } from '@/lib/core/clips-store';
import type { IngestStatus } from '@/lib/ingest/ingest-status';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';

// Of no use on a first visit, whose script has a budget.
const LibraryStorage = latePart(() => import('./library-storage').then((module) => module.LibraryStorage));
const KeptLibraries = latePart(() => import('./kept-libraries').then((module) => module.KeptLibraries));

interface LibraryKeepingProps {
  library: LibraryState;
  statuses: ReadonlyMap<string, IngestStatus>;
  onRestore: () => void;
  onRetry: () => void;
}

/** What the library takes of the disk, its backup, and the libraries that were set aside. Nothing while there is none of it. */
export function LibraryKeeping({ library, statuses, onRestore, onRetry }: LibraryKeepingProps) {
  if (library.state !== 'ready') return null;
  const { clips, database } = library;
  if (clips.length === 0 && database.kept.length === 0) return null;
  return (
    <div className="flex flex-col gap-3 px-3 pb-3">
      {clips.length > 0 && (
        <Deferred what="The storage">
          <LibraryStorage clips={clips} statuses={statuses} onRestore={onRestore} />
        </Deferred>
      )}
      {database.kept.length > 0 && (
        <Deferred what="The other libraries">
          <KeptLibraries kept={database.kept} onChange={onRetry} />
        </Deferred>
      )}
    </div>
  );
}
