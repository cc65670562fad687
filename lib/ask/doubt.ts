import type { Answer } from '@/lib/ports/search';

/** Verdicts that say that the clip shows what was asked for; any other is a doubt. */
const SURE: ReadonlySet<string> = new Set(['moment', 'several', 'whole']);

/** Whether an answer says that nothing was found, or that the model is not sure. */
export function isDoubtful({ verdict, frames }: Pick<Answer, 'verdict' | 'frames'>): boolean {
  const [best] = frames;
  if (!best) return false;
  return verdict ? !SURE.has(verdict.kind) : best.strength === 'weak';
}
