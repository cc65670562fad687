import { vi } from 'vitest';

/** Waits until an assertion holds. The time is a guard against what never comes: a busy machine must not fail a test. */
export const eventually = <T>(assertion: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(assertion, { timeout: 30_000 });
