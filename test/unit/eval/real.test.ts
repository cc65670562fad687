import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnswers, type AskedQuestion } from '@/scripts/eval/real/answers';
import {
  areaUnderCurve,
  averagePrecision,
  labelAt,
  meanOfKnown,
  reliability,
  shareInside,
} from '@/scripts/eval/real/measures';

const question = (over: Partial<AskedQuestion>): AskedQuestion => ({
  text: 'a car',
  kind: 'moment',
  spans: [[2, 4]],
  unsure: [[3, 5]],
  ...over,
});

describe('labelAt', () => {
  it.each([
    ['before the span', question({}), 1999, false],
    ['at its start', question({}), 2000, true],
    ['where a span and an unsure one overlap', question({}), 3500, true],
    ['at its end, which is unsure', question({}), 4000, null],
    ['after both', question({}), 5000, false],
    ['in an unsure part of a whole question', question({ kind: 'whole', spans: [[0, 9]] }), 3500, null],
    ['where nothing answers', question({ kind: 'absent', spans: [], unsure: [] }), 0, false],
  ])('%s', (_, asked, timeMs, label) => {
    expect(labelAt(asked, timeMs)).toBe(label);
  });
});

describe('averagePrecision', () => {
  it.each([
    ['a perfect ranking', [0.1, 0.9, 0.8], [false, true, true], 1],
    ['the worst one', [0.9, 0.2, 0.1], [false, true, true], (1 / 2 + 2 / 3) / 2],
    ['frames nobody can call', [0.9, 0.2, 0.1], [null, true, false], 1],
    ['nothing that answers', [0.9, 0.2], [false, false], null],
    ['nothing else', [0.9, 0.2], [true, true], null],
  ])('%s', (_, scores, labels, value) => {
    const ap = averagePrecision(scores, labels);
    if (value === null) expect(ap).toBeNull();
    else expect(ap).toBeCloseTo(value, 12);
  });
});

describe('shareInside', () => {
  it.each([
    ['all that can be', [true, true, false, false], 2, 1],
    ['half of what can be', [true, false, false, false], 2, 0.5],
    ['picks that nobody can call left out', [true, null, null, false], 9, 0.5],
    ['no pick that can be judged', [null], 3, null],
  ])('%s', (_, picks, positives, share) => {
    expect(shareInside(picks, positives)).toBe(share);
  });
});

it('areaUnderCurve counts pairs, ties half', () => {
  expect(areaUnderCurve([0.9, 0.5], [0.5, 0.1])).toBe(3.5 / 4);
  expect(areaUnderCurve([], [1])).toBeNull();
});

it('reliability sets what is said beside what is true, tenth by tenth', () => {
  expect(reliability([0.05, 0.91, 1], [false, true, false])).toEqual([
    { from: 0, frames: 1, said: 0.05, shows: 0 },
    { from: 0.9, frames: 2, said: (0.91 + 1) / 2, shows: 0.5 },
  ]);
});

it('meanOfKnown leaves out what is not known', () => {
  expect(meanOfKnown([1, null, 0])).toBe(0.5);
  expect(meanOfKnown([null])).toBeNull();
});

describe('readAnswers', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'framesift-answers-'))));
  afterAll(() => rm(folder, { recursive: true }));
  const write = async (name: string, json: unknown): Promise<string> => {
    await writeFile(join(folder, name), JSON.stringify(json));
    return join(folder, name);
  };
  const present = { text: 'a car', kind: 'whole', spans: [[0, 1]] };

  it('deals clips to halves in turn unless they say theirs, and adds questions to a clip that is known', async () => {
    const first = await write('first.json', {
      clips: [
        { file: 'a.mp4', questions: [present] },
        { file: 'b.mp4', questions: [present] },
        { file: 'c.mp4', half: 'test', questions: [] },
      ],
      libraryQuestions: [{ text: 'a car', clips: ['b.mp4', 'a.mp4'] }],
    });
    const second = await write('second.json', {
      clips: [{ file: 'b.mp4', questions: [{ text: 'a dog', kind: 'absent', spans: [] }] }],
    });
    const { clips, libraryQuestions } = await readAnswers([first, second]);
    expect(clips.map(({ file, half, questions }) => [file, half, questions.length])).toEqual([
      ['a.mp4', 'tune', 1],
      ['b.mp4', 'test', 2],
      ['c.mp4', 'test', 0],
    ]);
    expect(libraryQuestions).toEqual([{ text: 'a car', files: ['b.mp4', 'a.mp4'], half: 'test' }]);
  });

  it.each([
    [
      'a kind that does not fit its spans',
      { clips: [{ file: 'a', questions: [{ ...present, kind: 'absent' }] }] },
    ],
    [
      'a library question about another clip',
      { clips: [{ file: 'a', questions: [] }], libraryQuestions: [{ text: 'x', clips: ['b'] }] },
    ],
  ])('refuses %s and names the file', async (_, json) => {
    const path = await write('wrong.json', json);
    await expect(readAnswers([path])).rejects.toThrow(path);
  });
});
