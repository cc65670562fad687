/**
 * `npm run bench:select`: what each strategy costs on 100,000 frames of 512 numbers, as a Markdown table. Every
 * strategy runs once in each round, so that whatever else the machine does meets them all alike. The peer of the
 * ratios is what a selection costs at least when it is done plainly: sort all rows by score, take the first N.
 * Ends with 1 when a strategy never kept the limit, however quiet the machine was.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { SelectionInput } from '@/lib/select/selection';
import { STRATEGIES } from '@/lib/select/strategies';
import { normaliseRows } from '@/lib/shared/vectors';

const DIMENSION = 512;
/** Of the issue: a page that redraws within it feels immediate. */
const LIMIT_MS = 50;
const COUNTS = [4, 16, 64];
const WARM_UPS = 3;

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '15' } },
});
const frames = Number(values.frames);
const rounds = Number(values.rounds);

/** Numbers 0…1, the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A collection of shots of 5 to 60 frames; the frames of a shot have a cosine of about 0.9, those of others 0.3. */
function makeInput(kind: 'some shots match' | 'every shot matches alike'): SelectionInput {
  const random = randomNumbers(1);
  const embeddings = new Float32Array(frames * DIMENSION);
  const scores = new Float32Array(frames);
  const common = Float32Array.from({ length: DIMENSION }, () => random() - 0.5);
  let shot = new Float32Array(DIMENSION);
  let left = 0;
  let match = 0;
  for (let row = 0; row < frames; row += 1) {
    if (left === 0) {
      left = 5 + Math.floor(55 * random());
      shot = Float32Array.from(common, (value) => 0.7 * value + random() - 0.5);
      match = kind === 'some shots match' && random() < 0.02 ? 0.42 : 0.2;
    }
    left -= 1;
    for (let index = 0; index < DIMENSION; index += 1) {
      embeddings[row * DIMENSION + index] = shot[index]! + 0.4 * (random() - 0.5);
    }
    scores[row] = match + 0.06 * (random() + random() - 1);
  }
  normaliseRows(embeddings, DIMENSION);
  return {
    embeddings,
    dimension: DIMENSION,
    scores,
    timesMs: Float64Array.from({ length: frames }, (_, row) => row * 1000),
    // The bundled model's calibration, near enough.
    likelihoods: scores.map((score) => 1 / (1 + Math.exp(5.9 - 15.2 * score))),
    levels: { unlikely: 0.02, possible: 0.25, strong: 0.67 },
  };
}

function sortedTopK({ scores }: SelectionInput, count: number): number[] {
  return Array.from(scores, (_, row) => row)
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count);
}

const contestants: { name: string; select: (input: SelectionInput, count: number) => unknown }[] = [
  { name: 'plain sort (peer)', select: sortedTopK },
  ...STRATEGIES.map((strategy) => ({
    name: strategy.id,
    select: (input: SelectionInput, count: number) => strategy.select(input, count),
  })),
];

function middle(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1]!;
}

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}; ` +
    `${frames.toLocaleString('en')} frames, ${rounds} rounds after ${WARM_UPS}`,
);
const overLimit: string[] = [];
for (const kind of ['some shots match', 'every shot matches alike'] as const) {
  const input = makeInput(kind);
  const times = new Map<string, number[]>();
  for (let round = -WARM_UPS; round < rounds; round += 1) {
    for (const count of COUNTS) {
      for (const { name, select } of contestants) {
        const startedMs = performance.now();
        select(input, count);
        const tookMs = performance.now() - startedMs;
        const key = `${name} ${count}`;
        if (round >= 0) times.set(key, [...(times.get(key) ?? []), tookMs]);
      }
    }
  }
  console.log(`\n${kind[0]!.toUpperCase()}${kind.slice(1)}:\n`);
  const columns = COUNTS.flatMap((count) => [`N = ${count}: ms, median`, 'least', '÷ peer']);
  console.log(`| strategy | ${columns.join(' | ')} |`);
  console.log(`|---${'|--:'.repeat(columns.length)}|`);
  for (const { name } of contestants) {
    const cells = COUNTS.flatMap((count) => {
      const own = times.get(`${name} ${count}`)!;
      const peer = times.get(`${contestants[0]!.name} ${count}`)!;
      const leastMs = Math.min(...own);
      if (name !== contestants[0]!.name && leastMs > LIMIT_MS) overLimit.push(`${name}, N = ${count}`);
      return [middle(own).toFixed(1), leastMs.toFixed(1), (middle(own) / middle(peer)).toFixed(2)];
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}
console.log(
  `\nLimit: least ≤ ${LIMIT_MS} ms: ${overLimit.length === 0 ? 'kept' : `BROKEN by ${overLimit.join('; ')}`}`,
);
if (overLimit.length > 0) process.exitCode = 1;
