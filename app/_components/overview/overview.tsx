import type { ClipOverview, ClipOverviewFrame } from '@/lib/ports/search';
import { formatTime, plural } from '@/lib/shared/format';
import { thumbnailKey, useFrameThumbnails } from '../../_hooks/use-frame-thumbnails';

/** A clip at a glance, before anybody asks: a few frames that sum it up, each a click away from its moment. */
export function Overview({
  overview,
  onJump,
}: {
  overview: ClipOverview;
  onJump: (frame: ClipOverviewFrame) => void;
}) {
  const pictures = useFrameThumbnails(overview.frames);
  return (
    <section aria-labelledby="overview-title" className="space-y-3" data-testid="overview">
      <div>
        <h2 id="overview-title" className="text-sm font-semibold">
          At a glance
        </h2>
        <p className="text-sm text-ink-2">
          {plural(overview.frames.length, 'frame')} that sum up the clip
          {overview.changesMs.length > 0 && '; where it changes most is marked on the timeline'}.
        </p>
      </div>
      <ol className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {overview.frames.map((frame) => {
          const time = formatTime(frame.timestampMs, { tenths: true });
          const picture = pictures.get(thumbnailKey(frame));
          return (
            <li key={frame.frameIndex}>
              <button
                type="button"
                data-testid="overview-frame"
                data-timestamp-ms={frame.timestampMs}
                aria-label={`Show the frame at ${time}`}
                className="block w-full overflow-hidden rounded-xl border border-line bg-surface text-left hover:border-accent hover:shadow-md"
                onClick={() => onJump(frame)}
              >
                <span className="flex aspect-video items-center justify-center bg-surface-2">
                  {picture && (
                    // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
                    <img src={picture} alt="" className="size-full object-contain" />
                  )}
                </span>
                <span className="block px-2 py-1 text-xs text-ink-2 tabular-nums">{time}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
