/**
 * `npm run bench:search [-- --frames 100000 --clips 100 --strategy auto]`: fills the library of a real Chromium with
 * frames and times questions about all of them: the first, which reads and packs the vectors, then others.
 *
 * Vectors are made up: scenes of 50 frames about a random direction each, every tenth scene leaning towards one of
 * the questions as far as a picture of it would. Everything else is the built page: PGlite on OPFS, the workers,
 * the bundled model with its calibration. Its peer reads the same rows without a cache, as often as it is asked.
 */
import type { Answer, SearchTimings } from '@/lib/ports/search';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Page } from '@playwright/test';
import { findStrategy, STRATEGIES } from '@/lib/select/strategies';
import { openReady, withServedProfile } from '../host/served-page';

const QUESTIONS = [
  'a red car',
  'a dog',
  'a person',
  'a kitchen',
  'trees and grass',
  'a boat on the water',
  'a street at night',
  'a bicycle',
  'snow',
  'a man in a suit',
  'a cat',
  'a train',
  'a bird',
  'an airplane',
  'a bridge',
  'a tall building',
  'a horse',
  'children playing outside',
  'a fish',
  'a stage with lights',
  'a truck',
];
const [firstQuestion, ...laterQuestions] = QUESTIONS;

const FRAMES_PER_BATCH = 500;
const FRAMES_PER_SCENE = 50;

/** Cosine of a question with a picture of it, in the bundled model: 0.25 to 0.35. */
const COSINE_OF_A_MATCH = 0.3;

/** How far two frames of one scene are apart: their cosine is about 1 / (1 + this²). */
const SPREAD_IN_A_SCENE = 0.4;

/** Fills the library; times are as if one frame a second had been read. */
async function fill(page: Page, frames: number, clips: number): Promise<number> {
  const startedMs = performance.now();
  for (let clip = 0; clip < clips; clip += 1) {
    const first = Math.floor((clip * frames) / clips);
    const count = Math.floor(((clip + 1) * frames) / clips) - first;
    await page.evaluate(fillClip, {
      first,
      count,
      questions: QUESTIONS,
      perBatch: FRAMES_PER_BATCH,
      perScene: FRAMES_PER_SCENE,
      match: COSINE_OF_A_MATCH,
      spread: SPREAD_IN_A_SCENE,
    });
    process.stderr.write(`\r${first + count} of ${frames} frames stored`);
  }
  process.stderr.write('\n');
  return (performance.now() - startedMs) / 1000;
}

interface FillRequest {
  first: number;
  count: number;
  questions: string[];
  perBatch: number;
  perScene: number;
  match: number;
  spread: number;
}

/** In the page. */
async function fillClip(asked: FillRequest): Promise<void> {
  const { first, count, questions, perBatch, perScene, match, spread } = asked;
  const random = (seed: number) => {
    let state = seed >>> 0;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    };
  };
  const unit = (vector: Float64Array) => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  const modelVersion = await window.framesift.modelVersion();
  const texts: Float32Array[] = [];
  for (const question of questions) texts.push(await window.framesift.encodeText(question));
  const { id } = await window.framesift.createClip({
    description: `frames from ${first}`,
    durationMs: count * 1000,
    ingestState: 'done',
    modelVersion,
  });
  for (let start = 0; start < count; start += perBatch) {
    const batch = Array.from({ length: Math.min(perBatch, count - start) }, (_, i) => {
      const frameIndex = start + i;
      const scene = Math.floor((first + frameIndex) / perScene);
      const ofScene = random(scene * 7919 + 1);
      const ofFrame = random((first + frameIndex) * 104729 + 3);
      const centre = unit(Float64Array.from({ length: 512 }, () => ofScene()));
      const noise = unit(Float64Array.from({ length: 512 }, () => ofFrame()));
      const text = scene % 10 === 0 ? texts[(scene / 10) % texts.length] : undefined;
      const lean = text ? match / Math.sqrt(1 - match * match) : 0;
      const vector = centre.map((value, at) => value + spread * noise[at]! + lean * (text?.[at] ?? 0));
      return {
        frameIndex,
        timestampMs: frameIndex * 1000,
        width: 640,
        height: 360,
        thumbnail: new Uint8Array(4),
        embedding: Float32Array.from(unit(vector)),
      };
    });
    await window.framesift.storeFrameBatch(id, batch, modelVersion);
  }
}

