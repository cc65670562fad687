import { Refusal } from './refusal';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5 * 60 * 1000;

/**
 * How long to wait after so many failures in a row, in milliseconds: a second at first, five minutes at most, a random part of it
 * left out so that devices do not come back all at once. A server that says how long is waited for so long at least.
 *
 * @param random gives numbers in [0, 1)
 */
export function waitAfterFailure(failures: number, error: unknown, random: () => number): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  const asked = error instanceof Refusal ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(asked, longest * (0.5 + random() / 2));
}
