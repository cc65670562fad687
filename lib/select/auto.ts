import { apportion } from './apportion';
import { frameEvidence, logOdds } from './evidence';
import { checkInput } from './input';
import { rangeOf } from './ranking';
import type { RowSpan, SelectionInput, SelectionStrategy, Verdict } from './selection';
import { bestRow, type Stretch, stretchesOf } from './stretches';
import { uniformRows } from './uniform-rows';

/** What `auto` decides by; how its numbers were found is in docs/decisions/016-auto-selection.md. */
export interface AutoParameters {
  /** Log-odds by which the mean evidence must change within a shot for the shot to be cut in two. */
  leastStep: number;
  /** A stretch answers with log-odds of slope · (its evidence − share · evidence of the best stretch − level). */
  slope: number;
  share: number;
  level: number;
  /** Share of the frames that must answer for the question to be about the whole clip. */
  wholeShare: number;
}

/** The three of the log-odds are as fitted by `npm run eval:tune` on the training half. */
export const AUTO_PARAMETERS: AutoParameters = {
  leastStep: 1.5,
  slope: 1.36,
  share: 0.22,
  level: -1.57,
  wholeShare: 0.6,
};

/** The level "possible" of the bundled model, for scores that come without likelihoods. */
const POSSIBLE = 0.25;

/**
 * Decides what the question is about, and shares the frames out by it. The clip is cut into stretches (see
 * stretchesOf); a stretch's likelihood to answer follows from its own evidence and from the best stretch's, because
 * what is a good match in one clip is the second best in another. Each stretch gets frames in proportion to that
 * likelihood (see apportion), spread over it: a clear moment gets nearly all, several as many each, a doubtful match
 * shares with the next best, and what the best ones have no room for goes on down the ranking.
 *
 * The verdict does not change the frames: where it wrongly says "absent", as it does for every fifth question of the
 * evaluation, the frames are still the best there are.
 *
 * Related work: DIG (arXiv 2512.04000) asks first whether a question is about the whole clip; AKS (arXiv 2502.21271)
 * weighs relevance against coverage by splitting time; KFS-Bench (arXiv 2512.14017) measures what this aims at.
 */
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
      if (isFlat(input.scores)) {
        return { rows: uniformRows(frames, wanted), verdict: judgeFlat(input) };
      }
      const evidence = frameEvidence(input);
      const stretches = stretchesOf(input, evidence, parameters.leastStep);
      const odds = answerOdds(stretches, parameters);
      const quotas = apportion(
        odds.map((logit) => 1 / (1 + Math.exp(-logit))),
        stretches.map(({ startRow, endRow }) => endRow - startRow + 1),
        wanted,
      );
      return {
        rows: stretches.flatMap((stretch, index) => spreadOver(stretch, quotas[index]!, evidence)),
        verdict: isFlat(input.likelihoods)
          ? judgeFlat(input)
          : judge(input, stretches, odds, parameters.wholeShare),
      };
    },
  };
}

export const auto = autoWith(AUTO_PARAMETERS);

function highestEvidence(stretches: readonly Stretch[]): number {
  return stretches.reduce((highest, { evidence }) => Math.max(highest, evidence), -Infinity);
}

/** Log-odds that each stretch answers, given that something in the clip does. */
function answerOdds(stretches: readonly Stretch[], { slope, share, level }: AutoParameters): number[] {
  const highest = highestEvidence(stretches);
  return stretches.map(({ evidence }) => slope * (evidence - share * highest - level));
}

/** The best row of each of `quota` equal parts of a stretch, ascending. */
function spreadOver({ startRow, endRow }: RowSpan, quota: number, evidence: Float64Array): number[] {
  const length = endRow - startRow + 1;
  const startOf = (part: number): number => startRow + Math.floor((part * length) / quota);
  return Array.from({ length: quota }, (_, part) => bestRow(evidence, startOf(part), startOf(part + 1)));
}

function judge(
  { levels, scores }: SelectionInput,
  stretches: readonly Stretch[],
  odds: readonly number[],
  wholeShare: number,
): Verdict {
  const whole: Verdict = { kind: 'whole', spans: [{ startRow: 0, endRow: scores.length - 1 }] };
  const highest = highestEvidence(stretches);
  const least = logOdds(levels?.possible ?? POSSIBLE);
  if (highest < least) {
    // Without likelihoods nobody knows whether anything fits; that nothing stands out is all there is to say.
    return levels ? { kind: 'absent', spans: [] } : whole;
  }
  const spans: RowSpan[] = [];
  let answering = 0;
  stretches.forEach(({ startRow, endRow, evidence }, index) => {
    if (odds[index]! < 0 && evidence < highest) return;
    // It may get frames; but it is not said to answer what its own frames are called weak matches of.
    if (levels && evidence < least) return;
    answering += endRow - startRow + 1;
    const last = spans.at(-1);
    if (last?.endRow === startRow - 1) last.endRow = endRow;
    else spans.push({ startRow, endRow });
  });
  if (answering >= wholeShare * scores.length) return whole;
  return { kind: spans.length === 1 ? 'moment' : 'several', spans };
}

function isFlat(numbers: Float32Array | null): boolean {
  return numbers !== null && rangeOf(numbers).isFlat;
}

/** The verdict on frames that cannot be told apart. */
function judgeFlat({ scores, likelihoods, levels }: SelectionInput): Verdict {
  const isLikely = !likelihoods || !levels || rangeOf(likelihoods).highest >= levels.possible;
  const isThere = scores.length > 0 && isLikely;
  if (!isThere) return { kind: 'absent', spans: [] };
  return { kind: 'whole', spans: [{ startRow: 0, endRow: scores.length - 1 }] };
}
