/** How far rows have come that are being sent or read. */
export interface SyncProgress {
  direction: 'sending' | 'receiving';
  done: number;
  total: number;
  /** Rows a second, and milliseconds until the rest is done; null before that is known. */
  rate: { perSecond: number; remainingMs: number } | null;
}

/** What is being done about a library. Times are milliseconds since 1970. */
export type SyncStatus =
  | { state: 'waiting' }
  | { state: 'syncing'; progress: SyncProgress | null }
  /** Everything is as it is there, at `at`. */
  | { state: 'done'; at: number }
  /** Tried again by itself. */
  | { state: 'away'; message: string; retryAt: number }
  /** A person has to do something. */
  | { state: 'failed'; message: string };

/** By the library's id. */
export type SyncStatuses = Readonly<Record<string, SyncStatus>>;

/** What tabs of this browser tell each other about sharing, on `SYNC_CHANNEL`. */
export type SyncMessage =
  /** To the tab that syncs: look for news. `isForced` also where it waits after a failure. */
  | { type: 'look'; isForced: boolean }
  /** To the tab that syncs: stop what is being done about a library. */
  | { type: 'stop'; libraryId: string }
  /** To the tab that syncs: tell how things are. */
  | { type: 'ask' }
  | { type: 'statuses'; statuses: SyncStatuses };

/** Where tabs talk about sharing. */
export const SYNC_CHANNEL = 'framesift-sync';
