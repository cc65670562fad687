/*
 * What of a library a page is told: pure functions over numbers, without the library itself.
 */

/**
 * Takes from several rankings in turn, each time the best that is not taken yet, until `count` are taken or none is left.
 *
 * @param rankings best first
 */
export function takeInTurn<T>(rankings: readonly (readonly T[])[], count: number): T[] {
  const taken = new Set<T>();
  const next = rankings.map(() => 0);
  for (let isLeft = true; isLeft && taken.size < count;) {
    isLeft = false;
    rankings.forEach((ranking, i) => {
      while (next[i]! < ranking.length && taken.has(ranking[next[i]!]!)) next[i]! += 1;
      if (next[i]! >= ranking.length || taken.size >= count) return;
      taken.add(ranking[next[i]!]!);
      isLeft = true;
    });
  }
  return [...taken];
}

/** Things by the highest of their scores, best first; of equal ones the one whose name comes first. */
export function rankByBest<T>(scores: ReadonlyMap<T, Iterable<number>>, nameOf: (thing: T) => string): T[] {
  const best = new Map<T, number>();
  for (const [thing, own] of scores) {
    let most = -Infinity;
    for (const score of own) most = Math.max(most, score);
    best.set(thing, most);
  }
  return [...best.keys()].sort((a, b) => best.get(b)! - best.get(a)! || (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** `count` numbers from 0 to `total` − 1, spread evenly, rising; all where there are not more. */
export function spreadEvenly(total: number, count: number): number[] {
  if (total <= count) return Array.from({ length: total }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => Math.floor((i * total) / count));
}

/**
 * Rows whose vectors a page is sent, rising: half of them those that score best, for each of `scores` in turn, and half spread
 * evenly over the others, so that it sees what is between.
 */
export function chooseRows(scores: readonly Float32Array[], count: number): number[] {
  const total = scores[0]?.length ?? 0;
  if (total <= count) return spreadEvenly(total, count);
  const best = Math.ceil(count / 2);
  const rankings = scores.map((values) =>
    [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b).slice(0, best),
  );
  const taken = new Set(takeInTurn(rankings, best));
  const others = [...scores[0]!.keys()].filter((row) => !taken.has(row));
  for (const i of spreadEvenly(others.length, count - best)) taken.add(others[i]!);
  return [...taken].sort((a, b) => a - b);
}

/** The `place`-th largest number; −∞ where there are not so many. */
export function largest(values: Float32Array, place: number): number {
  return values.length < place ? -Infinity : values.toSorted()[values.length - place]!;
}
