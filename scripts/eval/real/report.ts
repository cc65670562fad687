import { areaUnderCurve, meanOfKnown, reliability } from './measures';
import { COUNTS, type LibraryOutcome, type Outcome } from './judge';

/** One line a question. */
export function questionTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(
    ({ file, half, question, ap, chance, inside, plainInside, verdict, evidence }) => [
      half,
      file,
      question.text,
      question.kind,
      `${figure(ap)} (${figure(chance)})`,
      ...inside.map((share, index) => `${figure(share)} (${figure(plainInside[index]!)})`),
      verdict ?? '–',
      figure(evidence),
    ],
  );
  const head = [
    'half',
    'clip',
    'question',
    'it is',
    'AP (chance)',
    ...COUNTS.map((count) => `of ${count} inside (plain)`),
    'said',
    'evidence',
  ];
  return table(head, rows);
}

export function libraryTable(outcomes: readonly LibraryOutcome[]): string {
  const rows = outcomes.map(({ question, isFirst, isInThree, share, plainShare, verdict }) => [
    question.half,
    question.text,
    isFirst ? 'yes' : 'no',
    isInThree ? 'yes' : 'no',
    `${figure(share)} (${figure(plainShare)})`,
    verdict ?? '–',
  ]);
  return table(
    ['half', 'question of all clips', 'right clip first', 'in the best three', 'share of 8 (plain)', 'said'],
    rows,
  );
}

/** All figures of some questions. */
export function summary(
  name: string,
  outcomes: readonly Outcome[],
  library: readonly LibraryOutcome[],
): string {
  const there = outcomes.filter(({ question }) => question.kind !== 'absent');
  const not = outcomes.filter(({ question }) => question.kind === 'absent');
  const clips = new Set(outcomes.map(({ file }) => file)).size;
  const parts = [
    `## ${name}: ${outcomes.length} questions over ${clips} clips, ${there.length} about what is there, ${not.length} about what is not`,
    table(
      ['measure', 'value'],
      [
        [
          `mean AP of the ranking (${there.filter(({ ap }) => ap !== null).length} questions)`,
          figure(meanOfKnown(there.map(({ ap }) => ap))),
        ],
        ['the same by chance', figure(meanOfKnown(there.map(({ chance }) => chance)))],
        ...COUNTS.flatMap((count, index) => [
          [
            `of ${count} picks inside, of as many as can be`,
            figure(meanOfKnown(there.map(({ inside }) => inside[index]!))),
          ],
          [
            `the same for the plain best ${count}`,
            figure(meanOfKnown(there.map(({ plainInside }) => plainInside[index]!))),
          ],
        ]),
        [
          'AUC of the verdict’s evidence',
          figure(
            areaUnderCurve(
              there.map(({ evidence }) => evidence),
              not.map(({ evidence }) => evidence),
            ),
          ),
        ],
      ],
    ),
    verdictTable(there, not),
    reliabilityTable(
      'all frames',
      outcomes.flatMap(({ frames }) => frames),
    ),
    reliabilityTable(
      'frames shown',
      outcomes.flatMap(({ shown }) => shown),
    ),
  ];
  if (library.length > 0) {
    const count = (test: (outcome: LibraryOutcome) => boolean): string =>
      `${library.filter(test).length} of ${library.length}`;
    parts.push(
      table(
        ['all clips as one library', 'value'],
        [
          ['right clip first', count(({ isFirst }) => isFirst)],
          ['right clip among the best three', count(({ isInThree }) => isInThree)],
          ['share of 8 frames from it', figure(meanOfKnown(library.map(({ share }) => share)))],
          ['the same for the plain best 8', figure(meanOfKnown(library.map(({ plainShare }) => plainShare)))],
        ],
      ),
    );
  }
  return parts.join('\n\n');
}

function verdictTable(there: readonly Outcome[], not: readonly Outcome[]): string {
  const kinds = ['moment', 'several', 'whole', 'perhaps', 'absent'];
  const groups: [string, readonly Outcome[]][] = [
    ...['moment', 'several', 'whole'].map((kind): [string, readonly Outcome[]] => [
      kind,
      there.filter(({ question }) => question.kind === kind),
    ]),
    ['there', there],
    ['not there', not],
  ];
  const share = (members: readonly Outcome[], said: (verdict: string | null) => boolean): string =>
    members.length === 0
      ? '–'
      : `${Math.round((100 * members.filter(({ verdict }) => said(verdict)).length) / members.length)} %`;
  const rows = groups.map(([name, members]) => [
    name,
    String(members.length),
    ...kinds.map((kind) => String(members.filter(({ verdict }) => verdict === kind).length)),
    share(members, (verdict) => verdict !== 'absent' && verdict !== 'perhaps'),
    share(members, (verdict) => verdict === 'perhaps'),
    share(members, (verdict) => verdict === 'absent'),
  ]);
  return table(
    ['it is', 'questions', ...kinds.map((kind) => `says ${kind}`), 'said to be there', 'perhaps', 'nothing'],
    rows,
  );
}

function reliabilityTable(
  name: string,
  frames: readonly { likelihood: number | null; shows: boolean }[],
): string {
  const rated = frames.flatMap(({ likelihood, shows }) =>
    likelihood === null ? [] : [{ likelihood, shows }],
  );
  const bins = reliability(
    rated.map(({ likelihood }) => likelihood),
    rated.map(({ shows }) => shows),
  );
  if (bins.length === 0) return `No likelihoods (${name}).`;
  const rows = bins.map(({ from, frames: count, said, shows }) => [
    `${Math.round(100 * from)}–${Math.round(100 * from) + 10} %`,
    String(count),
    `${(100 * said).toFixed(0)} %`,
    `${(100 * shows).toFixed(0)} %`,
  ]);
  return table([`likelihood, ${name}`, 'frames', 'said', 'true'], rows);
}

function figure(value: number | null): string {
  return value === null || Number.isNaN(value) ? '–' : value.toFixed(3);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
