import { checkInput } from './input';
import { topRows } from './ranking';
import type { Selection, SelectionInput } from './selection';
import { comparisonPool, frameCosine } from './similarity';

/** A replacement above this cosine with another pick shows the same again; see NEAR_DUPLICATE_COSINE. */
const MAX_SIMILARITY = 0.92;

/** What a person changed about a selection, by row of the input. */
export interface SelectionEdits {
  /** Always in. */
  pinned: readonly number[];
  /** Never in; in the order in which they were dropped. */
  dropped: readonly number[];
}

export interface EditedSelection {
  /**
   * min(count, frames − dropped) different rows, ascending; with more pins than that, the pins.
   */
  rows: number[];
  /** What stands in the place of a pick that was dropped. A pick whose place a pin took has no entry. */
  replacedBy: ReadonlyMap<number, number>;
}

/**
 * A selection with a person's changes. Whatever was not touched stays: a dropped pick is replaced by the best frame
 * that is left, and of those that fit the question by one that looks unlike every other pick if there is one; a pin
 * beyond `count` pushes out the lowest-scored pick that is not pinned (the later one of equals).
 *
 * @param input what `selection` was chosen from
 * @throws RangeError when a row is not in the input, or both pinned and dropped, and as a strategy does
 */
export function applyEdits(
  selection: Selection,
  input: SelectionInput,
  count: number,
  edits: SelectionEdits,
): EditedSelection {
  checkInput(input, count);
  const { dimension, scores, likelihoods, levels } = input;
  const pinned = new Set(edits.pinned);
  const dropped = new Set(edits.dropped);
  for (const row of [...selection.rows, ...pinned, ...dropped]) {
    if (!Number.isInteger(row) || row < 0 || row >= scores.length) {
      throw new RangeError(`Row ${row} is not one of ${scores.length} frames.`);
    }
  }
  for (const row of pinned) {
    if (dropped.has(row)) throw new RangeError(`Row ${row} is both pinned and dropped.`);
  }

  const chosen = new Set([...pinned, ...selection.rows.filter((row) => !dropped.has(row))]);
  const worstFirst = Array.from(chosen)
    .filter((row) => !pinned.has(row))
    .sort((a, b) => scores[a]! - scores[b]! || b - a);
  for (const row of worstFirst) {
    if (chosen.size <= count) break;
    chosen.delete(row);
  }

  const wanted = Math.min(count, scores.length - dropped.size);
  const vacant = Array.from(dropped).filter((row) => selection.rows.includes(row));
  const replacedBy = new Map<number, number>();
  if (chosen.size < wanted) {
    const isFree = (row: number): boolean => !chosen.has(row) && !dropped.has(row);
    const pool = comparisonPool(scores, dimension, count + dropped.size).filter(isFree);
    const anyway = topRows(scores, count + dropped.size + chosen.size).filter(isFree);
    const leastScore = selection.rows.reduce((least, row) => Math.min(least, scores[row]!), Infinity);
    // Something new that does not fit is no replacement.
    const fits = (row: number): boolean =>
      likelihoods && levels ? likelihoods[row]! >= levels.possible : scores[row]! >= leastScore;
    while (chosen.size < wanted) {
      const isNew = (row: number): boolean =>
        Array.from(chosen).every((other) => frameCosine(input, row, other) <= MAX_SIMILARITY);
      const row = pool.find((one) => isFree(one) && fits(one) && isNew(one)) ?? anyway.find(isFree)!;
      chosen.add(row);
      const place = vacant.shift();
      if (place !== undefined) replacedBy.set(place, row);
    }
  }
  return { rows: Array.from(chosen).sort((a, b) => a - b), replacedBy };
}

/** The rank of each of `rows` among them by score, in their order: 1 is the best, ties go to the earlier row. */
export function rankRows(rows: readonly number[], scores: Float32Array): number[] {
  const ranking = [...rows].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const rankOf = new Map(ranking.map((row, index) => [row, index + 1]));
  return rows.map((row) => rankOf.get(row)!);
}
