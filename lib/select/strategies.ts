import { aks } from './aks';
import { auto } from './auto';
import { binned } from './binned';
import { bolt } from './bolt';
import { mmr } from './mmr';
import type { SelectionStrategy } from './selection';
import { server } from './server';
import { topK } from './top-k';
import { uniform } from './uniform';

/** Every way to choose frames, in the order in which the page lists them. */
export const STRATEGIES: readonly SelectionStrategy[] = [auto, uniform, topK, binned, mmr, aks, bolt, server];

/** The strategy of that id, or undefined: an id may come from a stored setting or a file. */
export function findStrategy(id: string): SelectionStrategy | undefined {
  return STRATEGIES.find((strategy) => strategy.id === id);
}
