import { KINDS, type QuestionKind } from './clip-file';
import type { Case } from './cases';
import { compare, COUNTS, meanOf, VERDICT_COUNT, type Contender, type Outcome } from './evaluate';

/** `auto` is to be better than these. */
const PEERS = ['uniform', 'top-k', 'aks', 'bolt'];
const PRESENT_KINDS: readonly QuestionKind[] = ['moment', 'several', 'whole'];
/** The parts of the combined measure are shown for so many frames. */
const PARTS_COUNT = 8;
/** What can be said, as the columns of the verdicts. */
const SAID = ['moment', 'several', 'whole', 'perhaps', 'absent'] as const;
const HALVES = ['test', 'train'] as const;

export interface Scored {
  contender: Contender;
  outcomes: Outcome[];
}

/** The whole report in Markdown. */
export function writeReport(scored: readonly Scored[], cases: readonly Case[]): string {
  const parts = [describeSet(cases)];
  for (const half of HALVES) {
    if (cases.some((one) => one.half === half))
      parts.push(`**${title(half)}**`, strategyTable(ofHalf(scored, half)));
  }
  const half = cases.some((one) => one.half === 'test') ? 'test' : 'train';
  const judged = ofHalf(scored, half);
  const auto = judged.find(({ contender }) => contender.id === 'auto');
  if (!auto)
    return [...parts, '`auto` is not among the strategies, so there is nothing to compare.'].join('\n\n');
  parts.push(comparison(auto, judged, half), verdicts(scored));
  return parts.join('\n\n');
}

function title(half: 'train' | 'test'): string {
  return half === 'test' ? 'Test half' : 'Train half (thresholds are tuned on it)';
}

function ofHalf(scored: readonly Scored[], half: 'train' | 'test'): Scored[] {
  return scored.map(({ contender, outcomes }) => ({
    contender,
    outcomes: outcomes.filter((outcome) => outcome.case.half === half),
  }));
}

function describeSet(cases: readonly Case[]): string {
  const rows = HALVES.flatMap((half) => {
    const members = cases.filter((one) => one.half === half);
    if (members.length === 0) return [];
    const clips = new Map(members.map((one) => [one.clipId, one.timesMs.length]));
    const seconds = [...clips.values()].reduce((sum, frames) => sum + frames, 0);
    const kinds = KINDS.map((kind) => members.filter(({ question }) => question.kind === kind).length);
    return [[half, clips.size, seconds, members.length, ...kinds]];
  });
  return table(['half', 'clips', 'frames', 'questions', ...KINDS], rows);
}

function strategyTable(scored: readonly Scored[]): string {
  const head = [
    'strategy',
    ...COUNTS.map((count) => `N = ${count}`),
    `key-frame rate, N = ${PARTS_COUNT}`,
    'scene hit rate',
    'balance',
    'UKSS',
  ];
  const rows = scored.map(({ contender, outcomes }) => [
    contender.id,
    ...COUNTS.map((count) => meanOf(outcomes, count, 'combined').toFixed(3)),
    ...(['keyFrameRate', 'sceneHitRate', 'balance', 'ukss'] as const).map((name) =>
      meanOf(outcomes, PARTS_COUNT, name).toFixed(3),
    ),
  ]);
  return table(head, rows);
}

/** `auto` against its peers, for all questions and for each kind of them. */
function comparison(auto: Scored, scored: readonly Scored[], half: string): string {
  const rows: (string | number)[][] = [];
  const notAhead: { kind: string; peer: string; count: number; isBehind: boolean }[] = [];
  for (const kind of [null, ...PRESENT_KINDS]) {
    const pick = (outcomes: readonly Outcome[]): Outcome[] =>
      outcomes.filter((outcome) => kind === null || outcome.case.question.kind === kind);
    const mine = pick(auto.outcomes);
    for (const peer of PEERS) {
      const theirs = scored.find(({ contender }) => contender.id === peer);
      if (!theirs || mine.length === 0) continue;
      const cells = COUNTS.map((count) => {
        const interval = compare(mine, pick(theirs.outcomes), count);
        if (!interval) return '–';
        const { mean, low, high } = interval;
        const text = `${signed(mean)} (${signed(low)} … ${signed(high)})`;
        if (low > 0) return text;
        notAhead.push({ kind: kind ?? 'all', peer, count, isBehind: high < 0 });
        return `*${text}*`;
      });
      rows.push([kind ?? 'all', peer, ...cells]);
    }
  }
  const verdict = ['all', ...PRESENT_KINDS].flatMap((kind) => {
    const compared = rows.filter(([name]) => name === kind).length * COUNTS.length;
    const members = notAhead.filter((one) => one.kind === kind);
    if (compared === 0) return [];
    const head = `${kind === 'all' ? 'All questions' : `\`${kind}\``}: ${compared - members.length} of ${compared} intervals lie above 0`;
    const peers = PEERS.flatMap((peer) => {
      const counts = members
        .filter((one) => one.peer === peer)
        .map(({ count, isBehind }) => `${count}${isBehind ? ' (behind)' : ''}`);
      return counts.length > 0 ? [`${peer} at N = ${counts.join(', ')}`] : [];
    });
    return [`- ${head}${peers.length > 0 ? `; not against ${peers.join('; ')}` : ''}.`];
  });
  return [
    `**\`auto\` less each other strategy, combined measure, ${half} half** (95 % interval, paired by question, bootstrap over clips)`,
    table(['questions', 'less', ...COUNTS.map((count) => `N = ${count}`)], rows),
    'In italics: not shown to be ahead.',
    verdict.join('\n'),
  ].join('\n\n');
}

/** What `auto` takes questions for, in rows by what they are. */
function verdicts(scored: readonly Scored[]): string {
  const parts: string[] = [];
  for (const half of HALVES) {
    const outcomes = ofHalf(scored, half).find(({ contender }) => contender.id === 'auto')?.outcomes ?? [];
    if (outcomes.length === 0) continue;
    const rows = KINDS.map((kind) => {
      const members = outcomes.filter((outcome) => outcome.case.question.kind === kind);
      const said = SAID.map((verdict) => members.filter((outcome) => outcome.verdict === verdict).length);
      return [kind, members.length, ...said];
    });
    const absent = outcomes.filter((outcome) => outcome.case.question.kind === 'absent');
    const present = outcomes.filter((outcome) => outcome.case.question.kind !== 'absent');
    const saidAbsent = (members: readonly Outcome[]): string => {
      const count = members.filter(({ verdict }) => verdict === 'absent').length;
      return `${count} of ${members.length} (${Math.round((100 * count) / Math.max(1, members.length))} %)`;
    };
    parts.push(
      `**What \`auto\` says, ${half} half** (N = ${VERDICT_COUNT}): “not here” of ${saidAbsent(absent)} things that are not there, and wrongly of ${saidAbsent(present)} that are.`,
      table(['it is', 'questions', ...SAID.map((kind) => `says ${kind}`)], rows),
    );
  }
  return parts.join('\n\n');
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, index) => (index === 0 ? '---' : '--:')));
  return [line(head), rule, ...rows.map(line)].join('\n');
}
