import { apportion } from './apportion';
import { frameEvidence, logOdds, medianOf, populationEvidence, smoothWithin } from './evidence';
import { checkInput } from './input';
import { rangeOf, topRows } from './ranking';
import type { RowSpan, SelectionInput, SelectionStrategy, Verdict } from './selection';
import { frameCosine } from './similarity';
import { mostBlocks, type Stretch, stretchesOf } from './stretches';
import { uniformRows } from './uniform-rows';

/** What `auto` decides by; how its numbers were found is in docs/decisions/022-picks-follow-the-ranking.md. */
export interface AutoParameters {
  /** Log-odds by which the mean evidence must change within a shot for the shot to be cut in two. */
  leastStep: number;
  /** A stretch's share of the frames follows log-odds of slope · (its evidence − share · evidence of the best stretch). */
  slope: number;
  share: number;
  /** A frame this much less likely (log-odds) than the best of its stretch is taken only when no others are left. */
  margin: number;
  /** A stretch answers beside the best one when its evidence is above share · evidence of the best stretch + answerLevel. */
  answerLevel: number;
  /** Share of the frames that must answer for the question to be about the whole clip. */
  wholeShare: number;
  /** Log-odds by which the best stretch must stand out from the clip's median frame to be ranked clearly. */
  clearRise: number;
  /** Share of that rise which a stretch must have to stand out with the best. */
  clearShare: number;
}

/** As fitted by `npm run eval:tune` on the training half, and on the half of real clips that is for tuning. */
export const AUTO_PARAMETERS: AutoParameters = {
  leastStep: 1.5,
  slope: 1.36,
  share: 0.22,
  margin: 2,
  answerLevel: -0.4,
  wholeShare: 0.6,
  clearRise: 2,
  clearShare: 0.6,
};

/** Cosine from which two frames show the same place: of different scenes 95 of 100 pairs are below 0.47 (decision 019). */
const SAME_PLACE_COSINE = 0.5;

/** Frames that the best one is compared with, evenly spread: a few milliseconds. */
const PLACE_FRAMES = 4096;

/** The level "possible" of the bundled model, for scores that come without likelihoods. */
const POSSIBLE = 0.25;

/**
 * Decides what the question is about, and shares the frames out by it. The clip is cut into stretches (see
 * stretchesOf); a stretch's share follows from its own evidence and from the best stretch's, because what is a good match
 * in one clip is the second best in another. Frames are shared out in proportion (see apportion): a clear moment gets all,
 * several as many each. Within a stretch they are spread over its frames that are about as good as its best.
 *
 * The verdict does not change the frames: where it says that nothing is there, the frames are still the best there are.
 *
 * [Note: Two kinds of evidence] *Known to be there* is absolute: the calibrated log-odds of the best stretch. *Ranked
 * clearly* is the clip's own: how far the best frame stands out from those of the same place, in the same unit, so that what
 * looks the same in every frame counts for nothing. The first alone says that something is there; both together say that nothing is;
 * what is between is `perhaps`. Both come from cosines by the model's calibration, so that a better model, whose slope is
 * steeper, moves them without a number here being changed.
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
      const quotas = apportion(
        sharesOf(stretches, parameters),
        stretches.map(({ startRow, endRow }) => endRow - startRow + 1),
        wanted,
      );
      const smooth = smoothWithin(stretches, evidence);
      return {
        rows: stretches.flatMap((stretch, index) =>
          spreadOver(stretch, quotas[index]!, smooth, parameters.margin),
        ),
        verdict: isFlat(input.likelihoods) ? judgeFlat(input) : judge(input, stretches, evidence, parameters),
      };
    },
  };
}

export const auto = autoWith(AUTO_PARAMETERS);

function highestEvidence(stretches: readonly Stretch[]): number {
  return stretches.reduce((highest, { evidence }) => Math.max(highest, evidence), -Infinity);
}

/** What each stretch is to get of the frames, 0…1, given that something in the clip answers. */
function sharesOf(stretches: readonly Stretch[], { slope, share }: AutoParameters): number[] {
  const highest = highestEvidence(stretches);
  return stretches.map(({ evidence }) => 1 / (1 + Math.exp(-slope * (evidence - share * highest))));
}

/**
 * Rows of a stretch, ascending: of those within `margin` of its best, or of the best `quota` where these are fewer, the best
 * of each of `quota` equal parts.
 */
function spreadOver(
  { startRow, endRow }: RowSpan,
  quota: number,
  evidence: Float64Array,
  margin: number,
): number[] {
  if (quota === 0) return [];
  const [best = startRow] = topRows(evidence, 1, startRow, endRow + 1);
  const least = evidence[best]! - margin;
  const rows: number[] = [];
  for (let row = startRow; row <= endRow; row += 1) if (evidence[row]! >= least) rows.push(row);
  if (rows.length < quota) return topRows(evidence, quota, startRow, endRow + 1).sort((a, b) => a - b);
  const startOf = (part: number): number => Math.floor((part * rows.length) / quota);
  return Array.from({ length: quota }, (_, part) =>
    rows
      .slice(startOf(part), startOf(part + 1))
      .reduce((chosen, row) => (evidence[row]! > evidence[chosen]! ? row : chosen)),
  );
}

