import { Pencil } from 'lucide-react';
import { useState } from 'react';
import type { ClipSummary } from '@/lib/ports/library';
import { clipName } from '@/lib/shared/clip-name';
import { getFramesift } from '../_hooks/framesift';
import { guard } from '../_hooks/guard';
import { Button } from './ui/button';

/** What a clip is called, and a way to call it something else. */
export function ClipTitle({ clip }: { clip: ClipSummary }) {
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null)
    return (
      <div className="flex min-w-0 items-baseline gap-1">
        <h1 className="font-medium [overflow-wrap:anywhere]">
          <bdi>{clipName(clip)}</bdi>
        </h1>
        <Button
          variant="ghost"
          icon
          aria-label="Rename this clip"
          className="-my-2 self-center"
          onClick={() => setDraft(clip.description)}
        >
          <Pencil aria-hidden />
        </Button>
      </div>
    );
  return (
    <form
      className="flex w-full flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const description = draft.trim();
        setDraft(null);
        if (description === clip.description) return;
        guard(async () => {
          await getFramesift().services.database.updateClip(clip.id, { description });
        });
      }}
    >
      <input
        type="text"
        aria-label="Name of this clip"
        autoFocus
        value={draft}
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          setDraft(null);
        }}
        className="min-h-9 min-w-40 flex-1 rounded-lg border border-line bg-surface px-3 text-sm"
      />
      <Button type="submit">Save</Button>
      <Button variant="ghost" onClick={() => setDraft(null)}>
        Cancel
      </Button>
    </form>
  );
}
