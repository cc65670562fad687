/**
 * `npm run eval:real -- --clips FOLDER --answers FILE`: what the page makes of real clips and questions that people have
 * answered by eye. See README.md in this folder.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { Progress } from './progress';
import { readAnswers, type Half } from './real/answers';
import { askByEmbeddings } from './real/embeddings';
import { judgeLibrary, judgeQuestion, type LibraryOutcome, type Outcome } from './real/judge';
import { libraryTable, questionTable, summary } from './real/report';

const { values } = parseArgs({
  options: {
    /** Folder of the clips that the answers name. */
    clips: { type: 'string' },
    /** Questions and answers; may be given more than once. */
    answers: { type: 'string', multiple: true },
    /** A model's folder: from vectors alone, without a browser. */
    embeddings: { type: 'string' },
    half: { type: 'string', default: 'all' },
    /** Write every outcome here, for other programs. */
    json: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const { clips: folder, answers: paths, embeddings, half, json } = values;
  if (folder === undefined || !paths)
    throw new FramesiftError('bad-input', 'Say --clips FOLDER and --answers FILE.');
  if (half !== 'all' && half !== 'tune' && half !== 'test') {
    throw new FramesiftError('bad-input', `--half is tune, test or all, not ${half}.`);
  }
  if (embeddings === undefined) throw new FramesiftError('bad-input', 'Say --embeddings MODELDIR.');
  const answers = await readAnswers(paths.map((path) => resolve(path)));
  const progress = new Progress(answers.clips.length, 'clips read');
  const asker = await askByEmbeddings(
    resolve(folder),
    answers.clips.map(({ file }) => file),
    resolve(embeddings),
    progress,
  ).finally(() => progress.stop());
  try {
    const isAsked = (of: Half): boolean => half === 'all' || half === of;
    const outcomes: Outcome[] = [];
    for (const clip of answers.clips) {
      if (!isAsked(clip.half)) continue;
      for (const question of clip.questions) {
        outcomes.push(await judgeQuestion(asker, clip.file, clip.half, question));
      }
    }
    const library: LibraryOutcome[] = [];
    for (const question of answers.libraryQuestions) {
      if (isAsked(question.half)) library.push(await judgeLibrary(asker, answers, question));
    }
    console.log(`Model: ${asker.model}\n`);
    console.log(questionTable(outcomes));
    if (library.length > 0) console.log(`\n${libraryTable(library)}`);
    const halves = half === 'all' ? (['all', 'tune', 'test'] as const) : [half];
    for (const name of halves) {
      const isOf = (of: Half): boolean => name === 'all' || name === of;
      const own = outcomes.filter((outcome) => isOf(outcome.half));
      console.log(
        `\n${summary(
          name,
          own,
          library.filter(({ question }) => isOf(question.half)),
        )}`,
      );
    }
    if (json !== undefined) await writeFile(json, JSON.stringify({ outcomes, library }));
  } finally {
    await asker.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(toFramesiftError(error).message);
  process.exitCode = 1;
}