/** See [Note: Two kinds of evidence]. */
function judge(
  input: SelectionInput,
  stretches: readonly Stretch[],
  evidence: Float64Array,
  parameters: AutoParameters,
): Verdict {
  const { levels, likelihoods } = input;
  const [bestRow = 0] = topRows(evidence, 1);
  const best = evidence[bestRow]!;
  const known = likelihoods ? best : null;
  const shots = shotsCompared(input, 1 + (stretches.at(-1)?.shot ?? 0));
  // Of many shots the best is good by chance.
  const least = logOdds(levels?.possible ?? POSSIBLE) + (levels?.perScenes ?? 0) * Math.log(shots);
  if (highestEvidence(stretches) >= least) {
    return { ...answering(input, stretches, parameters), evidence: known };
  }
  const middle = medianOf(populationEvidence(input) ?? evidence);
  const rise = best - middle;
  const isClear = rise >= parameters.clearRise;
  if (
    levels &&
    best < logOdds(levels.unlikely) &&
    riseInPlace(input, evidence, bestRow) < parameters.clearRise
  ) {
    return { kind: 'absent', spans: [], evidence: known };
  }
  const outstanding = stretches.filter((one) => one.evidence >= middle + parameters.clearShare * rise);
  const spans = isClear ? joined(outstanding) : [];
  return { kind: 'perhaps', spans, evidence: known };
}

/**
 * How far the best frame stands out from the frames that look like it: what came into a picture that stayed the same.
 * Scenes that look different say nothing here, since any question fits some better than others.
 */
function riseInPlace(input: SelectionInput, evidence: Float64Array, bestRow: number): number {
  const frames = input.scores.length;
  const step = Math.ceil(frames / PLACE_FRAMES);
  const alike: number[] = [];
  for (let row = 0; row < frames; row += step) {
    if (frameCosine(input, row, bestRow) >= SAME_PLACE_COSINE) alike.push(evidence[row]!);
  }
  return alike.length === 0 ? 0 : evidence[bestRow]! - medianOf(Float64Array.from(alike));
}

/** Shots that the best one is the best of: where only the best clips are here, the others have as many for their frames. */
function shotsCompared({ scores, population, dimension }: SelectionInput, shots: number): number {
  if (!population) return shots;
  return Math.max(shots, Math.min(mostBlocks(dimension), (shots * population.frames) / scores.length));
}

/** Which stretches answer, given that the best one does. */
function answering(
  { levels, scores, population }: SelectionInput,
  stretches: readonly Stretch[],
  { share, answerLevel, wholeShare }: AutoParameters,
): Pick<Verdict, 'kind' | 'spans'> {
  const highest = highestEvidence(stretches);
  // A stretch may get frames; but it is not said to answer what its own frames are called weak matches of.
  const least = levels ? logOdds(levels.possible) : -Infinity;
  const members = stretches.filter(
    ({ evidence }) => evidence >= highest || (evidence >= share * highest + answerLevel && evidence >= least),
  );
  const frames = members.reduce((sum, { startRow, endRow }) => sum + endRow - startRow + 1, 0);
  if (frames >= wholeShare * (population?.frames ?? scores.length)) return wholeOf(scores.length);
  const spans = joined(members);
  return { kind: spans.length === 1 ? 'moment' : 'several', spans };
}

/** Stretches in time order, those that touch as one. */
function joined(stretches: readonly RowSpan[]): RowSpan[] {
  const spans: RowSpan[] = [];
  for (const { startRow, endRow } of stretches) {
    const last = spans.at(-1);
    if (last?.endRow === startRow - 1) last.endRow = endRow;
    else spans.push({ startRow, endRow });
  }
  return spans;
}

function wholeOf(frames: number): Pick<Verdict, 'kind' | 'spans'> {
  return { kind: 'whole', spans: [{ startRow: 0, endRow: frames - 1 }] };
}

function isFlat(numbers: Float32Array | null): boolean {
  return numbers !== null && rangeOf(numbers).isFlat;
}

/** The verdict on frames that cannot be told apart. */
function judgeFlat({ scores, likelihoods, levels }: SelectionInput): Verdict {
  if (scores.length === 0) return { kind: 'absent', spans: [], evidence: null };
  if (!likelihoods || !levels) return { kind: 'perhaps', spans: [], evidence: null };
  const { highest } = rangeOf(likelihoods);
  const evidence = logOdds(highest);
  if (highest >= levels.possible) return { ...wholeOf(scores.length), evidence };
  return { kind: highest < levels.unlikely ? 'absent' : 'perhaps', spans: [], evidence };
}
