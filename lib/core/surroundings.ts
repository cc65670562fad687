import type { TabChannels, TabLocks } from '@/lib/ports/tabs';
import { whenTabLockIsFree, withTabLock } from '@/lib/shared/locks';

/** What a person has set, kept in this browser where it allows that. Neither method throws. */
export interface Settings {
  /** Null where nothing is set. */
  read(key: string): string | null;
  /** Null removes the setting. */
  write(key: string, value: string | null): void;
}

/** Time, which tests move themselves. */
export interface Clock {
  /** Milliseconds that only rise. */
  now(): number;
  /** Calls `work` once after `ms`, unless the function that it returns is called before. */
  after(ms: number, work: () => void): () => void;
}

/** The browser's locks; where it gives the site none, every lock is free. */
export const browserLocks: TabLocks = { tryLock: withTabLock, whenFree: whenTabLockIsFree };

/** The browser's channels. */
export const browserChannels: TabChannels = { open: (name) => new BroadcastChannel(name) };

/** The browser's time. */
export const browserClock: Clock = {
  now: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
