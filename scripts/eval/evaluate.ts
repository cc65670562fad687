import type { SelectionStrategy, Verdict } from '@/lib/select/selection';
import type { Case } from './cases';
import { bootstrapMean, type Interval } from './bootstrap';
import { measure, selectByTruth, type Measures } from './measures';

export const COUNTS = [4, 8, 16, 32] as const;

/** The verdict is asked for with this many frames wanted. */
export const VERDICT_COUNT = 8;

/** What one strategy does with one question. */
export interface Outcome {
  case: Case;
  /** By frames wanted; empty for a question about something that is not there. */
  measures: Map<number, Measures>;
  verdict: Verdict['kind'] | null;
}

export interface Contender {
  /** As the report calls it. */
  id: string;
  choose: (one: Case, count: number) => { rows: readonly number[]; verdict: Verdict | null };
}

/** Knows the answers: what could be reached at best. */
export const TRUTH: Contender = {
  id: '*knows the truth*',
  choose: ({ timesMs, question }, count) => ({
    rows: selectByTruth(timesMs, question.spans, count),
    verdict: null,
  }),
};

/** @param isCalibrated whether the strategy is given likelihoods, which models that people bring do not have */
export function contenderOf(strategy: SelectionStrategy, isCalibrated = true): Contender {
  return {
    id: isCalibrated ? strategy.id : `${strategy.id}, no calibration`,
    choose: (one, count) => {
      const { embeddings, dimension, scores, timesMs } = one;
      const calibrated = isCalibrated ? one : { likelihoods: null, levels: null };
      const { likelihoods, levels } = calibrated;
      const { rows, verdict } = strategy.select(
        { embeddings, dimension, scores, timesMs, likelihoods, levels },
        count,
      );
      const wanted = Math.min(count, timesMs.length);
      const isInOrder = rows.every((row, index) => row > (rows[index - 1] ?? -1) && row < timesMs.length);
      if (rows.length !== wanted || !isInOrder) {
        throw new Error(
          `${strategy.id} did not choose ${wanted} different frames of ${one.clipId} in order.`,
        );
      }
      return { rows, verdict };
    },
  };
}

export function evaluate(contender: Contender, cases: readonly Case[]): Outcome[] {
  return cases.map((one) => {
    const measures = new Map<number, Measures>();
    const { spans } = one.question;
    if (spans.length > 0) {
      for (const count of COUNTS) {
        const picked = contender.choose(one, count).rows.map((row) => one.timesMs[row]!);
        measures.set(count, measure(picked, spans));
      }
    }
    return { case: one, measures, verdict: contender.choose(one, VERDICT_COUNT).verdict?.kind ?? null };
  });
}

/** Mean of a measure over the questions that have an answer in their clip. */
export function meanOf(outcomes: readonly Outcome[], count: number, name: keyof Measures): number {
  const values = outcomes.flatMap(({ measures }) => measures.get(count)?.[name] ?? []);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How much higher the combined measure is for `ours` than for `theirs`, question by question; null without questions. */
export function compare(
  ours: readonly Outcome[],
  theirs: readonly Outcome[],
  count: number,
): Interval | null {
  const differences: number[] = [];
  const clips: string[] = [];
  for (const [index, outcome] of ours.entries()) {
    const other = theirs[index];
    if (other?.case !== outcome.case) throw new RangeError('Both must be about the same questions.');
    const mine = outcome.measures.get(count);
    if (!mine) continue;
    differences.push(mine.combined - other.measures.get(count)!.combined);
    clips.push(outcome.case.clipId);
  }
  return differences.length > 0 ? bootstrapMean(differences, clips) : null;
}
