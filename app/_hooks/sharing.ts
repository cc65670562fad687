import type { SharingStore } from '@/lib/core/sharing-store';
import { ValueStore } from '@/lib/core/store';
import { siteStorage } from './site-storage';

/** The shared libraries, once something of them is wanted; their script is no part of the page's first. */
export const sharing = new ValueStore<SharingStore | null>(null);

let opening: Promise<void> | undefined;

/** Begins to follow the shared libraries and to sync them. Rejects where the script cannot be fetched; call it again. */
export function openSharing(): Promise<void> {
  opening ??= import('./open-sharing')
    .then(({ makeSharingStore }) => sharing.set(makeSharingStore()))
    .catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
  return opening;
}

/** Whether this browser was in a shared library when it was last looked at. */
export function isInSharedLibrary(): boolean {
  return siteStorage.read('framesift-shares') !== null;
}
