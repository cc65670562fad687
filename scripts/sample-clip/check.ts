/**
 * Asks the bundled model questions about the sample clip, one frame a second as the page does, and prints the best
 * frames with the scenes they lie in: `tsx scripts/sample-clip/check.ts [--drawn] [--model=FOLDER] [question…]`.
 *
 * Ends with 1 when a question of `sample.json` is not answered by its scene: its top three frames must lie there, the
 * third ahead of every frame elsewhere by a margin, and
 * its best frame must count as a match. `--drawn` draws the frames anew instead of decoding
 * the finished file, for use while scenes are being written.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { dotAt } from '@/lib/shared/vectors';
import { CLIP_FILE, CLIP_FOLDER, FRAME_RATE, SHOTS } from './clip';
import { repositoryPath, withPage } from './host/browser';
import { getFrame, shotAt } from './host/drawn-frames';
import { Embedder } from './host/embed';
import { type SampleClip } from './page/main';
import { ABSENT, OTHER_WORDINGS, type Question, QUESTIONS } from './questions';

/** Only inside the functions that are handed to the page. */
declare const sampleClip: SampleClip;

const SHOWN = 8;
const TOP = 3;
/** Compressing a frame again moves its score by up to about so much. */
const MARGIN = 0.03;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    drawn: { type: 'boolean', default: false },
    model: { type: 'string', default: repositoryPath(`public/models/${BUNDLED_MODEL_ID}`) },
  },
});

interface Moment {
  readonly second: number;
  readonly sceneId: string;
  readonly vector: Float32Array;
}

async function readPixels(seconds: readonly number[]): Promise<Uint8Array[]> {
  const encoded = await withPage(async (page) => {
    if (values.drawn) {
      const frames: string[] = [];
      for (const second of seconds) {
        const png = await getFrame(page, Math.round(second * FRAME_RATE));
        frames.push(
          await page.evaluate((picture) => sampleClip.decodePicture(picture), png.toString('base64')),
        );
      }
      return frames;
    }
    const file = await readFile(repositoryPath(`${CLIP_FOLDER}/${CLIP_FILE}`), 'base64');
    return page.evaluate(([clip, times]) => sampleClip.decode(clip, times), [file, seconds] as const);
  });
  return encoded.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
}

interface Ranked {
  readonly second: number;
  readonly sceneId: string;
  readonly score: number;
  readonly vector: Float32Array;
}

function rank(question: Float32Array, moments: readonly Moment[]): Ranked[] {
  return moments
    .map(({ second, sceneId, vector }) => ({ second, sceneId, score: dotAt(vector, 0, question), vector }))
    .sort((a, b) => b.score - a.score);
}

function listBest(ranked: readonly Ranked[]): string {
  const best = ranked.slice(0, SHOWN);
  return best.map(({ second, sceneId, score }) => `${second}s ${sceneId} ${score.toFixed(3)}`).join(', ');
}

function describeBest(question: Float32Array, [best]: readonly Ranked[]): string {
  if (!best) return 'nothing';
  const { likelihood, strength } = embedder.rate(best.vector, question);
  return `${strength} ${Math.round(likelihood * 100)} %`;
}

/** Prints how the frames answer a question, and says whether its scene leads and counts as a match. */
async function report({ text, sceneId }: Question): Promise<boolean> {
  const question = await embedder.embedQuestion(text);
  const ranked = rank(question, moments);
  const right = ranked.filter((moment) => moment.sceneId === sceneId);
  const wrong = ranked.find((moment) => moment.sceneId !== sceneId);
  const lead = (right[TOP - 1]?.score ?? -1) - (wrong?.score ?? 1);
  const rating = describeBest(question, ranked);
  const passes = lead >= MARGIN && !rating.startsWith('weak');
  console.log(
    `${passes ? 'ok' : 'BAD'} “${text}” → ${sceneId}, ${rating}, lead ${lead.toFixed(3)}: ${listBest(ranked)}; ` +
      `best elsewhere ${wrong?.sceneId ?? 'none'} ${wrong?.score.toFixed(3) ?? ''}`,
  );
  return passes;
}

const lastFrame = SHOTS.at(-1)?.endFrame ?? 0;
// Half-way through each second, so that none lies on a cut.
const seconds = Array.from({ length: Math.floor(lastFrame / FRAME_RATE) }, (_, second) => second + 0.5);
const frames = await readPixels(seconds);
const embedder = await Embedder.open(values.model);
console.log(`model ${embedder.modelRevision}, ${frames.length} frames${values.drawn ? ' (drawn)' : ''}`);
const moments: Moment[] = [];
for (const [index, pixels] of frames.entries()) {
  const second = seconds[index]!;
  moments.push({
    second,
    sceneId: shotAt(Math.round(second * FRAME_RATE)).scene.id,
    vector: await embedder.embedFrame(pixels),
  });
}

let failed = 0;
for (const question of QUESTIONS) if (!(await report(question))) failed += 1;
for (const text of positionals) {
  const question = await embedder.embedQuestion(text);
  const ranked = rank(question, moments);
  console.log(`“${text}”, ${describeBest(question, ranked)}: ${listBest(ranked)}`);
}
if (positionals.length === 0) {
  console.log('\nOther ways of asking:');
  for (const question of OTHER_WORDINGS) await report(question);
  console.log('\nNot in the clip:');
  for (const text of ABSENT) {
    const question = await embedder.embedQuestion(text);
    const ranked = rank(question, moments);
    console.log(`“${text}”, ${describeBest(question, ranked)}: ${listBest(ranked.slice(0, 3))}`);
  }
}
await embedder.close();
console.log(
  failed === 0 ? '\nAll questions of sample.json are answered.' : `\n${failed} questions are not answered.`,
);
process.exitCode = failed === 0 ? 0 : 1;
