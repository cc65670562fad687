/**
 * `npm run eval:tune -- FOLDER`: where the numbers of `auto`, and of the published strategies it is compared with, come
 * from. FOLDER is what `npm run eval:select -- --export FOLDER` wrote; only its training half is opened.
 *
 * Fits the log-odds that a stretch answers by logistic regression over all stretches of all questions that have an
 * answer, and shows how little or much each other number matters, one at a time.
 */
import type { MatchLevels } from '@/lib/ports/encoder';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aksWith } from '@/lib/select/aks';
import { auto, AUTO_PARAMETERS, autoWith, type AutoParameters } from '@/lib/select/auto';
import { boltWith } from '@/lib/select/bolt';
import { frameEvidence } from '@/lib/select/evidence';
import { mmrWith } from '@/lib/select/mmr';
import type { SelectionStrategy } from '@/lib/select/selection';
import { STRATEGIES } from '@/lib/select/strategies';
import { stretchesOf } from '@/lib/select/stretches';
import type { Case } from './cases';
import { KINDS, type QuestionKind, type Span } from './clip-file';
import { compare, contenderOf, COUNTS, evaluate, meanOf, type Contender, type Outcome } from './evaluate';

/** As written by exportCases. */
interface ExportedHalf {
  clips: {
    clipId: string;
    dimension: number;
    embeddings: string;
    timesMs: number[];
    levels: MatchLevels;
    questions: { text: string; kind: QuestionKind; spans: Span[]; scores: string; likelihoods: string }[];
  }[];
}

const SAID = ['moment', 'several', 'whole', 'perhaps', 'absent'] as const;

async function readTrainingHalf(folder: string): Promise<Case[]> {
  const floats = async (name: string): Promise<Float32Array> =>
    new Float32Array(new Uint8Array(await readFile(join(folder, name))).buffer);
  const { clips } = JSON.parse(await readFile(join(folder, 'cases-train.json'), 'utf8')) as ExportedHalf;
  const cases: Case[] = [];
  for (const { clipId, dimension, levels, timesMs, embeddings: file, questions } of clips) {
    const embeddings = await floats(file);
    for (const { text, kind, spans, scores, likelihoods } of questions) {
      cases.push({
        clipId,
        half: 'train',
        question: { text, kind, spans },
        embeddings,
        dimension,
        timesMs: Float64Array.from(timesMs),
        scores: await floats(scores),
        likelihoods: await floats(likelihoods),
        levels,
      });
    }
  }
  return cases;
}

/** Weights of a logistic regression by Newton's method; the first column of `rows` is 1. */
function fitLogistic(rows: readonly number[][], labels: readonly number[]): number[] {
  const size = rows[0]!.length;
  let weights = Array<number>(size).fill(0);
  for (let step = 0; step < 50; step += 1) {
    // Gaussian elimination of [Hessian | gradient].
    const system = Array.from({ length: size }, () => Array<number>(size + 1).fill(0));
    rows.forEach((row, index) => {
      const logit = row.reduce((sum, value, at) => sum + value * weights[at]!, 0);
      const likely = 1 / (1 + Math.exp(-logit));
      row.forEach((value, at) => {
        row.forEach((other, beside) => (system[at]![beside]! += likely * (1 - likely) * value * other));
        system[at]![size]! += (labels[index]! - likely) * value;
      });
    });
    for (let pivot = 0; pivot < size; pivot += 1) {
      for (let at = 0; at < size; at += 1) {
        if (at === pivot) continue;
        const factor = system[at]![pivot]! / system[pivot]![pivot]!;
        system[at] = system[at]!.map((value, beside) => value - factor * system[pivot]![beside]!);
      }
    }
    weights = weights.map((weight, at) => weight + system[at]![size]! / system[at]![at]!);
  }
  return weights;
}

/** Share and answer level of `auto` for stretches cut with `leastStep`, and the slope of the same fit. */
function fitOdds(
  cases: readonly Case[],
  leastStep: number,
): Pick<AutoParameters, 'slope' | 'share' | 'answerLevel'> {
  const rows: number[][] = [];
  const labels: number[] = [];
  for (const one of cases) {
    const { question, timesMs } = one;
    if (question.spans.length === 0) continue;
    const stretches = stretchesOf(one, frameEvidence(one), leastStep);
    const best = Math.max(...stretches.map(({ evidence }) => evidence));
    for (const { startRow, endRow, evidence } of stretches) {
      const middleMs = timesMs[(startRow + endRow) >> 1]!;
      rows.push([1, evidence, best]);
      labels.push(
        question.spans.some(({ startMs, endMs }) => middleMs >= startMs && middleMs < endMs) ? 1 : 0,
      );
    }
  }
  const [constant = 0, slope = 0, ofBest = 0] = fitLogistic(rows, labels);
  return { slope, share: -ofBest / slope, answerLevel: -constant / slope };
}

