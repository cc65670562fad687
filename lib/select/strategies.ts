import type { SelectionStrategy, StrategyId } from './selection';

const make = (id: StrategyId, name: string, summary: string): SelectionStrategy => ({
  id,
  name,
  summary,
  select: () => ({ rows: [], verdict: null }),
});
export const STRATEGIES: readonly SelectionStrategy[] = [
  make('auto', 'Automatic', 'Decides by itself whether a moment, several or the whole clip answers.'),
  make('uniform', 'Evenly spaced', 'Ignores the question.'),
  make('top-k', 'Best scores', 'The highest scores, however alike.'),
];
