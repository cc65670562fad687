import { property } from './errors';

/**
 * Runs `work` alone among all tabs; null is given to it where another tab holds the lock. Where the browser gives the
 * site no locks (blocked site data) nothing is shared with other tabs either, and `work` simply runs.
 */
export async function withTabLock<T>(name: string, work: (isHeld: boolean) => Promise<T>): Promise<T> {
  if (!(await hasLocks())) return work(true);
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => work(lock !== null));
}

/** Resolves when no tab holds the lock any more. */
export async function whenTabLockIsFree(name: string): Promise<void> {
  if (await hasLocks()) await navigator.locks.request(name, { mode: 'shared' }, () => undefined);
}

let answer: Promise<boolean> | undefined;

/** Whether the Web Locks API is there and may be used. */
export function hasLocks(): Promise<boolean> {
  answer ??= (async () => {
    if (!('locks' in navigator)) return false;
    try {
      await navigator.locks.request('framesift-probe', { mode: 'shared' }, () => undefined);
      return true;
    } catch (error) {
      if (property(error, 'name') === 'SecurityError') return false;
      throw error;
    }
  })();
  return answer;
}
