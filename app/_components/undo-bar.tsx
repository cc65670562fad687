import type { ClipSummary } from '@/lib/ports/library';
import { clipName } from '@/lib/shared/clip-name';
import { getFramesift } from '../_hooks/framesift';

/** Says which clip was deleted, for as long as it can be had back. */
export function UndoBar({ deleted }: { deleted: ClipSummary }) {
  return (
    <div
      role="status"
      className="fixed bottom-4 left-1/2 z-20 flex -translate-x-1/2 items-center gap-4 rounded-xl bg-ink px-4 py-2.5 text-sm text-canvas shadow-xl"
    >
      <span className="max-w-64 truncate">
        Deleted <bdi>{clipName(deleted)}</bdi>
      </span>
      <button
        type="button"
        className="rounded px-2 py-1 font-semibold underline"
        onClick={() => getFramesift().clips.undoRemove()}
      >
        Undo
      </button>
    </div>
  );
}
