'use client';

import { plural } from '@/lib/shared/format';
import { getOfflineCopy } from '../_hooks/use-offline';
import type { OfflineSnapshot } from '../_hooks/offline-copy';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

/** Says that there is a new version, and leaves it to the person when it comes. */
export function NewVersionNotice({
  offline: { newVersion, otherTabs },
  isReading,
}: {
  offline: OfflineSnapshot;
  isReading: boolean;
}) {
  if (!newVersion) return null;
  return (
    <Notice tone="info" actions={<Button onClick={() => void getOfflineCopy().reload()}>Reload</Button>}>
      {newVersion === 'in-charge'
        ? 'Framesift was updated in another tab. Reload when you like.'
        : otherTabs > 0
          ? `A new version is ready, but ${plural(otherTabs, 'other tab')} of this browser still ${otherTabs === 1 ? 'shows' : 'show'} this one. Close ${otherTabs === 1 ? 'it' : 'them'}, then reload.`
          : 'A new version is ready. Reload when you like.'}
      {isReading && ' The clip that is being read can be gone on with afterwards.'}
    </Notice>
  );
}
