import { useEffect, useState } from 'react';
import type { LibraryState } from '@/lib/core/clips-store';
import { clearAddress } from '../../_hooks/invitation';
import { isInSharedLibrary, openSharing } from '../../_hooks/sharing';
import { useInvitation, useSharing } from '../../_hooks/use-sharing';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';
import { prefetch } from '../ui/prefetch';
import { LibrariesButton } from './libraries-button';

const LibrariesDialog = latePart(() => import('./libraries-dialog').then((module) => module.LibrariesDialog));

/** The dialog of shared libraries with its button. Nothing of it is fetched before it is wanted, or this browser is in one. */
export function LibrariesChoice({ library }: { library: LibraryState }) {
  const sharing = useSharing();
  const invitation = useInvitation();
  const [isWanted, setWanted] = useState(false);
  const isReady = library.state === 'ready';
  // It stays open once the invitation is used, and says how the library goes.
  if (invitation !== null && !isWanted) setWanted(true);

  useEffect(() => {
    // Opening the library comes first.
    if (isReady && isInSharedLibrary()) prefetch(openSharing);
  }, [isReady]);

  useEffect(() => {
    if (invitation === null) return undefined;
    const timer = setTimeout(clearAddress);
    return () => clearTimeout(timer);
  }, [invitation]);

  const button = (
    <LibrariesButton
      sharing={sharing}
      onPointerEnter={LibrariesDialog.prefetch}
      onClick={() => setWanted(true)}
    />
  );
  if (!isWanted) return button;
  return (
    <Deferred what="The shared libraries" waiting={button}>
      <LibrariesDialog library={library} />
    </Deferred>
  );
}
