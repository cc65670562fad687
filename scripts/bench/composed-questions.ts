/**
 * How well ways of joining the terms of a question find what is asked for, with the bundled model:
 * `npm run bench:questions [-- clip…]`. Needs FFmpeg. Frames come from the sample clip, two a second, and
 * from each clip that is named, one a second; each scene of the sample clip and each other clip is a scene.
 *
 * Which scene shows what is taken from the model itself: joining terms is measured, not the model. Questions
 * are all pairs of texts below that fit a row of the table.
 */
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { resizeFrame } from '@/lib/pixels/resize';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { combineScores, type TermScores } from '@/lib/query/combine';
import { packedRows } from '@/lib/pixels/pixel-rows';
import { dotAt } from '@/lib/shared/vectors';
import { CLIP_FILE, CLIP_FOLDER, FRAME_RATE } from '../sample-clip/clip';
import { repositoryPath } from '../sample-clip/host/browser';
import { shotAt } from '../sample-clip/host/drawn-frames';
import { Embedder } from '../sample-clip/host/embed';
import { ABSENT, OTHER_WORDINGS, QUESTIONS } from '../sample-clip/questions';

const WIDTH = 320;
const HEIGHT = 180;
const MAX_OUTPUT_BYTES = 1024 * 1024 * 1024;
const SHOWN = 8;

/** Mean likelihoods of a scene from which it shows a text surely or perhaps, and below which it does not. */
const SURE = 0.35;
const PERHAPS = 0.2;
const NOT = 0.08;
/** A text whose best frame is below this is nowhere in the clips. */
const NOWHERE = 0.3;

const TEXTS = [
  ...QUESTIONS.map(({ text }) => text),
  ...OTHER_WORDINGS.map(({ text }) => text),
  ...ABSENT,
  ...[
    'trees',
    'grass',
    'snow',
    'the sky',
    'blue sky',
    'water',
    'sand',
    'waves',
    'a garden',
    'plants',
    'clouds',
  ],
  ...['a road', 'a street', 'a city', 'night', 'lights', 'buildings', 'a car', 'a white car', 'traffic'],
  ...['a person', 'a man', 'a man in a suit', 'a child', 'a face', 'a hand', 'food', 'a table', 'a pan'],
  ...['an insect', 'a bird', 'a parrot', 'fish', 'a boat', 'a red flower', 'green', 'blue', 'red', 'windows'],
];

interface Frame {
  scene: string;
  vector: Float32Array;
}

async function readFrames(
  embedder: Embedder,
  file: string,
  rate: number,
  sceneAt: (second: number) => string,
) {
  const size = [
    '-vf',
    `fps=${rate},scale=${WIDTH}:${HEIGHT}:flags=bicubic`,
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgba',
  ];
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', file, ...size, '-'], {
    encoding: 'buffer',
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const bytes = WIDTH * HEIGHT * 4;
  const frames: Frame[] = [];
  for (let index = 0; (index + 1) * bytes <= stdout.length; index += 1) {
    const rgba = new Uint8Array(stdout.subarray(index * bytes, (index + 1) * bytes));
    const picture = resizeFrame(packedRows(rgba, WIDTH, HEIGHT), embedder.resize);
    frames.push({ scene: sceneAt(index / rate), vector: await embedder.embedPicture(picture) });
  }
  return frames;
}

/** Mean precision at the frames that are wanted, ranked by score among those that are wanted or not. */
function averagePrecision(scores: Float32Array, isWanted: (row: number) => boolean | undefined): number {
  const ranked = Array.from(scores.keys())
    .filter((row) => isWanted(row) !== undefined)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
  const precisions: number[] = [];
  ranked.forEach((row, rank) => {
    if (isWanted(row)) precisions.push((precisions.length + 1) / (rank + 1));
  });
  return mean(precisions);
}

function best(scores: Float32Array): number[] {
  return Array.from(scores.keys())
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, SHOWN);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A way to join terms; `combineScores`, or one to compare it with. */
type Join = (alternatives: TermScores[][]) => Float32Array;

const withoutLikelihoods = (alternatives: TermScores[][]) =>
  alternatives.map((terms) => terms.map((term) => ({ ...term, likelihoods: null })));

const JOINS: Readonly<Record<string, Join>> = {
  'likelihoods (this project)': (alternatives) => combineScores(alternatives).scores,
  'the same, model not calibrated': (alternatives) => combineScores(withoutLikelihoods(alternatives)).scores,
  'sum of cosines': (alternatives) =>
    Float32Array.from(alternatives[0]![0]!.cosines, (_, row) =>
      Math.max(
        ...alternatives.map((terms) =>
          terms.reduce((sum, { weight, cosines }) => sum + weight * cosines[row]!, 0),
        ),
      ),
    ),
};

const { positionals: clips } = parseArgs({ allowPositionals: true });
const embedder = await Embedder.open(repositoryPath(`public/models/${BUNDLED_MODEL_ID}`));
const frames = await readFrames(
  embedder,
  repositoryPath(`${CLIP_FOLDER}/${CLIP_FILE}`),
  2,
  (second) => shotAt(Math.round(second * FRAME_RATE)).scene.id,
);
for (const clip of clips) frames.push(...(await readFrames(embedder, clip, 1, () => basename(clip))));

