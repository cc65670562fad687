import { checkInput } from './input';
import { topUp } from './ranking';
import type { SelectionInput } from './selection';
import { comparisonPool, frameCosine } from './similarity';
import { simpleStrategy } from './simple-strategy';

/** The server drops frames below this cosine. */
const MIN_COSINE = 0.2;

/** The server skips a frame whose cosine with a picked one is above this. */
const MAX_SIMILARITY = 0.92;

/**
 * What the server gives, for comparison: walks down the ranking, from the best frame to a cosine of 0.2, and skips
 * frames that are nearly the same as a picked one. It looks at no times and fills nothing up, so fewer than `count` come
 * back when the clip matches weakly or repeats itself. Of a very large collection only the frames that can be compared
 * in time are walked (see comparisonPool).
 *
 * @returns at most `count` rows, best first
 * @throws RangeError as a strategy does
 */
export function serverPicks(input: SelectionInput, count: number): number[] {
  checkInput(input, count);
  const { dimension, scores } = input;
  const picked: number[] = [];
  for (const row of comparisonPool(scores, dimension, count)) {
    if (picked.length === count || scores[row]! < MIN_COSINE) break;
    if (picked.every((other) => frameCosine(input, row, other) <= MAX_SIMILARITY)) picked.push(row);
  }
  return picked;
}

/** The server's picks, and the next best of the other frames in the places that it leaves empty. */
export const server = simpleStrategy(
  {
    id: 'server',
    name: 'As the server does',
    summary:
      'The best frames without near-duplicates, as the server picks them; places it leaves are filled up.',
  },
  (input, count) => topUp(serverPicks(input, count), input.scores, count),
);
