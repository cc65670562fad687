import type { Answers, AskedQuestion, Half, LibraryQuestion } from './answers';
import type { Asker } from './asker';
import { averagePrecision, labelAt, shareInside, type Label } from './measures';

/** Frames asked for; the verdict is of the second. */
export const COUNTS = [4, 8] as const;

/** What `auto` is compared with: the plain best by cosine. */
export const PLAIN = 'top-k';

/** What came of one question about one clip. */
export interface Outcome {
  file: string;
  half: Half;
  question: AskedQuestion;
  /** Null where every frame answers or none does. */
  ap: number | null;
  /** Share of frames that answer: the AP of a ranking by chance. */
  chance: number | null;
  /** Share of picks inside by count, in the order of COUNTS. */
  inside: (number | null)[];
  plainInside: (number | null)[];
  verdict: string | null;
  evidence: number;
  /** Of every frame whose label is known. */
  frames: { score: number; likelihood: number | null; shows: boolean }[];
  /** Of the frames shown, for the largest count. */
  shown: { likelihood: number | null; shows: boolean }[];
}

export interface LibraryOutcome {
  question: LibraryQuestion;
  /** Whether the best frame is of a right clip, and whether one is among the best three clips. */
  isFirst: boolean;
  isInThree: boolean;
  share: number;
  plainShare: number;
  verdict: string | null;
}

export async function judgeQuestion(
  asker: Asker,
  file: string,
  half: Half,
  question: AskedQuestion,
): Promise<Outcome> {
  const inside: (number | null)[] = [];
  const plainInside: (number | null)[] = [];
  let last: Awaited<ReturnType<Asker['ask']>> | undefined;
  let labels: Label[] = [];
  for (const count of COUNTS) {
    const answer = await asker.ask([file], question.text, 'auto', count);
    const plain = await asker.ask([file], question.text, PLAIN, count);
    labels = answer.scored[0]!.timesMs.map((timeMs) => labelAt(question, timeMs));
    const positives = labels.filter(Boolean).length;
    const isPart = positives > 0 && labels.some((label) => label === false);
    const share = ({ frames }: typeof answer): number | null =>
      isPart
        ? shareInside(
            frames.map(({ timeMs }) => labelAt(question, timeMs)),
            positives,
          )
        : null;
    inside.push(share(answer));
    plainInside.push(share(plain));
    last = answer;
  }
  const { scored, verdict, frames } = last!;
  const { scores, likelihoods } = scored[0]!;
  const known = labels.flatMap((label, row) => (label === null ? [] : [{ label, row }]));
  const ap = averagePrecision(scores, labels);
  return {
    file,
    half,
    question,
    ap,
    chance: ap === null ? null : known.filter(({ label }) => label).length / known.length,
    inside,
    plainInside,
    verdict: verdict?.kind ?? null,
    evidence: verdict?.evidence ?? Number.NaN,
    frames: known.map(({ label, row }) => ({
      score: scores[row]!,
      likelihood: likelihoods?.[row] ?? null,
      shows: label,
    })),
    shown: frames.flatMap(({ timeMs, likelihood }) => {
      const label = labelAt(question, timeMs);
      return label === null ? [] : [{ likelihood, shows: label }];
    }),
  };
}

const LIBRARY_COUNT = 8;
const BEST_CLIPS = 3;

export async function judgeLibrary(
  asker: Asker,
  { clips }: Answers,
  question: LibraryQuestion,
): Promise<LibraryOutcome> {
  const files = clips.map(({ file }) => file);
  const answer = await asker.ask(files, question.text, 'auto', LIBRARY_COUNT);
  const plain = await asker.ask(files, question.text, PLAIN, LIBRARY_COUNT);
  const isRight = ({ file }: { file: string }): boolean => question.files.includes(file);
  const share = (frames: readonly { file: string }[]): number =>
    frames.filter(isRight).length / frames.length;
  const ranking = answer.scored
    .map(({ file, scores }) => ({ file, best: Math.max(...scores) }))
    .sort((a, b) => b.best - a.best);
  return {
    question,
    isFirst: isRight(ranking[0]!),
    isInThree: ranking.slice(0, BEST_CLIPS).some(isRight),
    share: share(answer.frames),
    plainShare: share(plain.frames),
    verdict: answer.verdict?.kind ?? null,
  };
}
