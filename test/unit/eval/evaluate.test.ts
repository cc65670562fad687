import { describe, expect, it } from 'vitest';
import type { SelectionStrategy } from '@/lib/select/selection';
import type { Case } from '@/scripts/eval/cases';
import type { Question } from '@/scripts/eval/clip-file';
import { compare, contenderOf, COUNTS, evaluate, meanOf, TRUTH } from '@/scripts/eval/evaluate';
import { writeReport } from '@/scripts/eval/report';

const FRAMES = 60;

function makeCase(
  clipId: string,
  half: Case['half'],
  kind: Question['kind'],
  ...spans: [number, number][]
): Case {
  return {
    clipId,
    half,
    question: {
      text: `${kind} in ${clipId}`,
      kind,
      spans: spans.map(([start, end]) => ({ startMs: start * 1000, endMs: end * 1000 })),
    },
    embeddings: new Float32Array(FRAMES * 2).fill(Math.SQRT1_2),
    dimension: 2,
    timesMs: Float64Array.from({ length: FRAMES }, (_, second) => second * 1000 + 500),
    scores: new Float32Array(FRAMES),
    likelihoods: new Float32Array(FRAMES),
    levels: { unlikely: 0.02, possible: 0.3, strong: 0.7 },
  };
}

/** Chooses rows by a rule, and says of everything that it is a moment. */
function strategy(
  id: SelectionStrategy['id'],
  rowAt: (index: number, count: number) => number,
): SelectionStrategy {
  return {
    id,
    name: id,
    summary: '',
    select: (_, count) => ({
      rows: Array.from({ length: count }, (__, index) => rowAt(index, count)),
      verdict: id === 'auto' ? { kind: 'moment', spans: [], evidence: null } : null,
    }),
  };
}

/** The clip's first frames. */
const early = strategy('uniform', (index) => index);
/** The frames from 40 s, or from where as many as wanted remain. */
const late = strategy('auto', (index, count) => Math.min(28, FRAMES - count) + index);

const CASES = [
  makeCase('a', 'test', 'moment', [30, 60]),
  makeCase('a', 'test', 'absent'),
  makeCase('b', 'test', 'moment', [30, 60]),
  makeCase('c', 'test', 'several', [0, 4], [30, 40]),
  makeCase('d', 'train', 'moment', [0, 32]),
];

describe('evaluate', () => {
  it('measures every count for questions with an answer and only hears the verdict of the others', () => {
    const outcomes = evaluate(contenderOf(late), CASES);
    expect(outcomes.map(({ measures }) => [...measures.keys()])).toEqual([
      [...COUNTS],
      [],
      [...COUNTS],
      [...COUNTS],
      [...COUNTS],
    ]);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(Array.from(CASES, () => 'moment'));
    // Rows 28 to 35: six of eight from 30 s on.
    expect(outcomes[0]!.measures.get(8)).toMatchObject({ keyFrameRate: 0.75, sceneHitRate: 1, balance: 1 });
  });

  it.each([
    { name: 'too few frames', rowAt: () => 0, count: (wanted: number) => wanted - 1 },
    { name: 'a frame twice', rowAt: () => 3, count: (wanted: number) => wanted },
    { name: 'frames out of order', rowAt: (index: number) => 50 - index, count: (wanted: number) => wanted },
    {
      name: 'a frame that is not there',
      rowAt: (index: number) => 58 + index,
      count: (wanted: number) => wanted,
    },
  ])('refuses a strategy that gives $name', ({ rowAt, count }) => {
    const wrong: SelectionStrategy = {
      ...early,
      select: (_, wanted) => ({
        rows: Array.from({ length: count(wanted) }, (__, index) => rowAt(index)),
        verdict: null,
      }),
    };
    expect(() => evaluate(contenderOf(wrong), CASES)).toThrow(
      /uniform did not choose 4 different frames of a/,
    );
  });

  it('keeps likelihoods from a strategy that is to do without', () => {
    const seen: boolean[] = [];
    const looking: SelectionStrategy = {
      ...late,
      select: (input, count) => {
        seen.push(input.likelihoods === null && input.levels === null);
        return late.select(input, count);
      },
    };
    evaluate(contenderOf(looking), CASES.slice(0, 1));
    evaluate(contenderOf(looking, false), CASES.slice(0, 1));
    expect(seen).toEqual([false, false, false, false, false, true, true, true, true, true]);
  });

  it('compares question by question', () => {
    const ours = evaluate(contenderOf(late), CASES);
    const theirs = evaluate(contenderOf(early), CASES);
    const { mean, low, high } = compare(ours, theirs, 8)!;
    const difference = meanOf(ours, 8, 'combined') - meanOf(theirs, 8, 'combined');
    expect(mean).toBeCloseTo(difference, 12);
    expect(low).toBeLessThanOrEqual(mean);
    expect(high).toBeGreaterThanOrEqual(mean);
    expect(compare(ours.slice(1, 2), theirs.slice(1, 2), 8)).toBeNull();
    expect(() => compare(ours, theirs.slice(1), 8)).toThrow(RangeError);
  });
});

describe('writeReport', () => {
  const scored = [contenderOf(late), contenderOf(early), TRUTH].map((contender) => ({
    contender,
    outcomes: evaluate(contender, CASES),
  }));

  it('has the set, both halves, the comparison and the verdicts', () => {
    const report = writeReport(scored, CASES);
    expect(report).toContain('| test | 3 | 180 | 4 | 2 | 1 | 0 | 1 |');
    expect(report).toContain('| train | 1 | 60 | 1 | 1 | 0 | 0 | 0 |');
    const rows = report.split('\n').filter((line) => line.startsWith('| auto |'));
    expect(rows).toHaveLength(2);
    // Test half, N = 8: 0.75 twice, and of the third question's scenes one is hit, by six of eight.
    const third = Math.cbrt(0.75 * 0.5 * (10 / Math.hypot(4, 10)));
    expect(rows[0]!.split(' | ')[2]).toBe(((2 * Math.cbrt(0.75) + third) / 3).toFixed(3));
    expect(report).toMatch(
      /“not here” of 0 of 1 \(0 %\) things that are not there, and wrongly of 0 of 3 \(0 %\)/,
    );
  });

  it('says where it is not ahead', () => {
    const report = writeReport(scored, CASES);
    // The early frames hit the first of the several scenes alone, the late ones the second: a single clip's interval.
    expect(report).toMatch(/- All questions: \d of 4 intervals lie above 0; not against uniform at N = .*32/);
    expect(report).toMatch(/- `moment`: 4 of 4 intervals lie above 0\./);
    expect(report).not.toContain('`whole`:');
  });

  it('says so when auto is missing', () => {
    expect(writeReport(scored.slice(1), CASES)).toContain('`auto` is not among the strategies');
  });
});