const scenes = [...new Set(frames.map(({ scene }) => scene))];
const isIn = (scene: string) => (row: number) => frames[row]!.scene === scene;

/** A text or a picture with what each scene shows of it, 0…1. */
interface Thing {
  term: TermScores;
  shows: ReadonlyMap<string, number>;
  highest: number;
}

const texts: Thing[] = [];
for (const text of new Set(TEXTS)) {
  const question = await embedder.embedQuestion(text);
  const likelihoods = Float32Array.from(frames, ({ vector }) => embedder.rate(vector, question).likelihood);
  const cosines = Float32Array.from(frames, ({ vector }) => dotAt(vector, 0, question));
  texts.push({
    term: { weight: 1, cosines, likelihoods, isPicture: false },
    shows: new Map(
      scenes.map((scene) => [scene, mean(Array.from(likelihoods).filter((_, row) => isIn(scene)(row)))]),
    ),
    highest: Math.max(...likelihoods),
  });
}
await embedder.close();

/** A frame from the middle of each scene. */
const pictures = scenes.map((own): Thing => {
  const rows = Array.from(frames.keys()).filter(isIn(own));
  const { vector } = frames[rows[rows.length >> 1]!]!;
  const cosines = Float32Array.from(frames, (frame) => dotAt(frame.vector, 0, vector));
  return {
    term: { weight: 1, cosines, likelihoods: null, isPicture: true },
    shows: new Map(scenes.map((scene) => [scene, scene === own ? 1 : 0])),
    highest: 1,
  };
});

const negative = (term: TermScores): TermScores => ({ ...term, weight: -1 });

/** Whether a scene is wanted, from what it shows of two things; undefined where that is open. */
type Truth = (one: number, other: number) => boolean | undefined;

const WITHOUT: Truth = (one, other) => {
  if (one > PERHAPS && other < NOT) return true;
  return one < NOT || (one > PERHAPS && other > SURE) ? false : undefined;
};
const BOTH: Truth = (one, other) => {
  if (one > PERHAPS && other > PERHAPS) return true;
  return one < NOT || other < NOT ? false : undefined;
};
const EITHER: Truth = (one, other) => {
  if (one > SURE || other > SURE) return true;
  return one < NOT && other < NOT ? false : undefined;
};

/** Average precision over all pairs that a question can be made of. */
function precision(
  others: readonly Thing[],
  truth: Truth,
  scoresOf: (one: TermScores, other: TermScores) => Float32Array,
) {
  const precisions: number[] = [];
  for (const one of texts) {
    for (const other of others) {
      if (one === other) continue;
      const truths = new Map(
        scenes.map((scene) => [scene, truth(one.shows.get(scene)!, other.shows.get(scene)!)]),
      );
      const values = [...truths.values()];
      // Something to find that both have to do with: without it nothing is joined.
      const isApart = scenes.some(
        (scene) => one.shows.get(scene)! > PERHAPS && other.shows.get(scene)! > SURE,
      );
      const isQuestion = truth === EITHER ? one.highest > 0.5 && other.highest > 0.5 && !isApart : isApart;
      if (!isQuestion || !values.includes(true) || !values.includes(false)) continue;
      precisions.push(
        averagePrecision(scoresOf(one.term, other.term), (row) => truths.get(frames[row]!.scene)),
      );
    }
  }
  return precisions;
}

/** How many of a question's best frames stay when something that is nowhere is taken away. */
function keptWithoutNothing(join: Join): number[] {
  return texts
    .filter(({ highest }) => highest > 0.5)
    .flatMap(({ term }) => {
      const alone = best(term.cosines);
      return texts
        .filter(({ highest }) => highest < NOWHERE)
        .map((other) => {
          const kept = best(join([[term, negative(other.term)]]));
          return kept.filter((row) => alone.includes(row)).length / SHOWN;
        });
    });
}

const rows = Object.entries(JOINS).map(([name, join]) => ({
  name,
  figures: [
    precision(texts, WITHOUT, (one, other) => join([[one, negative(other)]])),
    keptWithoutNothing(join),
    precision(texts, BOTH, (one, other) => join([[one, other]])),
    precision(texts, EITHER, (one, other) => join([[one], [other]])),
    precision(pictures, WITHOUT, (one, other) => join([[one, negative(other)]])),
    precision(pictures, EITHER, (one, other) => join([[one], [other]])),
  ],
}));
const columns = [
  'A without B',
  'A without what is nowhere',
  'A and B',
  'A or B',
  'A without a picture',
  'A or a picture',
];
const table = [
  ['terms joined by', ...columns],
  ['---', ...columns.map(() => '---:')],
  ...rows.map(({ name, figures }) => [name, ...figures.map((values) => mean(values).toFixed(3))]),
  ['questions', ...rows[0]!.figures.map(({ length }) => String(length))],
];
console.log(`${frames.length} frames, ${scenes.length} scenes, ${texts.length} texts\n`);
console.log(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
