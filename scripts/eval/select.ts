/**
 * `npm run eval:select`: how well each way of choosing frames finds what questions ask for. Makes clips with known
 * scenes, reads and embeds them as the page does, asks, and prints a report in Markdown. See README.md in this folder.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { STRATEGIES } from '@/lib/select/strategies';
import { toFramesiftError } from '@/lib/shared/errors';
import { repositoryPath } from '../sample-clip/host/browser';
import { CACHE, makeCases, openEmbedder, type Case } from './cases';
import { contenderOf, evaluate, TRUTH } from './evaluate';
import { exportCases } from './export';
import { readClips } from './read-clips';
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

async function collectCases(): Promise<Case[]> {
  const embedder = await openEmbedder();
  try {
    const cases: Case[] = [];
    for (const clip of await readClips(values, embedder)) cases.push(...(await makeCases(clip, embedder)));
    return cases;
  } finally {
    await embedder.close();
  }
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
