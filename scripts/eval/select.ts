/**
 * `npm run eval:select`: how well each way of choosing frames finds what questions ask for. Makes clips with known
 * scenes, reads and embeds them as the page does, asks, and prints a report in Markdown. See README.md in this folder.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { STRATEGIES } from '@/lib/select/strategies';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { repositoryPath } from '../sample-clip/host/browser';
import { ClipBrowser } from './browser';
import { CACHE, FrameReader, makeCases, openEmbedder, type Case } from './cases';
import type { ClipFile } from './clip-file';
import { readClipsFolder } from './clips-folder';
import { Composer, readSample } from './compose';
import { readPictures } from './data/pictures';
import { planClips } from './data/plan';
import { contenderOf, evaluate, TRUTH } from './evaluate';
import { exportCases } from './export';
import { Progress } from './progress';
import { writeReport } from './report';
import { replaceBetweenMarkers } from '../host/markers';

const BENCHMARKS = 'docs/benchmarks.md';
const MARKER = 'eval:select';

const { values } = parseArgs({
  options: {
    /** Folder of captions.jsonl.gz and its zips. */
    data: { type: 'string', default: repositoryPath('../shared/data') },
    /** Evaluate the clips of this folder instead of made ones. */
    clips: { type: 'string' },
    /** Write the made clips and their descriptions here, to be looked at. */
    save: { type: 'string' },
    /** Write vectors, scores and truth here, for other programs. */
    export: { type: 'string' },
    /** Put the report into docs/benchmarks.md. */
    write: { type: 'boolean', default: false },
  },
});

interface Source {
  truth: ClipFile;
  read: () => Promise<Buffer>;
}

async function collectCases(): Promise<Case[]> {
  const sample = await readSample();
  const browser = new ClipBrowser(sample);
  const embedder = await openEmbedder();
  try {
    const reader = new FrameReader(browser, embedder);
    let sources: Source[];
    if (values.clips === undefined) {
      const data = resolve(values.data);
      const plans = planClips(await readPictures(data), sample.scenes);
      const composer = await Composer.open(browser, plans, data, sample);
      sources = plans.map((plan) => ({ truth: plan.truth, read: () => composer.compose(plan) }));
    } else {
      sources = await readClipsFolder(resolve(values.clips));
    }
    const cases: Case[] = [];
    const progress = new Progress(sources.length, 'clips');
    let current = '';
    try {
      for (const { truth, read } of sources) {
        current = truth.id;
        progress.note(current);
        const file = await read();
        if (values.save !== undefined) await saveClip(values.save, truth, file);
        cases.push(...(await makeCases({ truth, ...(await reader.read(file)) }, embedder)));
        progress.add(1);
      }
    } catch (error) {
      const { code, message } = toFramesiftError(error);
      throw new FramesiftError(code, `${current}: ${message}`, { cause: error });
    } finally {
      progress.stop();
    }
    return cases;
  } finally {
    await browser.close();
    await embedder.close();
  }
}

async function saveClip(folder: string, truth: ClipFile, file: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, truth.file), file);
  await writeFile(join(folder, `${truth.id}.json`), `${JSON.stringify(truth, null, 2)}\n`);
}

try {
  console.error(`What is made is kept in ${CACHE}.`);
  const cases = await collectCases();
  if (values.export !== undefined) await exportCases(values.export, cases);
  const contenders = STRATEGIES.flatMap((strategy) =>
    strategy.id === 'auto' ? [contenderOf(strategy), contenderOf(strategy, false)] : [contenderOf(strategy)],
  );
  contenders.push(TRUTH);
  const scored = contenders.map((contender) => ({ contender, outcomes: evaluate(contender, cases) }));
  const report = writeReport(scored, cases);
  console.log(report);
  if (values.write) {
    const path = repositoryPath(BENCHMARKS);
    const document = replaceBetweenMarkers(await readFile(path, 'utf8'), MARKER, report);
    const style = await resolveConfig(path);
    await writeFile(path, await format(document, { ...style, filepath: path }));
    console.error(`Written into ${BENCHMARKS}.`);
  }
} catch (error) {
  console.error(toFramesiftError(error).message);
  process.exitCode = 1;
}
