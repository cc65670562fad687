import { checkInput } from './input';
import { rangeOf } from './ranking';
import type { SelectionInput, SelectionStrategy } from './selection';
import { uniformRows } from './uniform-rows';

/**
 * A strategy that gives no verdict. `choose` is asked only when there is a choice: 0 < count < frames and scores that
 * differ. Flat scores say nothing, so the answer to them is the clip spread evenly, whatever the strategy.
 *
 * @param choose gives `count` different rows in any order
 */
export function simpleStrategy(
  about: Pick<SelectionStrategy, 'id' | 'name' | 'summary'>,
  choose: (input: SelectionInput, count: number) => number[],
): SelectionStrategy {
  return {
    ...about,
    select(input, count) {
      checkInput(input, count);
      const frames = input.scores.length;
      const isChoice = count > 0 && count < frames && !rangeOf(input.scores).isFlat;
      const rows = isChoice ? choose(input, count) : uniformRows(frames, count);
      return { rows: rows.sort((a, b) => a - b), verdict: null };
    },
  };
}