interface Times extends SearchTimings {
  tookMs: number;
}

async function ask(page: Page, question: string, strategy: string, count = 8): Promise<Answer> {
  return page.evaluate(
    ([text, id, frames]) => window.framesift.ask(null, text, { strategy: id as never, count: frames }),
    [question, strategy, count] as const,
  );
}

/** The same question over the same rows without a cache: all of them through the library's own verb, scored in the page. */
async function askWithoutCache(page: Page, question: string): Promise<number> {
  return page.evaluate(async (text) => {
    const query = await window.framesift.encodeText(text);
    const clips = await window.framesift.listClips();
    const startedMs = performance.now();
    let best = -Infinity;
    for (const { id } of clips) {
      for (const { embedding } of await window.framesift.getFrameEmbeddings(id)) {
        let score = 0;
        for (let index = 0; index < query.length; index += 1) score += query[index]! * embedding[index]!;
        best = Math.max(best, score);
      }
    }
    if (!Number.isFinite(best)) throw new Error('There are no frames.');
    return performance.now() - startedMs;
  }, question);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

const PARTS = ['tookMs', 'embeddingsMs', 'scoresMs', 'selectionMs', 'curvesMs'] as const;

function printRow(name: string, answers: readonly Times[]): void {
  const medians = PARTS.map((part) => median(answers.map((answer) => answer[part])).toFixed(1));
  const slowest = Math.max(...answers.map(({ tookMs }) => tookMs)).toFixed(1);
  console.log(`| ${[name, answers.length, medians[0], slowest, ...medians.slice(1)].join(' | ')} |`);
}

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '100000' },
    clips: { type: 'string', default: '100' },
    strategy: { type: 'string', default: STRATEGIES[0]!.id },
  },
});
const frames = Number(values.frames);
const clips = Number(values.clips);
if (!findStrategy(values.strategy)) throw new Error(`There is no strategy ${values.strategy}.`);

await withServedProfile(async (context, address) => {
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Chromium ${context.browser()?.version() ?? ''}`,
  );
  const page = await context.newPage();
  // tsx names functions by a helper of its own, which a function that runs in the page lacks.
  await page.addInitScript('globalThis.__name = (named) => named');
  await openReady(page, address);
  const seconds = await fill(page, frames, clips);
  console.log(
    `${frames} frames in ${clips} clips, stored in ${seconds.toFixed(0)} s; strategy ${values.strategy}\n`,
  );
  await page.reload();
  await openReady(page, address);

  console.log('| question | times | all, ms | slowest, ms | vectors | scores | selection | curves |');
  console.log('|---|--:|--:|--:|--:|--:|--:|--:|');
  const flatten = ({ tookMs, timings, framesSearched }: Answer): Times => {
    if (framesSearched !== frames) throw new Error(`Only ${framesSearched} frames were searched.`);
    return { tookMs, ...timings };
  };
  printRow('the first of the page', [flatten(await ask(page, firstQuestion!, values.strategy))]);
  const later: Times[] = [];
  for (const question of laterQuestions) later.push(flatten(await ask(page, question, values.strategy)));
  printRow('another, one term', later);
  const again: Times[] = [];
  for (let count = 1; count <= 20; count += 1) {
    again.push(flatten(await ask(page, laterQuestions.at(-1)!, values.strategy, count)));
  }
  printRow('the same, another number of frames', again);
  const joined: Times[] = [];
  for (let n = 0; n < 10; n += 1) {
    const text = `${laterQuestions[n]!} + ${laterQuestions[n + 1]!} - ${laterQuestions[n + 2]!}`;
    joined.push(flatten(await ask(page, text, values.strategy)));
  }
  printRow('another, three terms', joined);
  const uncached = [await askWithoutCache(page, firstQuestion!), await askWithoutCache(page, firstQuestion!)];
  console.log(
    `| one term, without the cache | 2 | ${median(uncached).toFixed(1)} | ${Math.max(...uncached).toFixed(1)} |  |  |  |  |`,
  );
});
