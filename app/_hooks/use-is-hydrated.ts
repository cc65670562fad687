import { useSyncExternalStore } from 'react';

const unfollowed = () => () => undefined;

/** Whether the page's scripts are at work; false in what the server sends. */
export function useIsHydrated(): boolean {
  return useSyncExternalStore(
    unfollowed,
    () => true,
    () => false,
  );
}
