import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';
import clsx from 'clsx';
import { CircleAlert, FileVideo, Pause, Plus, RefreshCw, Sparkles, Trash2 } from 'lucide-react';
import { isActive, type IngestStatus } from '@/lib/ingest/ingest-status';
import { isAway } from '@/lib/shared/away';
import { clipName } from '@/lib/shared/clip-name';
import { formatTime, isolateName, plural } from '@/lib/shared/format';
import { isReadWithAnother } from '../_hooks/other-model';
import type { LibraryState } from '@/lib/core/clips-store';
import type { OpenedFile } from '@/lib/core/opened-files-store';
import { useListThumbnail } from '../_hooks/use-list-thumbnail';
import { useObjectUrl } from '../_hooks/use-object-url';
import { Button } from './ui/button';
import { Deferred } from './ui/deferred';
import { latePart } from './ui/late-part';
import { LongList } from './ui/long-list';
import { Notice } from './ui/notice';
import { ProgressBar } from './ui/progress-bar';

// Of no use on a first visit, whose script has a budget.
const LibraryTrouble = latePart(() =>
  import('./storage/library-trouble').then((module) => module.LibraryTrouble),
);

/** The clips that were read, are being read, or wait to be started. */
export function LibraryList({
  library,
  model,
  openedFiles,
  statuses,
  selectedKey,
  onSelect,
  onDelete,
  onAdd,
  onTrySample,
  sampleBusy,
  onRetry,
}: {
  library: LibraryState;
  /** The model at work; null while one is being started. */
  model: LoadedModel | null;
  openedFiles: readonly OpenedFile[];
  statuses: ReadonlyMap<string, IngestStatus>;
  selectedKey: string | null;
  onSelect: (key: string) => void;
  onDelete: (clip: ClipSummary) => void;
  onAdd: () => void;
  /** Null while the sample is in the list, or offered elsewhere. */
  onTrySample: (() => void) | null;
  sampleBusy: boolean;
  onRetry: () => void;
}) {
  const items: readonly ListItem[] = [...openedFiles, ...(library.state === 'ready' ? library.clips : [])];
  return (
    <nav aria-label="Clips" className="flex flex-col gap-3 p-3">
      <div className="flex items-center justify-between">
        <h2 className="px-1 text-sm font-semibold">Clips</h2>
        <Button onClick={onAdd}>
          <Plus aria-hidden /> Add
        </Button>
      </div>
      {library.state === 'opening' && <p className="px-1 text-sm text-ink-2">Opening the library…</p>}
      {library.state === 'failed' && (
        <Deferred what="The way on" waiting={<Notice tone="danger">{library.message}</Notice>}>
          <LibraryTrouble message={library.message} onRetry={onRetry} />
        </Deferred>
      )}
      {library.state === 'ready' && library.clips.length === 0 && openedFiles.length === 0 && (
        <div className="flex items-center justify-between">
          <p className="px-1 text-sm text-ink-2">No clips yet.</p>
          <Button variant="ghost" onClick={onAdd}>
            Restore a backup…
          </Button>
        </div>
      )}
      <LongList
        items={items}
        keyOf={keyOfItem}
        shown={items.findIndex((item) => keyOfItem(item) === selectedKey)}
        className="flex gap-2 overflow-x-auto pb-1 md:flex-col md:overflow-visible"
        itemClassName="group relative w-60 shrink-0 md:w-auto"
        data-testid="library"
      >
        {(item) =>
          'facts' in item ? (
            <OpenedItem
              opened={item}
              selected={selectedKey === item.key}
              onSelect={() => onSelect(item.key)}
            />
          ) : (
            <>
              <ClipItem
                clip={item}
                model={model}
                status={statuses.get(item.id)}
                selected={selectedKey === item.id}
                onSelect={() => onSelect(item.id)}
              />
              <Button
                variant="danger"
                icon
                aria-label={`Delete ${isolateName(clipName(item))}`}
                onClick={() => onDelete(item)}
                className="absolute top-1/2 right-1 -translate-y-1/2 bg-surface opacity-0 group-hover:opacity-100 focus-visible:opacity-100 [@media(hover:none)]:opacity-100"
              >
                <Trash2 aria-hidden />
              </Button>
            </>
          )
        }
      </LongList>
      {onTrySample && (
        <Button variant="ghost" className="self-start" onClick={onTrySample} disabled={sampleBusy}>
          <Sparkles aria-hidden /> {sampleBusy ? 'Opening the sample…' : 'Try the sample clip'}
        </Button>
      )}
    </nav>
  );
}

