/**
 * `npm run bench:dot`: what it costs to compare 100,000 frames of 512 numbers with one and with several questions, as a
 * Markdown table. The peer is a plain loop with four sums side by side, in the doubles that JavaScript has. Both run
 * once in each round, so that whatever else the machine does meets them alike.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { dotProducts } from '@/lib/shared/dot-products';

const DIMENSION = 512;
const QUERIES = [1, 3, 8];
const WARM_UPS = 2;

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '15' } },
});
const frames = Number(values.frames);
const rounds = Number(values.rounds);

function plainLoop(rows: Float32Array, queries: Float32Array): Float32Array {
  const queryCount = queries.length / DIMENSION;
  const products = new Float32Array((rows.length / DIMENSION) * queryCount);
  for (let row = 0, product = 0; row * DIMENSION < rows.length; row += 1) {
    for (let query = 0; query < queryCount; query += 1, product += 1) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let at = row * DIMENSION;
      let other = query * DIMENSION;
      for (const end = at + DIMENSION; at < end; at += 4, other += 4) {
        s0 += rows[at]! * queries[other]!;
        s1 += rows[at + 1]! * queries[other + 1]!;
        s2 += rows[at + 2]! * queries[other + 2]!;
        s3 += rows[at + 3]! * queries[other + 3]!;
      }
      products[product] = s0 + s1 + (s2 + s3);
    }
  }
  return products;
}

function randomMatrix(rows: number): Float32Array {
  return Float32Array.from({ length: rows * DIMENSION }, () => (Math.random() - 0.5) / 16);
}

function middle(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1]!;
}

const rows = randomMatrix(frames);
console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}; ` +
    `${frames.toLocaleString('en')} frames, ${rounds} rounds after ${WARM_UPS}\n`,
);
console.log('| questions at once | plain loop, ms | dotProducts, ms | ÷ plain loop | furthest apart |');
console.log('| ----------------: | -------------: | --------------: | -----------: | -------------: |');
for (const count of QUERIES) {
  const queries = randomMatrix(count);
  const contestants = [() => plainLoop(rows, queries), () => dotProducts(rows, queries, DIMENSION)] as const;
  const times: number[][] = contestants.map(() => []);
  const products = contestants.map((compute) => compute());
  const apart = products[0]!.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - products[1]![at]!)),
    0,
  );
  for (let round = 0; round < WARM_UPS + rounds; round += 1) {
    contestants.forEach((compute, i) => {
      const startedMs = performance.now();
      compute();
      if (round >= WARM_UPS) times[i]!.push(performance.now() - startedMs);
    });
  }
  const [peer, own] = times.map(middle) as [number, number];
  console.log(
    `| ${count} | ${peer.toFixed(1)} | ${own.toFixed(1)} | ${(own / peer).toFixed(2)} | ${apart.toExponential(1)} |`,
  );
}
