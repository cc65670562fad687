/**
 * `npm run eval:real -- --clips FOLDER --answers FILE`: what the page makes of real clips and questions that people have
 * answered by eye. See README.md in this folder.
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { Progress } from './progress';
import { readAnswers, type Answers, type Half } from './real/answers';
import type { Asker } from './real/asker';
import { askByEmbeddings } from './real/embeddings';
import { judgeLibrary, judgeQuestion, type LibraryOutcome, type Outcome } from './real/judge';
import { askByPage } from './real/page';
import { libraryTable, questionTable, summary } from './real/report';

const { values } = parseArgs({
  options: {
    /** Folder of the clips that the answers name. */
    clips: { type: 'string' },
    /** Questions and answers; may be given more than once. */
    answers: { type: 'string', multiple: true },
    /** The page's model; the bundled one without it. */
    model: { type: 'string' },
    /** A model's folder: from vectors alone, without a browser. */
    embeddings: { type: 'string' },
    half: { type: 'string', default: 'all' },
    /** Write every outcome here, for other programs. */
    json: { type: 'string' },
  },
});

async function main(): Promise<void> {
  const { clips, answers: paths, embeddings, half, model } = values;
  if (clips === undefined || !paths) {
    throw new FramesiftError('bad-input', 'Say --clips FOLDER and --answers FILE.');
  }
  if (half !== 'all' && half !== 'tune' && half !== 'test') {
    throw new FramesiftError('bad-input', `--half is tune, test or all, not ${half}.`);
  }
  if (embeddings !== undefined && model !== undefined) {
    throw new FramesiftError(
      'bad-input',
      '--model is the page’s, --embeddings goes without the page: say one.',
    );
  }
  const folder = resolve(clips);
  const answers = await readAnswers(paths.map((path) => resolve(path)));
  const files = answers.clips.map(({ file }) => file);
  const progress = new Progress(files.length, 'clips read');
  try {
    if (embeddings === undefined) {
      await askByPage(folder, files, model, progress, async (asker, refused) => {
        progress.stop();
        for (const file of refused)
          console.log(`The page could not read ${file}; its questions are left out.`);
        const isRead = ({ file }: { file: string }): boolean => !refused.includes(file);
        await evaluateAll(asker, { ...answers, clips: answers.clips.filter(isRead) }, half);
      });
      return;
    }
    const asker = await askByEmbeddings(folder, files, resolve(embeddings), progress);
    progress.stop();
    await evaluateAll(asker, answers, half).finally(() => asker.close());
  } finally {
    progress.stop();
  }
}

async function evaluateAll(asker: Asker, answers: Answers, half: Half | 'all'): Promise<void> {
  const isAsked = (of: Half): boolean => half === 'all' || half === of;
  const outcomes: Outcome[] = [];
  for (const clip of answers.clips) {
    if (!isAsked(clip.half)) continue;
    for (const question of clip.questions) {
      outcomes.push(await judgeQuestion(asker, clip.file, clip.half, question));
    }
  }
  const library: LibraryOutcome[] = [];
  const isThere = (file: string): boolean => answers.clips.some((clip) => clip.file === file);
  for (const question of answers.libraryQuestions) {
    if (isAsked(question.half) && question.files.some(isThere)) {
      library.push(await judgeLibrary(asker, answers, question));
    }
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
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify({ outcomes, library }));
}

try {
  await main();
} catch (error) {
  console.error(toFramesiftError(error).message);
  process.exitCode = 1;
}
