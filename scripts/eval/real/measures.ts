import type { AskedQuestion } from './answers';

/** Whether a frame shows what was asked; null where a person could say either. */
export type Label = boolean | null;

export function labelAt({ kind, spans, unsure }: AskedQuestion, timeMs: number): Label {
  const lies = (list: readonly (readonly [number, number])[]): boolean =>
    list.some(([start, end]) => timeMs >= start * 1000 && timeMs < end * 1000);
  const isUnsure = lies(unsure);
  if (kind === 'whole' && isUnsure) return null;
  if (lies(spans)) return true;
  return isUnsure ? null : false;
}

/**
 * Average precision of a ranking: mean of the precision at the rank of each frame that answers. Null where every
 * frame answers or none does.
 */
export function averagePrecision(scores: readonly number[], labels: readonly Label[]): number | null {
  const rows = [...labels.keys()].filter((row) => labels[row] !== null);
  const positives = rows.filter((row) => labels[row]).length;
  if (positives === 0 || positives === rows.length) return null;
  rows.sort((a, b) => scores[b]! - scores[a]! || a - b);
  let found = 0;
  let sum = 0;
  rows.forEach((row, rank) => {
    if (!labels[row]) return;
    found += 1;
    sum += found / (rank + 1);
  });
  return sum / positives;
}

/** Share of the picks that lie in what answers, of as many as can; picks that could be called either way are left out. */
export function shareInside(picks: readonly Label[], positives: number): number | null {
  const judged = picks.filter((label) => label !== null);
  const possible = Math.min(judged.length, positives);
  return possible === 0 ? null : judged.filter(Boolean).length / possible;
}

/** Probability that a value of `ours` is above one of `theirs`, ties counting half; null when one is empty. */
export function areaUnderCurve(ours: readonly number[], theirs: readonly number[]): number | null {
  if (ours.length === 0 || theirs.length === 0) return null;
  let sum = 0;
  for (const a of ours) for (const b of theirs) sum += a > b ? 1 : a === b ? 0.5 : 0;
  return sum / (ours.length * theirs.length);
}

export interface ReliabilityBin {
  /** Lower end of the tenth, 0…0.9. */
  from: number;
  frames: number;
  /** Mean of what is said. */
  said: number;
  /** Share that is true. */
  shows: number;
}

/** What is said to be how likely, by tenths, beside how often it is so. Empty tenths are left out. */
export function reliability(said: readonly number[], labels: readonly boolean[]): ReliabilityBin[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const rows = [...said.keys()].filter((row) => Math.min(9, Math.floor(said[row]! * 10)) === tenth);
    const mean = (valueOf: (row: number) => number): number =>
      rows.reduce((sum, row) => sum + valueOf(row), 0) / rows.length;
    return {
      from: tenth / 10,
      frames: rows.length,
      said: mean((row) => said[row]!),
      shows: mean((row) => Number(labels[row])),
    };
  }).filter(({ frames }) => frames > 0);
}

/** Mean of what there is; null of nothing. */
export function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
