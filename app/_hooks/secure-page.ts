'use client';

import { useSyncExternalStore } from 'react';

/**
 * Whether the browser gives this page what it needs to decode clips and keep a library (a "secure context"): over
 * https or from this computer itself. True on the server.
 */
export function useIsSecurePage(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    () => window.isSecureContext,
    () => true,
  );
}