const THUMBNAIL_CLASS =
  'flex h-12 w-20 shrink-0 items-center justify-center overflow-hidden rounded-md bg-black [&_img]:size-full [&_img]:object-cover';

function itemClass(selected: boolean): string {
  return clsx(
    'flex w-full items-center gap-3 rounded-xl border p-2 pr-3 text-left text-sm transition-colors',
    selected ? 'mark-chosen border-accent bg-accent-soft' : 'border-transparent hover:bg-surface-2',
  );
}

type ListItem = OpenedFile | ClipSummary;

function keyOfItem(item: ListItem): string {
  return 'facts' in item ? item.key : item.id;
}

function ItemPicture({ url }: { url: string | null }) {
  return (
    <span className={THUMBNAIL_CLASS}>
      {/* eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise */}
      {url ? <img src={url} alt="" /> : <FileVideo aria-hidden className="size-5 text-white/70" />}
    </span>
  );
}

function OpenedItem({
  opened: { file, facts, preview },
  selected,
  onSelect,
}: {
  opened: OpenedFile;
  selected: boolean;
  onSelect: () => void;
}) {
  return (
    <button type="button" aria-current={selected} onClick={onSelect} className={itemClass(selected)}>
      <ItemPicture url={useObjectUrl(preview)} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">
          <bdi>{file.name}</bdi>
        </span>
        <span className="block text-xs text-ink-2">{formatTime(facts.durationMs)}, not read yet</span>
      </span>
    </button>
  );
}

function ClipItem({
  clip,
  model,
  status,
  selected,
  onSelect,
}: {
  clip: ClipSummary;
  model: LoadedModel | null;
  status: IngestStatus | undefined;
  selected: boolean;
  onSelect: () => void;
}) {
  const hasFrames = clip.frameCount > 0 || (status?.framesStored ?? 0) > 0;
  const picture = useListThumbnail(clip.id, hasFrames ? (clip.framesPlanned ?? clip.frameCount) : 0);
  const active = isActive(status);
  return (
    <button type="button" aria-current={selected} onClick={onSelect} className={itemClass(selected)}>
      <ItemPicture url={picture ?? null} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">
          <bdi>{clipName(clip)}</bdi>
        </span>
        {active && status ? (
          <span className="mt-1.5 block">
            <ProgressBar value={status.framesStored} max={status.framesTotal} label="Frames read" />
          </span>
        ) : (
          <span className="flex items-center gap-1 text-xs text-ink-2">
            <StateMark clip={clip} model={model} />
            {clip.durationMs !== null && `${formatTime(clip.durationMs)}, `}
            {plural(clip.sharedIn?.frames ?? clip.embeddingCount, 'frame')}
            {isAway(clip) && ' there'}
          </span>
        )}
      </span>
    </button>
  );
}

function StateMark({ clip, model }: { clip: ClipSummary; model: LoadedModel | null }) {
  if (clip.ingestState === 'failed')
    return <CircleAlert role="img" aria-label="Failed" className="size-3.5 text-danger" />;
  if (model && isReadWithAnother(clip, model))
    return <RefreshCw role="img" aria-label="Read with another model" className="size-3.5 text-warn" />;
  if (clip.ingestState === 'done') return null;
  return <Pause role="img" aria-label="Not finished" className="size-3.5" />;
}
