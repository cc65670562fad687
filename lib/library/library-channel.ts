import type { EventSummary } from './events';

/** BroadcastChannel on which the owner of the library tells every page what has changed. */
export const LIBRARY_CHANNEL = 'framesift-library';

/** What is posted on LIBRARY_CHANNEL. */
export type LibraryNotice =
  /** A clip with its row as it is now; null when it is gone. */
  | { type: 'changed'; eventId: string; clip: EventSummary | null }
  /** Another library worker owns the database now. The last notices of the one before may be lost: list anew. */
  | { type: 'owner' };
