import { apportion } from './apportion';
import { frameEvidence, logOdds } from './evidence';
import { checkInput } from './input';
import { rangeOf } from './ranking';
import type { RowSpan, SelectionInput, SelectionStrategy, Verdict } from './selection';
import { bestRow, type Stretch, stretchesOf } from './stretches';
import { uniformRows } from './uniform-rows';

export interface AutoParameters {
  /** Log-odds by which the mean evidence must change within a shot for the shot to be split. */
  leastStep: number;
  /** Log-odds that a stretch answers: slope · (its evidence − share · the best stretch's evidence − level). */
  slope: number;
  share: number;
  level: number;
  /** Share of the frames that must answer for the question to be about the whole clip. */
  wholeShare: number;
}

export const AUTO_PARAMETERS: AutoParameters = {
  leastStep: 1.5,
  slope: 1.25,
  share: 0.25,
  level: -1.85,
  wholeShare: 0.6,
};

export function autoWith(parameters: AutoParameters): SelectionStrategy {
  return {
    id: 'auto',
    name: 'Automatic',
    summary:
      'Finds out whether the answer is a moment, several or the whole clip, and shares the frames out.',
    select(input, count) {
      checkInput(input, count);
      const frames = input.scores.length;
      const wanted = Math.min(count, frames);
      if (rangeOf(input.scores).isFlat) {
        return { rows: uniformRows(frames, wanted), verdict: flatVerdict(input) };
      }
      const evidence = frameEvidence(input);
      const stretches = stretchesOf(input, evidence, parameters.leastStep);
      const odds = answerOdds(stretches, parameters);
      const quotas = apportion(
        odds.map((logit) => 1 / (1 + Math.exp(-logit))),
        stretches.map(({ startRow, endRow }) => endRow - startRow + 1),
        wanted,
      );
      const rows = stretches.flatMap((stretch, index) => spreadOver(stretch, quotas[index]!, evidence));
      return { rows, verdict: judge(input, stretches, odds, parameters) };
    },
  };
}

export const auto = autoWith(AUTO_PARAMETERS);

function answerOdds(stretches: readonly Stretch[], { slope, share, level }: AutoParameters): number[] {
  const best = stretches.reduce((highest, { evidence }) => Math.max(highest, evidence), -Infinity);
  return stretches.map(({ evidence }) => slope * (evidence - share * best - level));
}

/** The best row of each of `quota` equal parts of a stretch, ascending. */
function spreadOver({ startRow, endRow }: RowSpan, quota: number, evidence: Float64Array): number[] {
  const length = endRow - startRow + 1;
  return Array.from({ length: quota }, (_, part) =>
    bestRow(
      evidence,
      startRow + Math.floor((part * length) / quota),
      startRow + Math.floor(((part + 1) * length) / quota),
    ),
  );
}

function judge(
  { levels, scores }: SelectionInput,
  stretches: readonly Stretch[],
  odds: readonly number[],
  { wholeShare }: AutoParameters,
): Verdict {
  const best = stretches.reduce((highest, { evidence }) => Math.max(highest, evidence), -Infinity);
  const isThere = best >= logOdds(levels?.possible ?? 0.25);
  const whole: RowSpan = { startRow: 0, endRow: scores.length - 1 };
  if (!isThere) return levels ? { kind: 'absent', spans: [] } : { kind: 'whole', spans: [whole] };
  const spans: RowSpan[] = [];
  let answering = 0;
  stretches.forEach(({ startRow, endRow, evidence }, index) => {
    if (odds[index]! < 0 && evidence < best) return;
    answering += endRow - startRow + 1;
    const last = spans.at(-1);
    if (last && last.endRow + 1 === startRow) last.endRow = endRow;
    else spans.push({ startRow, endRow });
  });
  if (answering >= wholeShare * scores.length) return { kind: 'whole', spans: [whole] };
  return { kind: spans.length === 1 ? 'moment' : 'several', spans };
}

function flatVerdict({ scores, likelihoods, levels }: SelectionInput): Verdict {
  const frames = scores.length;
  if (frames === 0) return { kind: 'absent', spans: [] };
  const isThere = !likelihoods || !levels || logOdds(likelihoods[0]!) >= logOdds(levels.possible);
  return isThere
    ? { kind: 'whole', spans: [{ startRow: 0, endRow: frames - 1 }] }
    : { kind: 'absent', spans: [] };
}
