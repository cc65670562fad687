/**
 * `npm run torture:resume [-- --kind KIND --first N --last N]`: reads one clip again and again, each time with another single
 * fault, opens the page anew, goes on, and compares rows, files and thumbnails with those of a reading that nothing disturbed.
 * For every n that a reading has of each kind. In Node: PGlite in memory, a fake of the browser's private files, the page's own
 * services and jobs. Without options it writes its section of docs/reliability.md.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTimeout } from '@/lib/shared/async';
import { installRpc } from '@/lib/rpc/remote';
import { FAULT_KINDS, RESUME_FRAMES, ResumeBench, type FaultKind } from '@/test/support/resume-run';
import { replaceBetweenMarkers } from '../host/markers';
import { root } from '../host/served-page';

const { values } = parseArgs({
  options: {
    kind: { type: 'string' },
    first: { type: 'string', default: '1' },
    last: { type: 'string', default: 'Infinity' },
  },
});

const SECTION = 'torture:resume';

const LABELS: Record<FaultKind, string> = {
  write: 'write of a file fails',
  statement: 'statement fails',
  commit: 'transaction fails before it is committed',
  answer: 'answer is lost after its transaction was committed',
  message: 'message between contexts cannot be posted',
  decode: 'frame cannot be decoded',
  run: 'run of the model loses the device',
  end: 'transaction is committed as the page ends',
};

/** A run with a message that was never posted may wait for a time limit, and not for ever. */
const RUN_TIMEOUT_MS = 120_000;

/** Kinds that are tried at once, each in a process of its own: PGlite and what a torn connection leaves fill one in time. */
const PROCESSES = 2;

/** What came of one kind: its row of the table, and the runs that ended otherwise. */
interface Outcome {
  row: string;
  faults: string[];
}

async function tryEvery(kind: FaultKind): Promise<Outcome> {
  // A message that lets go of an endpoint has nobody who waits for it.
  process.on('unhandledRejection', () => undefined);
  installRpc();
  let bench = await ResumeBench.open();
  const whole = JSON.stringify(await bench.undisturbed());
  const faults: string[] = [];
  let coped = 0;
  let same = 0;
  let runs = 0;
  let slowestMs = 0;
  for (let n = Number(values.first); n <= Number(values.last); n += 1) {
    const startedAt = performance.now();
    const run = withTimeout(bench.disturbed(kind, n), RUN_TIMEOUT_MS, 'The reading');
    const { wasHit, sentence, contents } = await run.catch((error: unknown) => ({
      wasHit: true,
      sentence: '',
      contents: { error: String(error) },
    }));
    // What hangs keeps the library that it was reading into.
    if ('error' in contents) bench = await ResumeBench.open();
    if (!wasHit) break;
    runs += 1;
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    if (sentence === null) coped += 1;
    if (JSON.stringify(contents) === whole) same += 1;
    else faults.push(`${kind} ${n}: ${'error' in contents ? String(contents.error) : 'another library'}`);
    process.stderr.write(`${kind} ${n}: ${same} of ${runs} the same\n`);
  }
  await bench.close();
  const row = `| ${LABELS[kind]} | ${runs} | ${coped} | ${same} | ${(slowestMs / 1000).toFixed(1)} s |`;
  return { row, faults };
}

/** The same in another process. */
async function tryElsewhere(kind: FaultKind): Promise<Outcome> {
  const child = spawn('npx', ['tsx', import.meta.filename, '--kind', kind], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = (await child.stdout.toArray()) as Buffer[];
  return JSON.parse(Buffer.concat(output).toString()) as Outcome;
}

const only = FAULT_KINDS.find((kind) => kind === values.kind);
if (only) {
  console.log(JSON.stringify(await tryEvery(only)));
  process.exit(0);
}
const outcomes = new Map<FaultKind, Outcome>();
const waiting = [...FAULT_KINDS].sort((a, b) => Number(b === 'message') - Number(a === 'message')).values();
await Promise.all(
  Array.from({ length: PROCESSES }, async () => {
    for (const kind of waiting) outcomes.set(kind, await tryElsewhere(kind));
  }),
);
const faults = [...outcomes.values()].flatMap((outcome) => outcome.faults);
const section = [
  `One clip of ${RESUME_FRAMES} frames, every n of each kind, ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| the n-th | runs | gone on with at once | the same library after going on | slowest |',
  '| --- | ---: | ---: | ---: | ---: |',
  ...FAULT_KINDS.map((kind) => outcomes.get(kind)!.row),
  ...(faults.length > 0 ? ['', ...faults.map((fault) => `- ${fault}`)] : []),
].join('\n');
console.log(section);
const path = join(root, 'docs/reliability.md');
writeFileSync(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), SECTION, section));
process.exit(faults.length > 0 ? 1 : 0);
