'use client';

import { Plus, Users } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useEffect, useState } from 'react';
import type { LibraryState } from '@/lib/core/clips-store';
import type { SharingState, SharingStore } from '@/lib/core/sharing-store';
import { toFramesiftError } from '@/lib/shared/errors';
import { invitation } from '../../_hooks/invitation';
import { openSharing } from '../../_hooks/sharing';
import { useInvitation, useSharing, useSharingStore } from '../../_hooks/use-sharing';
import { Button } from '../ui/button';
import { DialogFrame } from '../ui/dialog-frame';
import { Notice } from '../ui/notice';
import { JoinForm } from './join-form';
import { LibrariesButton } from './libraries-button';
import { LibraryCard } from './library-card';

/** Where a person joins shared libraries, chooses what to share, and sees how it goes. Open from the start. */
export function LibrariesDialog({ library }: { library: LibraryState }) {
  const store = useSharingStore();
  const sharing = useSharing();
  const invited = useInvitation();
  const [isOpen, setOpen] = useState(true);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    openSharing().catch((error: unknown) => setProblem(toFramesiftError(error).message));
  }, []);

  return (
    <Dialog.Root
      open={isOpen || invited !== null}
      onOpenChange={(open) => {
        setOpen(open);
        if (!open) invitation.set(null);
      }}
    >
      <Dialog.Trigger asChild>
        <LibrariesButton sharing={sharing} />
      </Dialog.Trigger>
      <DialogFrame
        title="Shared libraries"
        description="Clips that you share reach your other devices and the people you invite: their names, small pictures and what the model found. Videos stay on this computer."
        closeLabel="Close shared libraries"
        testId="libraries-dialog"
      >
        <div className="mt-4 space-y-4">
          {problem && <Notice tone="danger">{problem}</Notice>}
          {store && <Content store={store} sharing={sharing} library={library} invited={invited} />}
          {!problem && sharing.state === 'opening' && (
            <p className="text-sm text-ink-2">Looking at what is here…</p>
          )}
        </div>
      </DialogFrame>
    </Dialog.Root>
  );
}

function Content({
  store,
  sharing,
  library,
  invited,
}: {
  store: SharingStore;
  sharing: SharingState;
  library: LibraryState;
  invited: string | null;
}) {
  const [isAdding, setAdding] = useState(false);
  const [joined, setJoined] = useState<string | null>(null);
  if (sharing.state === 'opening') return null;
  if (sharing.state === 'failed')
    return (
      <Notice tone="danger" actions={<Button onClick={() => void store.refresh()}>Try again</Button>}>
        {sharing.message}
      </Notice>
    );
  const { libraries } = sharing;
  const isEmpty = libraries.length === 0;
  const clips = library.state === 'ready' ? library.clips : [];
  const join = (
    <JoinForm
      key={invited ?? ''}
      store={store}
      invited={invited}
      onJoined={(name) => {
        invitation.set(null);
        setJoined(name);
        setAdding(false);
      }}
      onCancel={isEmpty ? null : () => setAdding(false)}
    />
  );
  return (
    <>
      {/* Always there: a live region that appears together with its text is not read out. */}
      <p role="status" className="sr-only">
        {joined !== null && `You have joined “${joined}”.`}
      </p>
      {invited !== null && join}
      {isEmpty && invited === null && (
        <div className="rounded-xl border border-dashed border-line p-4 sm:p-5">
          <div className="flex items-start gap-3">
            <span className="rounded-lg bg-accent-soft p-2 text-accent">
              <Users aria-hidden className="size-5" />
            </span>
            <div className="text-sm">
              <p className="font-medium">You are in no shared library yet.</p>
              <p className="mt-1 text-ink-2">
                Paste an invitation that somebody gave you. A library of your own needs a server with
                PostgreSQL, which Framesift brings along: <code>npm run library -- init</code>, as
                docs/library.md shows.
              </p>
            </div>
          </div>
          <div className="mt-4">{join}</div>
        </div>
      )}
      {libraries.map((one) => (
        <LibraryCard key={one.id} store={store} sharing={sharing} shared={one} clips={clips} />
      ))}
      {!isEmpty && invited === null && isAdding && join}
      {!isEmpty && invited === null && !isAdding && (
        <Button onClick={() => setAdding(true)}>
          <Plus aria-hidden /> Join another library
        </Button>
      )}
    </>
  );
}
