'use client';

import { useEffect, useSyncExternalStore } from 'react';
import { OfflineCopy, type OfflineSnapshot } from './offline-copy';
import type { ModelState } from '@/lib/core/model-store';

const PREPARING: OfflineSnapshot = { stage: 'preparing', newVersion: null, otherTabs: 0 };

let offlineCopy: OfflineCopy | undefined;

/** The one of this page; made on first use, and never on the server. */
export function getOfflineCopy(): OfflineCopy {
  offlineCopy ??= new OfflineCopy();
  return offlineCopy;
}

/** Keeps this site for use without a network, once the page itself has what it needs. */
export function useOffline(model: ModelState): OfflineSnapshot {
  const snapshot = useSyncExternalStore(
    (listener) => getOfflineCopy().subscribe(listener),
    () => getOfflineCopy().snapshot(),
    () => PREPARING,
  );
  const provider = model.state === 'ready' ? model.model.provider.provider : null;
  const isSettled = model.state !== 'loading';
  useEffect(() => {
    // `next dev` has no build that could be kept, and what it serves must always be new.
    if (!isSettled || process.env.NODE_ENV === 'development') return;
    void getOfflineCopy().start(provider === 'webgpu' ? ['webgpu', 'sample'] : ['sample']);
  }, [isSettled, provider]);
  return snapshot;
}