function row(name: string, outcomes: readonly Outcome[], against?: readonly Outcome[]): string {
  const means = COUNTS.map((count) => meanOf(outcomes, count, 'combined'));
  const cells = means.map((mean, index) => {
    const difference = against && compare(against, outcomes, COUNTS[index]!);
    const interval = difference && ` (${difference.low.toFixed(3)} … ${difference.high.toFixed(3)})`;
    return `${mean.toFixed(3)}${interval ?? ''}`;
  });
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return `| ${[name, ...cells, mean.toFixed(4)].join(' | ')} |`;
}

function head(name: string): string {
  return `\n| ${name} | ${COUNTS.map((count) => `N = ${count}`).join(' | ')} | mean |\n|---${'|--:'.repeat(COUNTS.length + 1)}|`;
}

function verdicts(outcomes: readonly Outcome[]): string {
  const rows = KINDS.map((kind) => {
    const own = outcomes.filter((outcome) => outcome.case.question.kind === kind);
    const counts = SAID.map((said) => own.filter(({ verdict }) => verdict === said).length);
    return `| ${[kind, ...counts].join(' | ')} |`;
  });
  return [`| is \\ said | ${SAID.join(' | ')} |`, `|---${'|--:'.repeat(SAID.length)}|`, ...rows].join('\n');
}

const { positionals } = parseArgs({ allowPositionals: true });
const [folder] = positionals;
if (folder === undefined) {
  throw new Error('Say which folder "npm run eval:select -- --export FOLDER" wrote.');
}
const cases = await readTrainingHalf(folder);
const outcomesOf = (strategy: SelectionStrategy): Outcome[] => evaluate(contenderOf(strategy), cases);
const withAuto = (changes: Partial<AutoParameters>): Outcome[] =>
  outcomesOf(autoWith({ ...AUTO_PARAMETERS, ...changes }));

console.log(
  `Training half: ${cases.length} questions, ${new Set(cases.map(({ clipId }) => clipId)).size} clips.`,
);
for (const leastStep of [1, AUTO_PARAMETERS.leastStep, 2]) {
  const { slope, share, answerLevel } = fitOdds(cases, leastStep);
  console.log(
    `Fitted with leastStep ${leastStep}: slope ${slope.toFixed(2)}, share ${share.toFixed(2)}, answerLevel ${answerLevel.toFixed(2)}`,
  );
}
const middles: number[] = [];
const deviations: number[] = [];
for (const one of cases) {
  const sorted = frameEvidence(one).toSorted();
  const middle = sorted[sorted.length >> 1]!;
  middles.push(middle);
  deviations.push(1.4826 * sorted.map((value) => Math.abs(value - middle)).sort()[sorted.length >> 1]!);
}
const meanOfAll = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
console.log(
  `Evidence of a clip's frames: median ${meanOfAll(middles).toFixed(1)}, robust deviation ${meanOfAll(deviations).toFixed(1)}`,
);

const own = withAuto({});
console.log(head('strategy (95 % of auto minus it)'));
console.log(row('auto', own));
for (const strategy of STRATEGIES.slice(1)) console.log(row(strategy.id, outcomesOf(strategy), own));
console.log(`\n${verdicts(own)}`);

console.log(head('auto with'));
console.log(row('the fitted odds', withAuto(fitOdds(cases, AUTO_PARAMETERS.leastStep))));
for (const leastStep of [1, 1.5, 2, 3, 99])
  console.log(row(`leastStep ${leastStep}`, withAuto({ leastStep })));
for (const slope of [1, 1.35, 1.7, 2.1, 2.5]) console.log(row(`slope ${slope}`, withAuto({ slope })));
for (const share of [0, 0.25, 0.5]) console.log(row(`share ${share}`, withAuto({ share })));
for (const margin of [0.25, 0.5, 1, 2]) console.log(row(`margin ${margin}`, withAuto({ margin })));
const unrated: Contender = {
  ...contenderOf(auto),
  choose: (one, count) => auto.select({ ...one, likelihoods: null, levels: null }, count),
};
console.log(row('no likelihoods', evaluate(unrated, cases)));
for (const wholeShare of [0.5, 0.6, 0.7, 0.8]) {
  console.log(`\nwholeShare ${wholeShare}:\n${verdicts(withAuto({ wholeShare }))}`);
}

console.log(head('the others with'));
for (const threshold of [0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.8]) {
  console.log(row(`AKS, threshold ${threshold}`, outcomesOf(aksWith(threshold)), own));
}
for (const alpha of [1, 2.5, 3, 4, 5, 6, 8])
  console.log(row(`BOLT, α ${alpha}`, outcomesOf(boltWith(alpha)), own));
for (const lambda of [0.3, 0.5, 0.6, 0.7, 0.8, 0.9]) {
  console.log(row(`MMR, λ ${lambda}`, outcomesOf(mmrWith(lambda)), own));
}
