'use client';

import { useSyncExternalStore } from 'react';
import type { SharingState, SharingStore } from '@/lib/core/sharing-store';
import { invitation } from './invitation';
import { sharing } from './sharing';

const OPENING: SharingState = { state: 'opening' };

const nothing = () => null;
const unfollowed = () => () => undefined;

/** The store of shared libraries; null until something of them is wanted. */
export function useSharingStore(): SharingStore | null {
  return useSyncExternalStore(sharing.subscribe, sharing.get, nothing);
}

/** What is shown of the shared libraries. */
export function useSharing(): SharingState {
  const store = useSharingStore();
  return useSyncExternalStore(store?.subscribe ?? unfollowed, store?.get ?? (() => OPENING), () => OPENING);
}

/** The invitation that the page was opened with; null for none. */
export function useInvitation(): string | null {
  return useSyncExternalStore(invitation.subscribe, invitation.get, nothing);
}
